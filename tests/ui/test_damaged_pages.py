"""A damaged run costs its own row, and is named: never a page, a view or a command of those who share its store."""

import json
import random
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mnist_lab.cli import main
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.engine import Engine
from mnist_lab.exploring.findings import Sweep, to_bytes
from mnist_lab.exploring.questions import Answers, Question, asked, read
from mnist_lab.lessons.library import library
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import BUNDLED, DEFAULT_MODEL, RunStore
from mnist_lab.store.trash import Trash
from mnist_lab.ui import resources
from mnist_lab.ui.explore import data, moments
from tests.comparing.test_families import VIEWS, page, store, text_of
from tests.pages import app_of, at

__all__ = ["store"]  # the fixture: an empty store, which is also that of the pages
OF = "scratch-sigmoid-mse"  # which has snapshots
LESSON = "dropout"
EXPLORE = ("Activations", "One neuron", "Map", "Damage", "Time machine", "Architecture")


def changed(path: Path, **summary: object) -> None:
    status = json.loads(path.read_bytes())
    path.write_text(json.dumps(status | {"summary": status["summary"] | summary}))


def flipped(path: Path) -> None:
    content, dice = bytearray(path.read_bytes()), random.Random(1)
    for _ in range(50):
        content[dice.randrange(100, len(content))] ^= 1 << dice.randrange(8)
    path.write_bytes(content)


def hostile_ticks(path: Path) -> None:
    good = json.loads(path.read_bytes().splitlines()[0])
    changes = [{"epoch": 10**401}, {"epoch": "x"}, {"steps": 0}, {"loss": None}, {"accuracy": 1e300}, {"seconds": "9"}]
    path.write_text("".join(f"{json.dumps(good | change)}\n" for change in changes))


