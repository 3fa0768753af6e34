import json
from pathlib import Path

import numpy as np
import pytest

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import RunError, StoreError, UnknownRun
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.store import claims
from mnist_lab.store.run import RunState, Summary
from mnist_lab.store.runs import BUNDLED, RUN_ID, RunStore
from mnist_lab.store.ticks import Tick

CONFIG = TrainConfig(units=(8,), epochs=3)
SUMMARY = Summary(test_accuracy=0.9, train_accuracy=0.95, seconds=1.5, parameters=6370, epochs=3, model_bytes=99)


@pytest.fixture(params=["local", "memory"])
def store(request, tmp_path):
    store = RunStore(tmp_path / "runs" if request.param == "local" else f"memory://{tmp_path.name}", bundled=None)
    yield store
    store.folder.delete("")


def tick(epoch, step, steps=4, **more):
    return Tick(epoch, step, steps, loss=0.5, accuracy=0.8, learning_rate=0.001, seconds=0.1, **more)


def another(store):
    """A second process's view of the same store."""
    return RunStore(store.folder.url, bundled=None)


def test_a_run_is_queued_and_read_back_as_it_was_asked(store):
    run = store.create(CONFIG, "My wide network!", recipe="dense", engine="e1")
    assert another(store).get(run.id) == run
    assert (run.state, run.name, run.config, run.asked.recipe) == (RunState.QUEUED, "My wide network!", CONFIG, "dense")
    assert not run.bundled


@pytest.mark.parametrize("name", ["../../etc", "Ünïcödé 数字", "", "." * 300])
def test_any_name_makes_a_run_that_can_be_read(store, name):
    assert store.get(store.create(CONFIG, name).id).name == name


def test_an_update_changes_only_what_it_names(store):
    run = store.create(CONFIG, "a", engine="e1")
    store.update(run.id, state=RunState.FINISHED, summary=SUMMARY)
    changed = another(store).get(run.id)
    assert (changed.state, changed.summary, changed.status.engine) == (RunState.FINISHED, SUMMARY, "e1")
    assert changed.asked == run.asked


def test_the_change_of_another_process_is_seen(store):
    run = store.create(CONFIG, "a")
    another(store).update(run.id, state=RunState.RUNNING)
    assert store.get(run.id).state is RunState.RUNNING
    another(store).update(run.id, state=RunState.FAILED, reason="because")
    assert store.get(run.id).status.reason == "because"


def test_of_several_claims_one_wins_and_an_abandoned_one_is_passed_over(store, monkeypatch):
    run = store.create(CONFIG, "a", engine="e1")
    assert [store.claim(run, sent=5.0), another(store).claim(run, sent=6.0)] == [True, False]
    assert (store.get(run.id).status.claims, store.get(run.id).status.sent) == (1, 5.0)
    store.folder.create(f"{run.id}/claim-2")  # whoever made it died before it wrote the status
    claimed = store.get(run.id)
    assert not store.claim(claimed, sent=7.0)
    monkeypatch.setattr(claims, "CLAIM_SECONDS", 0.0)
    assert store.claim(claimed, sent=8.0)
    assert store.get(run.id).status.claims == 3


def test_a_waiting_run_is_moved_to_the_front_and_a_deleted_one_is_not(store):
    run = store.create(CONFIG, "a", engine="e1")
    store.move_to_front(run.id)
    assert another(store).get(run.id).moved > run.asked.created
    store.delete(run.id)
    for ask in (store.move_to_front, store.request_stop):
        with pytest.raises(UnknownRun):
            ask(run.id)
    assert store.listing() == ([], {})


