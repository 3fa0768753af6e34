"""Notes, the trash, filters and the columns of the table."""

import pytest

from mnist_lab.comparing.filters import Filter
from mnist_lab.comparing.listing import COLUMNS, Sources, rows, setting_columns, usual
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.scoring import answer_own, pen_accuracy, prediction_seconds
from mnist_lab.errors import ConfigError, StoreError, UnknownRun
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.annotations import Annotations, tags_in
from mnist_lab.store.own_drawings import OwnSet
from mnist_lab.store.own_scores import OwnScores
from mnist_lab.store.run import RunState, Summary
from mnist_lab.store.runs import BUNDLED, RunStore
from mnist_lab.store.trash import Trash
from mnist_lab.store.validation import validations
from tests.store.test_own_drawings import ONE, SEVEN, png

SUMMARY = Summary(
    test_accuracy=0.97, train_accuracy=0.98, seconds=10.0, parameters=101_770, epochs=3, model_bytes=400_000
)


def finished(store, name="a", **settings):
    run = store.create(TrainConfig(**settings), name, recipe="dense-128-dropout")
    store.update(run.id, state=RunState.FINISHED, summary=SUMMARY)
    return store.get(run.id)


def test_what_is_noted_is_seen_by_all_and_changes_no_file_of_the_run(tmp_path):
    store, other = RunStore(tmp_path), RunStore(tmp_path)
    run = finished(store)
    before = {path: path.read_bytes() for path in (tmp_path / run.id).iterdir()}
    store.annotate(run.id, name="  my   best ", tags=("b", "a", "b"), starred=True)
    assert {path: path.read_bytes() for path in (tmp_path / run.id).iterdir()} == before
    for seen in (other.get(run.id), other.listing().runs[0], other.find("my best")):
        assert (seen.name, seen.annotation.tags, seen.annotation.starred) == ("my best", ("a", "b"), True)
    other.annotate(run.id, note="why")
    assert store.listing().runs[0].annotation.note == "why"
    assert store.annotate(run.id, name="", tags=(), starred=False, note="") == Annotations(store.folder).get(run.id)
    assert store.listing().runs[0].name == "a"
    assert not list((tmp_path / ".annotations").iterdir())


def test_the_labs_own_runs_take_notes_too(tmp_path):
    store = RunStore(tmp_path)
    store.annotate("small-cnn", starred=True)
    (run,) = [run for run in store.listing().runs if run.annotation.starred]
    assert run.id == "small-cnn"


@pytest.mark.parametrize(
    ("changes", "words"),
    [({"name": "n" * 81}, "80 letters"), ({"note": "n" * 2001}, "2,000 letters"), ({"tags": ["t" * 31]}, "20 tags")],
)
def test_what_is_too_long_is_refused_with_what_will_do(store, changes, words):
    with pytest.raises(ConfigError, match=words):
        store.annotate(finished(store).id, **changes)


def test_nothing_is_noted_about_a_run_that_is_not_there(store):
    with pytest.raises(UnknownRun):
        store.annotate("../elsewhere", note="no")


def test_a_damaged_note_hides_no_run(store):
    run = finished(store)
    store.folder.write(f".annotations/{run.id}.json", b"{")
    assert store.listing().runs[0].name == "a"


def test_tags_are_separated_by_commas():
    assert tags_in(" lesson  3, best ,, ") == ("lesson 3", "best")


def test_a_deleted_run_is_gone_and_comes_back_with_all_it_had(store):
    run, trash = finished(store), Trash(store)
    store.write(run.id, "model.tflite", b"model")
    store.annotate(run.id, tags=("best",))
    trash.put(run)
    assert (store.listing().runs, [one.id for one in trash.runs()]) == ([], [run.id])
    assert trash.runs()[0].annotation.tags == ("best",)
    with pytest.raises(UnknownRun):
        store.get(run.id)
    trash.bring_back(run.id)
    assert (store.get(run.id).annotation.tags, store.read(run.id, "model.tflite")) == (("best",), b"model")
    assert trash.runs() == []


def test_notes_and_the_trash_work_on_an_object_store():
    store = RunStore("memory://trash", bundled=None)
    run, trash = finished(store), Trash(store)
    store.annotate(run.id, starred=True)
    assert store.listing().runs[0].annotation.starred
    store.annotate(run.id, note="why")
    assert store.listing().runs[0].annotation.note == "why"
    trash.put(run)
    assert (store.listing().runs, [one.name for one in trash.runs()]) == ([], ["a"])
    trash.bring_back(run.id)
    assert [one.id for one in store.listing().runs] == [run.id]


def test_what_is_deleted_for_good_does_not_come_back(store):
    run, trash = finished(store), Trash(store)
    trash.put(run)
    trash.delete(run.id)
    with pytest.raises(UnknownRun):
        trash.bring_back(run.id)