def sparse(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(10**12)


def instead_of(path: Path, other: str) -> None:
    shutil.copy(BUNDLED / other / path.name, path)


def in_its_way(path: Path) -> None:
    path.unlink()
    path.mkdir()


UNLISTED: dict[str, Callable[[Path], None]] = {
    "many-parameters": lambda run: changed(run / "status.json", parameters=10**30),
    "many-epochs": lambda run: changed(run / "status.json", epochs=10**300),
    "no-seconds": lambda run: changed(run / "status.json", seconds=float("nan")),
    "deep-status": lambda run: _ignored((run / "status.json").write_bytes(b"[" * 90_000)),
    "large-config": lambda run: sparse(run / "config.json"),
    "config-is-a-folder": lambda run: in_its_way(run / "config.json"),
}
LISTED: dict[str, Callable[[Path], None]] = {
    "hostile-ticks": lambda run: hostile_ticks(run / "metrics.jsonl"),
    "deep-ticks": lambda run: _ignored((run / "metrics.jsonl").write_bytes(b"[" * 200_000)),
    "ticks-are-a-folder": lambda run: in_its_way(run / "metrics.jsonl"),
    "flipped-answers": lambda run: flipped(run / "evaluation.npz"),
    "large-answers": lambda run: sparse(run / "evaluation.npz"),
    "answers-of-another": lambda run: instead_of(run / "evaluation.npz", "logistic-digits"),
    "no-model": lambda run: _ignored((run / "model.tflite").write_bytes(b"")),
    "torn-model": lambda run: _ignored((run / "model.tflite").write_bytes((run / "model.tflite").read_bytes()[:900])),
    "model-of-another": lambda run: instead_of(run / "model.tflite", "small-cnn"),
    "flipped-snapshot": lambda run: flipped(run / "snapshots" / "00000.npz"),
    "stray-snapshot": lambda run: _ignored((run / "snapshots" / "last.npz").write_bytes(b"")),
}


def _ignored(value: object) -> None:
    """How many bytes were written is of no interest."""


@pytest.fixture
def damaged(store: RunStore) -> RunStore:
    """A store with one run for each kind of damage, and things that are no runs."""
    for name, damage in {**UNLISTED, **LISTED}.items():
        run = Path(store.folder.path, name)
        shutil.copytree(BUNDLED / OF, run)
        asked = json.loads((run / "config.json").read_bytes())
        (run / "config.json").write_text(json.dumps(asked | {"name": name}))
        damage(run)
    notes = Path(store.folder.path, ".annotations")
    (notes / "torn-model.json").mkdir(parents=True)
    (notes / "no-model.json").write_bytes(b"[" * 90_000)
    Path(store.folder.path, "no \udcff id").mkdir()
    return store


@pytest.fixture(autouse=True)
def nothing_kept() -> Iterator[None]:
    """What the pages keep in memory is of the runs of one test."""
    yield
    for kept in (resources.predictor, resources.evaluation, resources._validation_of, data.network, data._evaluation):
        kept.cache_clear()
    for kept in (moments._epochs, moments.network_then, moments.told_then, moments._scored):
        kept.cache_clear()


@pytest.fixture
def without_workers(store: RunStore, monkeypatch) -> Iterator[None]:
    """An engine whose cluster cannot be reached: runs wait, and the page says why."""

    def connect():
        raise OSError("no scheduler")

    engine = Engine(store, connect)
    monkeypatch.setattr(resources, "_engine", engine)
    yield
    engine.close()


def test_the_table_has_a_row_for_each_run_that_can_be_read_and_names_the_others(damaged):
    text = text_of(page("compare").main)
    assert all(name in text for name in (*UNLISTED, *LISTED, "small-cnn"))
    listing = damaged.listing()
    assert {run.id for run in listing.runs if not run.bundled} == set(LISTED)
    assert {*UNLISTED} < set(listing.problems)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_a_comparison_shows_the_others_and_says_who_is_left_out(damaged, view):
    app = page("compare", runs=",".join([*LISTED, "small-cnn", "dense-1024"]), view=view)
    text = text_of(app.main)
    assert "flipped-answers is left out" in text
    assert "large-answers is left out" in text
    if view == "Curves":
        assert "There is no curve of hostile-ticks, deep-ticks, ticks-are-a-folder" in text


@pytest.mark.parametrize("name", ["no-model", "torn-model"])
def test_where_a_model_cannot_be_asked_another_one_answers_and_the_page_says_so(damaged, mnist, name):
    app = app_of("draw")
    app.session_state["model"], app.session_state["closer"] = name, "Every model"
    app.session_state["compared_models"] = [name, "small-cnn"]
    text = text_of(at(app, image="247").main)
    assert f"The run {name} cannot be asked" in text
    assert f"{DEFAULT_MODEL} answers in its place" in text


@pytest.mark.parametrize("name", ["no-model", "model-of-another", "flipped-snapshot", "stray-snapshot"])
def test_every_view_into_a_damaged_network_shows_something_or_says_why_not(damaged, mnist, name):
    for view in EXPLORE:
        app = page("explore", run=name, view=view, image="3")
        if name in ("no-model", "model-of-another") and view not in ("Architecture", "Time machine"):
            assert any("model" in error.value for error in app.error), view


def test_the_train_page_shows_the_runs_that_ended_and_those_under_way(damaged, without_workers):
    for name in LISTED:
        if not name.startswith("ticks-are"):
            damaged.update(name, ended=4e9, started=3.9e9, heartbeat=4e9)
    for name in ("hostile-ticks", "deep-ticks"):
        damaged.update(name, state=RunState.RUNNING)
    text = text_of(page("train").main)
    assert "hostile-ticks" in text


def test_a_lesson_says_which_of_its_runs_is_damaged(store, without_workers):
    lesson = library().lessons[LESSON]
    runs = [store.create(planned.config, planned.name) for planned in lesson.runs]
    for run in runs:
        for file in ("metrics.jsonl", "evaluation.npz"):
            store.write(run.id, file, store.read("small-cnn", file) if run is not runs[0] else b"damaged")
        store.update(run.id, state=RunState.FINISHED, summary=store.get("small-cnn").summary)
    app = app_of("lessons")
    app.session_state[f"open-{LESSON}"] = True
    app = at(app, lesson=LESSON)
    (error,) = app.error
    assert f"The run {runs[0].id} cannot be compared" in error.value
    assert "Delete that run on the Compare page" in error.value


def test_deleting_a_run_that_nobody_trains_ends_it_and_one_that_trains_is_asked_to_stop(store, without_workers):
    stuck, trains = (store.create(TrainConfig(), name) for name in ("stuck", "trains"))
    for run, heard in ((stuck, 1.7e9), (trains, time.time())):
        store.update(run.id, state=RunState.RUNNING, attempts=1, sent=heard, heartbeat=heard)
    app = page("compare", runs=f"{stuck.id},{trains.id}")
    app.button(key="compare-table").click().run(timeout=60)
    next(button for button in app.button if button.label == "Delete").click().run(timeout=60)
    assert not app.exception
    assert [one.id for one in Trash(store).runs()] == [stuck.id]
    assert store.get(trains.id).state is RunState.STOPPING
    assert "trains is not over yet. Delete it once it has stopped." in [toast.value for toast in app.toast]


def test_what_was_found_in_a_network_is_asked_anew_where_it_is_damaged(store):
    run, asked_for = store.create(TrainConfig(), "a"), []
    question = asked(Sweep, run.id)
    good = to_bytes(Sweep(np.ones(3, np.float32), np.ones(3, np.float32)))

    def ask(again: Question) -> Future[bytes]:
        asked_for.append(again)
        answer: Future[bytes] = Future()
        answer.set_result(good)
        return answer

    Answers(store, ask).ask(question)
    assert Answers(store, ask).knows(question)
    store.write(run.id, f"explored/{question.name}.npz", good[:-40])
    assert not Answers(store, ask).knows(question)
    assert read(Sweep, Answers(store, ask).ask(question)).rates.tolist() == [1, 1, 1]
    assert len(asked_for) == 2


def test_commands_name_a_damaged_run_and_show_the_others(damaged, tmp_path, capsys):
    Image.fromarray(np.zeros((28, 28), np.uint8)).save(tmp_path / "blank.png")
    runs, blank = ["--runs", damaged.folder.path], str(tmp_path / "blank.png")
    assert main(["runs", *runs]) == 0
    told = capsys.readouterr()
    assert all(name in told.out for name in LISTED)
    assert all(f"{name} is left out" in told.err for name in UNLISTED)
    failing = {
        "flipped-answers": ["compare", "flipped-answers", "small-cnn"],
        "large-answers": ["export", "small-cnn", "large-answers", "--out", str(tmp_path / "two.zip")],
        "no-model": ["predict", blank, "--model", "no-model"],
        "torn-model": ["evaluate", "torn-model"],
        "many-epochs": ["predict", blank, "--model", "many-epochs"],
    }
    for name, words in failing.items():
        assert main([*words, *runs]) == 1
        assert name in capsys.readouterr().err
    out = tmp_path / "report.html"
    assert main(["report", *LISTED, "small-cnn", "dense-1024", "--out", str(out), *runs]) == 0
    assert "no answers kept" in out.read_text("utf-8")