def test_a_thousand_runs_of_one_second_have_ids_of_their_own(tmp_path):
    store = RunStore(tmp_path, bundled=None)
    ids = [store.create(CONFIG, "a").id for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert all(RUN_ID.fullmatch(run_id) for run_id in ids)


@pytest.mark.parametrize("run_id", ["", ".", "..", ".annotations", "../up", "a/b", "a b", "-rf", "x" * 101])
def test_nothing_is_written_or_read_that_has_no_id_of_a_run(store, run_id):
    doors = (store.get, store.request_stop, store.delete, lambda one: store.write(one, "config.json", b"{}"))
    for door in (*doors, lambda one: store.read(one, "config.json"), lambda one: store.put_away(one, ".trash")):
        with pytest.raises(UnknownRun):
            door(run_id)


def test_the_newest_run_is_listed_first_also_among_those_of_one_second(store):
    ids = [store.create(CONFIG, "a").id for _ in range(8)]
    assert [run.id for run in store.listing().runs] == ids[::-1]


def test_ticks_come_back_in_order(store):
    run = store.create(CONFIG, "a")
    ticks = [tick(1, 2), tick(1, 4, val_loss=0.4, val_accuracy=0.9), tick(2, 4)]
    assert store.metrics(run.id) == []
    for one in ticks:
        store.log(run.id, one)
    assert another(store).metrics(run.id) == ticks


@pytest.mark.parametrize("torn", [b'{"epoch": 2, "st', b'{"epoch": 2}', b"[1, 2]", b"\xff\xfe\x00", b""])
def test_a_torn_line_is_skipped(store, torn):
    run = store.create(CONFIG, "a")
    store.log(run.id, tick(1, 4))
    store.folder.append(f"{run.id}/metrics.jsonl", torn)
    assert store.metrics(run.id) == [tick(1, 4)]


def test_what_follows_a_torn_line_is_kept(store):
    run = store.create(CONFIG, "a")
    store.log(run.id, tick(1, 4))
    store.folder.append(f"{run.id}/metrics.jsonl", b'{"epoch": 2, "st')
    store.log(run.id, tick(2, 4))
    assert store.metrics(run.id) == [tick(1, 4), tick(2, 4)]


def test_what_a_resumed_run_did_twice_is_there_once(store):
    run = store.create(CONFIG, "a")
    for one in (tick(1, 2), tick(1, 4), tick(2, 1), tick(2, 3), tick(2, 1), tick(2, 4)):
        store.log(run.id, one)
    assert store.metrics(run.id) == [tick(1, 2), tick(1, 4), tick(2, 1), tick(2, 4)]


@pytest.mark.parametrize("seed", range(8))
def test_the_ends_of_epochs_are_those_among_all_ticks_however_often_a_run_was_resumed(store, seed):
    random, run = np.random.default_rng(seed), store.create(CONFIG, "a")
    assert store.epochs(run.id) == []
    epoch = 1
    for _ in range(30):
        reached = int(random.integers(0, 5))  # of 4 steps, before it was killed or went on
        for step in range(1, reached + 1):
            store.log(run.id, tick(epoch, step, **({"val_loss": 1.0, "val_accuracy": 0.5} if step == 4 else {})))
        if random.random() < 0.2:
            store.folder.append(f"{run.id}/metrics.jsonl", b'{"epoch": %d, "st' % epoch)
        goes_on = reached == 4 and random.random() < 0.8
        epoch = epoch + 1 if goes_on else int(random.integers(max(1, epoch - 3), epoch + 1))
    assert store.epochs(run.id) == [one for one in store.metrics(run.id) if one.ends_epoch]


def test_an_evaluation_comes_back(store):
    run = store.create(CONFIG, "a")
    probabilities = np.random.default_rng(0).dirichlet(np.ones(10), 20).astype(np.float32)
    labels = (np.arange(20) % 10).astype(np.uint8)
    store.write(run.id, "evaluation.npz", Evaluation(probabilities, labels).to_bytes())
    back = store.evaluation(run.id)
    np.testing.assert_array_equal(back.probabilities, probabilities)
    np.testing.assert_array_equal(back.labels, labels)


def test_a_request_to_stop_shows_while_the_run_is_under_way(store):
    run = store.create(CONFIG, "a")
    store.update(run.id, state=RunState.RUNNING)
    another(store).request_stop(run.id)
    assert store.stop_requested(run.id)
    assert store.get(run.id).state is RunState.STOPPING
    store.update(run.id, state=RunState.STOPPED)
    assert store.get(run.id).state is RunState.STOPPED


@pytest.mark.parametrize("run_id", ["nonesuch", "../x", "..", ".", "", ".engines", "/etc", "a/b", "a\\b", "a\nb"])
def test_an_id_that_is_none_is_refused(store, tmp_path, run_id):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "config.json").write_text("{}")
    store.create(CONFIG, "a")
    for call in (store.get, store.metrics, store.evaluation):
        with pytest.raises(UnknownRun):
            call(run_id)