def test_some_runs_cannot_be_deleted_and_it_says_why(tmp_path):
    store = RunStore(tmp_path)
    trash, parent = Trash(store), finished(store, "parent")
    child = store.create(TrainConfig(), "child", engine="e", parent=parent.id)
    for run, words in (
        (store.get("small-cnn"), "comes with the lab"),
        (child, "not over yet"),
        (parent, "child still needs parent"),
    ):
        with pytest.raises(StoreError, match=words):
            trash.put(run)
    store.update(child.id, state=RunState.FAILED)
    trash.put(parent)
    assert [run.name for run in store.listing().runs if not run.bundled] == ["child"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Filter(), ["wide", "narrow"]),
        (Filter(text="NARROW"), ["narrow"]),
        (Filter(text="units 512"), ["wide"]),
        (Filter(text="dense lesson"), ["wide"]),
        (Filter(tags=["lesson 3"], starred=True), ["wide"]),
        (Filter(tags=["lesson 3", "other"]), []),
        (Filter(networks=["cnn"], states=["finished"]), ["narrow"]),
        (Filter(recipes=["none such"]), []),
    ],
)
def test_filters(store, wanted, found):
    finished(store, "narrow", network="cnn")
    store.annotate(finished(store, "wide", units=(512,)).id, tags=("lesson 3",), starred=True)
    runs = store.listing().runs
    assert sorted(run.name for run in runs if wanted.lets_through(run)) == sorted(found)


def test_settings_that_are_equal_everywhere_fold_away(store):
    alike = [finished(store), finished(store)]
    differ = [*alike, finished(store, units=(64,), seed=3)]
    assert (setting_columns(alike), setting_columns(differ)) == ([], ["units", "seed"])
    cells = rows(differ, setting_columns(differ), Sources(lambda run: [], {}))
    assert cells[-1] == {"units": "64", "seed": "3"}
    many = [*differ, finished(store, dropout=0.0, epochs=9, batch_size=64)]
    assert setting_columns(many) == ["settings"]
    assert rows(many, ["settings"], Sources(lambda run: [], {}))[-1]["settings"] == "dropout 0, batch size 64, epochs 9"


def test_every_column_has_something_to_say_of_every_run(tmp_path):
    store = RunStore(tmp_path)
    failed = store.create(TrainConfig(), "failed")
    runs = store.listing().runs
    sources = Sources(lambda run: validations(store.epochs(run.id)), {})
    cells = {run.id: row for run, row in zip(runs, rows(runs, COLUMNS, sources), strict=True)}
    assert cells[failed.id]["test accuracy"] is None
    assert cells["house-cnn"]["test accuracy"] == pytest.approx(99.53)
    assert cells["house-cnn"]["best epoch"] <= cells["house-cnn"]["epochs"]
    assert set(usual(runs, {}, {})) <= {*COLUMNS, "settings"}


def test_a_summary_of_an_earlier_lab_can_be_read(store):
    run = finished(store)
    old = SUMMARY.model_dump(exclude={"pen_accuracy", "prediction_seconds"})
    assert Summary.model_validate(old) == run.summary
    assert run.summary.pen_accuracy is None


def test_a_model_that_has_learnt_from_the_writers_gets_no_score_for_reading_them():
    model = (BUNDLED / "small-cnn" / "model.tflite").read_bytes()
    predictor, mnist_only = Predictor(model), TrainConfig()
    assert prediction_seconds(model) > 0
    assert 0.9 < pen_accuracy(predictor, [mnist_only]) < 1.0
    house = RunStore(BUNDLED, bundled=None).get("house-cnn").config
    assert pen_accuracy(predictor, [house]) is not None
    assert pen_accuracy(predictor, [mnist_only, house.model_copy(update={"held_out_writers": 2})]) is None


def test_own_drawings_are_scored_once_and_only_whole_scores_count(tmp_path):
    own = OwnSet(tmp_path, "ann")
    scores, predictor = OwnScores(own), Predictor((BUNDLED / "house-cnn" / "model.tflite").read_bytes())
    one = own.add(1, png(ONE))
    assert scores.answer("house-cnn", predictor, own.listing().drawings) == {one.id: True}
    assert scores.all() == {"house-cnn": 1.0}
    seven = own.add(4, png(SEVEN))
    assert scores.all() == {}
    scores.answer("house-cnn", predictor, own.listing().drawings)
    assert scores.all() == {"house-cnn": 0.5}
    own.delete(seven.id)
    assert scores.all() == {"house-cnn": 1.0}
    assert len(own.listing().drawings) == 1


def test_a_worker_reads_the_drawings_of_whoever_asked_for_the_run(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_LAB_MINE", str(tmp_path))
    own, predictor = OwnSet.default("ann"), Predictor((BUNDLED / "house-cnn" / "model.tflite").read_bytes())
    own.add(1, png(ONE))
    answer_own("run-1", predictor, "ann")
    answer_own("run-2", predictor, None)
    answer_own("run-3", predictor, "no such/owner")
    assert OwnScores(own).all() == {"run-1": 1.0}
    assert OwnScores(OwnSet.default("bob")).all() == {}