@pytest.mark.parametrize("name", ["config.json", "status.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"{}x", b'{"state": "dancing"}', b"\xff\xfe", b"null", b"[]"])
def test_a_damaged_run_is_a_problem_and_hides_no_other(store, name, content):
    good, bad = store.create(CONFIG, "good"), store.create(CONFIG, "bad")
    store.write(bad.id, name, content)
    listing = store.listing()
    assert [run.id for run in listing.runs] == [good.id]
    assert list(listing.problems) == [bad.id]
    assert name in listing.problems[bad.id]


def test_a_run_with_a_file_missing_is_a_problem(store):
    good, bad = store.create(CONFIG, "good"), store.create(CONFIG, "bad")
    store.discard(bad.id, "config.json")
    assert [run.id for run in store.listing().runs] == [good.id]
    assert "config.json is missing" in store.listing().problems[bad.id]


def test_a_config_out_of_bounds_is_a_problem(store):
    run = store.create(CONFIG, "a")
    asked = json.loads(store.read(run.id, "config.json"))
    asked["config"]["epochs"] = 100_000
    store.write(run.id, "config.json", json.dumps(asked).encode())
    assert run.id in store.listing().problems


def test_an_evaluation_that_is_damaged_or_missing_is_told(store):
    run = store.create(CONFIG, "a")
    with pytest.raises(RunError, match=r"has no evaluation.npz"):
        store.evaluation(run.id)
    good = Evaluation(np.full((20, 10), 0.1, np.float32), np.zeros(20, np.uint8)).to_bytes()
    for content in (b"", b"no zip", good[: len(good) // 2], good[:-60]):
        store.write(run.id, "evaluation.npz", content)
        with pytest.raises(RunError, match="damaged"):
            store.evaluation(run.id)


def test_find_takes_an_id_or_the_newest_run_of_a_name_that_has_a_result(store):
    done, waiting = store.create(CONFIG, "wide", recipe="dense"), store.create(CONFIG, "wide")
    store.update(done.id, state=RunState.FINISHED, summary=SUMMARY)
    assert store.find(waiting.id).id == waiting.id
    assert store.find("wide").id == done.id
    assert store.find("dense").id == done.id
    with pytest.raises(UnknownRun, match="wide"):
        store.find("wied")


def test_an_unwritable_root_is_told(tmp_path):
    (tmp_path / "runs").write_bytes(b"a file in the folder's place")
    store = RunStore(tmp_path / "runs", bundled=None)
    with pytest.raises(StoreError, match="cannot be written: it is not a folder"):
        store.create(CONFIG, "a")


def test_a_stray_file_hides_no_run(tmp_path):
    store = RunStore(tmp_path, bundled=None)
    run = store.create(CONFIG, "a")
    (tmp_path / "notes.txt").write_text("mine")
    assert [one.id for one in store.listing().runs] == [run.id]


def test_the_labs_own_runs_are_listed_last_and_marked(tmp_path):
    store = RunStore(tmp_path)
    run = store.create(CONFIG, "a")
    own, *bundled = store.listing().runs
    assert own.id == run.id
    assert [one.id for one in bundled] == sorted(path.name for path in BUNDLED.iterdir() if path.is_dir())
    assert all(one.bundled and one.state is RunState.FINISHED for one in bundled)


def test_the_labs_own_runs_are_not_written(tmp_path):
    before = {path: path.stat().st_mtime_ns for path in Path(BUNDLED).rglob("*")}
    store = RunStore(tmp_path)
    for change in (lambda: store.update("small-cnn", state=RunState.FAILED), lambda: store.request_stop("small-cnn")):
        with pytest.raises((RunError, StoreError)):
            change()
    assert {path: path.stat().st_mtime_ns for path in Path(BUNDLED).rglob("*")} == before
    assert store.get("small-cnn").state is RunState.FINISHED


def test_ticks_that_are_read_again_and_again_are_those_that_are_there(store):
    run = store.create(TrainConfig(), "a run")
    ticks = [Tick(epoch, step, 4, 0.5, 0.5, 0.1, epoch + step / 4) for epoch in (1, 2, 3) for step in (1, 2, 3, 4)]
    for tick in ticks:
        store.log(run.id, tick)
        assert store.metrics(run.id) == RunStore(store.folder.url).metrics(run.id)
    assert store.metrics(run.id) == ticks
    store.forget_after(run.id, 2)
    store.log(run.id, ticks[8])
    assert store.metrics(run.id) == ticks[:9]
    whole = store.read(run.id, "metrics.jsonl")
    store.write(run.id, "metrics.jsonl", whole[:-20])
    assert store.metrics(run.id) == ticks[:8]
    store.write(run.id, "metrics.jsonl", whole)
    assert store.metrics(run.id) == ticks[:9]
