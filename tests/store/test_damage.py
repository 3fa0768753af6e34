"""Whatever stands in a file, a reader gives what is within its bounds, or raises one of the lab's own errors."""

import io
import json
import math
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from streamlit.dataframe_util import convert_pandas_df_to_arrow_bytes

from mnist_lab.comparing.learning import AXES, METRICS, gap, line, smoothed
from mnist_lab.comparing.listing import COLUMNS, Sources, rows
from mnist_lab.config.limits import LATEST, LONGEST, MOST
from mnist_lab.config.search import plan
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.datasets import mnist
from mnist_lab.datasets.arrays import array, pack, unpack
from mnist_lab.errors import ConfigError, DatasetError, MnistLabError, RunError
from mnist_lab.exploring import findings
from mnist_lab.exploring.findings import Dreams, GradientNorms, Sweep, Why
from mnist_lab.inference.evaluation import MOST_IMAGES, Evaluation
from mnist_lab.networks.shapes import count_parameters
from mnist_lab.plots.curves import curves
from mnist_lab.plots.learning import Learner, Look, learning_figure
from mnist_lab.store import snapshots
from mnist_lab.store.annotations import LONGEST_NAME, LONGEST_NOTE, MOST_TAGS, Annotations
from mnist_lab.store.bets import Bets
from mnist_lab.store.claims import Lease
from mnist_lab.store.folders import Folder
from mnist_lab.store.heartbeats import Heartbeats
from mnist_lab.store.own_drawings import OwnSet
from mnist_lab.store.own_scores import OwnScores
from mnist_lab.store.run import Asked, RunState, Status, Summary
from mnist_lab.store.runs import RunStore
from mnist_lab.store.studies import Studies
from mnist_lab.store.ticks import MOST_EPOCHS, Tick, ticks_in
from mnist_lab.store.validation import best, validations

FLIPS = 1000  # of each file
SEED = 20_260
CONFIG = TrainConfig(dataset="digits", units=(4,), epochs=3, snapshots=True)
SUMMARY = Summary(test_accuracy=0.9, train_accuracy=0.95, seconds=1.5, parameters=3190, epochs=3, model_bytes=99)
NUMBERS = np.random.default_rng(0)
ANSWERS = Evaluation(NUMBERS.dirichlet(np.ones(10), 40).astype(np.float32), (np.arange(40) % 10).astype(np.uint8))
PICTURE = NUMBERS.random((28, 28), np.float32)
FOUND = {
    Why: Why(3, np.ones(2, np.float32), PICTURE, PICTURE, PICTURE),
    Dreams: Dreams(PICTURE[None], np.ones((1, 2), np.float32), np.full((1, 10), 0.1, np.float32)),
    GradientNorms: GradientNorms(np.arange(2), ("dense",), np.ones((2, 1), np.float32), np.ones(2, np.float32)),
    Sweep: Sweep(np.ones(5, np.float32), np.ones(5, np.float32)),
}
ASKED = Asked(name="a run", recipe="dense", config=CONFIG, created=1700000000.0, owner="ann").model_dump_json()
STATUS = Status(state=RunState.FINISHED, ended=1700000009.0, summary=SUMMARY, versions={"a": "1"}).model_dump_json()
HOSTILE = [
    10**30,
    10**300,
    10**401,
    -1,
    -(10**20),
    1e308,
    -0.0,
    "",
    "x" * 5000,
    "\x00",
    "NaN",
    [],
    {},
    [[]],
    True,
    None,
]


def ticks() -> list[Tick]:
    ends = {"val_loss": 0.3, "val_accuracy": 0.8}
    return [
        Tick(epoch, step, 4, 0.5 / epoch, 0.8, 0.001, epoch + step / 4, images=32 * step, **(ends if step == 4 else {}))
        for epoch in (1, 2, 3)
        for step in (1, 2, 3, 4)
    ]


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs", bundled=None)


@pytest.fixture
def quick(tmp_path: Path) -> Iterator[RunStore]:
    """A store in memory, which is written a thousand times in no time."""
    store = RunStore(f"memory://{tmp_path.name}", bundled=None)
    yield store
    store.folder.delete("")


@pytest.fixture
def run_id(store: RunStore) -> str:
    return made_in(store)


def made_in(store: RunStore) -> str:
    """A finished run with all files but its models."""
    run = store.create(CONFIG, "a run", recipe="dense", owner="ann")
    store.log(run.id, *ticks())
    store.write(run.id, "evaluation.npz", ANSWERS.to_bytes())
    weights = [np.ones(shape, np.float16) for shape in ((784, 4), (4,), (4, 10), (10,))]
    store.write(run.id, snapshots.name(2), snapshots.to_bytes(weights))
    store.update(run.id, state=RunState.FINISHED, ended=time.time(), summary=SUMMARY, versions={"python": "3.11"})
    return run.id


def flipped(content: bytes, count: int = FLIPS) -> Iterator[bytes]:
    """The content with one to three bits flipped, each time others; now and then with its end torn off."""
    dice = random.Random(SEED)
    for _ in range(count):
        damaged = bytearray(content)
        for _ in range(dice.randint(1, 3)):
            damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        yield bytes(damaged if dice.random() < 0.9 else damaged[: dice.randrange(len(damaged))])


def is_within(value: Any) -> bool:
    """Whether all numbers in a value can be reckoned with, and all texts are of a length to be shown."""
    if isinstance(value, dict):
        return all(map(is_within, (*value, *value.values())))
    if isinstance(value, list | tuple):
        return all(map(is_within, value))
    if isinstance(value, str):
        return len(value) <= LONGEST
    return not isinstance(value, int | float) or 0 <= value <= max(LATEST, 10 * MOST)


def read_run(store: RunStore, run_id: str) -> None:
    run = RunStore(store.folder.url, bundled=None).get(run_id)
    assert is_within(run.asked.model_dump())
    assert is_within(run.status.model_dump())
    assert (run.summary.epochs if run.summary else 0) <= MOST_EPOCHS
    assert 0 <= run.moved <= LATEST
    assert isinstance(store.stop_reason(run_id), str | None)


def read_ticks(store: RunStore, run_id: str) -> None:
    for found in (store.metrics(run_id), store.epochs(run_id)):
        assert all(tick.can_be for tick in found)


def read_answers(store: RunStore, run_id: str) -> None:
    found = store.evaluation(run_id)
    assert (found.probabilities.dtype, found.labels.dtype) == (np.float32, np.uint8)
    assert 0 < len(found.labels) <= MOST_IMAGES
    assert found.labels.max() <= 9
    assert 0 <= found.probabilities.min() <= found.probabilities.max() < 1.01


def read_snapshot(store: RunStore, run_id: str) -> None:
    weights = snapshots.read(store, run_id, 2)
    assert sum(array.size for array in weights) == count_parameters(CONFIG)
    assert all(np.isfinite(array).all() for array in weights)


FILES: dict[str, Callable[[RunStore, str], None]] = {
    "config.json": read_run,
    "status.json": read_run,
    "front": read_run,
    "stop": read_run,
    "metrics.jsonl": read_ticks,
    "evaluation.npz": read_answers,
    snapshots.name(2): read_snapshot,
}


@pytest.mark.parametrize("name", FILES)
def test_a_flipped_bit_in_a_file_of_a_run_is_told_or_does_not_matter(quick, name):
    run_id = made_in(quick)
    if name in ("front", "stop"):
        quick.update(run_id, state=RunState.QUEUED, engine="e")
        quick.write(run_id, name, b"1700000000.25")
    _flip(quick.folder, f"{run_id}/{name}", lambda: FILES[name](quick, run_id))


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("other", [*FILES, "nothing", "nested", "zeros", "a folder"])
def test_a_file_of_a_run_in_the_place_of_another_is_told_or_does_not_matter(store, run_id, name, other):
    contents = {"nothing": b"", "nested": b"[" * 200_000, "zeros": bytes(300_000)}
    path, source = (Path(store.folder.path, run_id, file) for file in (name, other))
    content = contents.get(other) or (source.read_bytes() if source.is_file() else b"")
    path.unlink(missing_ok=True)
    if other == "a folder":
        path.mkdir()
    else:
        path.write_bytes(content)
    try:
        FILES[name](store, run_id)
    except RunError as error:
        assert run_id in str(error)
    listing = RunStore(store.folder.url, bundled=None).listing()
    assert [run.id for run in listing.runs] + list(listing.problems) == [run_id]


def _flip(folder: Folder, name: str, read: Callable[[], object], error: type[MnistLabError] = MnistLabError) -> None:
    for content in flipped(folder.read(name)):
        folder.write(name, content)
        try:
            read()
        except error:
            continue


class Beside(NamedTuple):
    """A file that lies beside the runs: what writes it, and what reads it and checks what it gives."""

    write: Callable[[Folder], None]
    read: Callable[[Folder], None]


def _png() -> bytes:
    content = io.BytesIO()
    picture = np.zeros((40, 40), np.uint8)
    picture[8:30, 18:22] = 255
    Image.fromarray(picture).save(content, "PNG")
    return content.getvalue()


def _own(folder: Folder) -> OwnSet:
    return OwnSet(folder.url, "ann", clock=lambda: 1700000000.0)


def _write_drawing(folder: Folder) -> None:
    own = _own(folder)
    kept = own.add(3, _png(), [[(1.0, 2.0), (3.0, 4.0)]], 3, 0.9, "small-cnn")
    for ending in ("json", "png"):
        own.folder.move(f"{kept.id}.{ending}", f"drawing.{ending}")


def _read_drawing(folder: Folder) -> None:
    listing = _own(folder).listing()
    assert len(listing.drawings) + len(listing.problems) == 1
    for drawing in listing.drawings:
        assert 0 <= drawing.record.created <= LATEST
        assert all(math.isfinite(number) for stroke in drawing.record.strokes for point in stroke for number in point)
    assert all(label <= 9 for label in _own(folder).arrays().labels)


def _write_scores(folder: Folder) -> None:
    _write_drawing(folder)
    _own(folder).folder.write("scores/run.json", b'{"drawing": true}')


def _read_scores(folder: Folder) -> None:
    assert OwnScores(_own(folder)).all() in ({}, {"run": 0.0}, {"run": 1.0})


def _read_annotation(folder: Folder) -> None:
    for found in (*Annotations(folder).all().values(), Annotations(folder).get("run")):
        assert len(found.name) <= LONGEST_NAME
        assert len(found.note) <= LONGEST_NOTE
        assert len(found.tags) <= MOST_TAGS


def _write_search(folder: Folder) -> None:
    search = plan(name="rates", base=TrainConfig(), ranges={"learning_rate": (1e-4, 0.1)}, choices={"units": (8, 16)})
    Studies(RunStore(folder.url, bundled=None)).begin(search)


def _read_search(folder: Folder) -> None:
    studies = Studies(RunStore(folder.url, bundled=None))
    for name in studies.names():
        study = studies.study(name)
        assert is_within((study.search.created, study.search.since, study.search.trials))
        assert all(field in TrainConfig.model_fields for field in study.search.fields)
    assert studies.open_names() == studies.names()


def _write_lease(folder: Folder) -> None:
    folder.write("held/there", b"1")
    assert Lease(folder, "held").take("engine", lambda holder: True)


def _read_lease(folder: Folder) -> None:
    lease = Lease(folder, "held")
    assert isinstance(lease.holder, str | None)
    lease.take("another", lambda holder: True)
    lease.release("nobody")


def _read_finding(folder: Folder, kind: type[findings.Finding]) -> None:
    found = findings.from_bytes(kind, folder.read(f"{kind.__name__}.npz"))
    assert [np.shape(value) for value in found] == [np.shape(value) for value in FOUND[kind]]


def _read_places(folder: Folder) -> None:
    try:
        assert array(folder.read("map.npy")).nbytes == 80
    except ValueError as error:
        assert str(error)  # the only kind of error that this reader knows


BESIDE = {
    ".annotations/run.json": Beside(
        lambda folder: _ignored(Annotations(folder).change("run", name="n", note="a note", tags=("b",), starred=True)),
        _read_annotation,
    ),
    "ann/drawing.json": Beside(_write_drawing, _read_drawing),
    "ann/drawing.png": Beside(_write_drawing, _read_drawing),
    "ann/scores/run.json": Beside(_write_scores, _read_scores),
    ".studies/rates/search.json": Beside(_write_search, _read_search),
    "held/lease": Beside(_write_lease, _read_lease),
    ".bets/dropout/ann": Beside(
        lambda folder: Bets(folder, "dropout").place("ann", "one"),
        lambda folder: _ignored((Bets(folder, "dropout").of("ann"), Bets(folder, "dropout").tally(["one"]))),
    ),
    ".engines/e": Beside(
        lambda folder: Heartbeats(folder, 15.0).beat("e"),
        lambda folder: _ignored(Heartbeats(folder, 15.0).is_alive("e")),
    ),
    "map.npy": Beside(
        lambda folder: folder.write("map.npy", _npy(np.ones((10, 2), np.float32))),
        _read_places,
    ),
    **{
        f"{kind.__name__}.npz": Beside(
            lambda folder, kind=kind: folder.write(f"{kind.__name__}.npz", findings.to_bytes(FOUND[kind])),
            lambda folder, kind=kind: _read_finding(folder, kind),
        )
        for kind in FOUND
    },
}


def _npy(values: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.save(content, values)
    return content.getvalue()


def _ignored(value: object) -> None:
    """What is read says nothing more than that it could be."""


@pytest.mark.parametrize("name", BESIDE)
def test_a_flipped_bit_in_a_file_beside_the_runs_is_told_or_does_not_matter(quick, name):
    BESIDE[name].write(quick.folder)
    _flip(quick.folder, name, lambda: BESIDE[name].read(quick.folder))


def test_a_damaged_file_of_images_is_told(tmp_path, monkeypatch):
    images, labels = np.zeros((3, 28, 28), np.uint8), np.zeros(3, np.uint8)
    arrays = {"x_train": images, "y_train": labels, "x_test": images, "y_test": labels}
    path = tmp_path / "mnist.npz"
    path.write_bytes(pack(arrays))
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path))
    for name, values in arrays.items():
        monkeypatch.setitem(mnist.MNIST_SHA256, name, mnist.sha256(values))

    def read() -> None:
        assert mnist.load_test_part("mnist").images.shape == (3, 28, 28)

    read()
    _flip(Folder(tmp_path), path.name, read, DatasetError)


@pytest.mark.parametrize("shape", [(10**11, 10), (2**62, 2**62), (-1, -8), (0,) * 40, (10**400,)])
@pytest.mark.parametrize("kind", ["<f4", "|V0", "<U0", "|O"])
def test_no_array_is_made_of_a_shape_that_its_file_cannot_hold(shape, kind):
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": kind, "fortran_order": False, "shape": shape})
    with pytest.raises(ValueError, match=r"\w"):
        array(content.getvalue() + bytes(31))
    with pytest.raises(ValueError, match=r"\w"):
        unpack(b"no zip", {"one": 1})


anything = st.recursive(
    st.one_of(st.sampled_from(HOSTILE), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
many = settings(
    max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@many
@given(st.data())
def test_whatever_a_run_says_of_itself_the_table_shows_it_or_it_is_a_problem(store, run_id, data):
    about = {"config.json": json.loads(ASKED), "status.json": json.loads(STATUS)}
    place = data.draw(st.sampled_from([*about.values(), about["status.json"]["summary"]]))
    for field in data.draw(st.lists(st.sampled_from(sorted(place)), min_size=1, max_size=3)):
        place[field] = data.draw(anything)
    for name, content in about.items():
        Path(store.folder.path, run_id, name).write_text(json.dumps(content))
    fresh = RunStore(store.folder.url, bundled=None)
    listing = fresh.listing()
    assert [run.id for run in listing.runs] + list(listing.problems) == [run_id]
    frame = pd.DataFrame(rows(listing.runs, COLUMNS, Sources(lambda run: validations(fresh.epochs(run.id)), {})))
    convert_pandas_df_to_arrow_bytes(frame)


numbers = st.sampled_from([0, 1, 2, 3, 4, 5, 0.5, 1e-300, 1e300, math.nan, math.inf, *HOSTILE]) | st.floats(0, 1)
lines = st.lists(
    st.fixed_dictionaries(
        {field: st.sampled_from([1, 2, 3]) | numbers for field in ("epoch", "step", "steps")}
        | dict.fromkeys(("loss", "accuracy", "learning_rate", "seconds"), numbers),
        optional=dict.fromkeys(("val_loss", "val_accuracy", "images", "more"), numbers),
    ).map(lambda fields: json.dumps(fields).encode()),
    max_size=12,
)


@many
@given(lines, st.sampled_from([*METRICS]), st.sampled_from([*AXES]))
def test_whatever_stands_in_metrics_curves_are_drawn_of_what_can_be(store, run_id, lines, metric, axis):
    assert all(tick.can_be for tick in ticks_in(lines))
    Path(store.folder.path, run_id, "metrics.jsonl").write_bytes(b"\n".join(lines))
    found = store.metrics(run_id)
    assert repr(store.epochs(run_id)) == repr([tick for tick in found if tick.ends_epoch])  # as nan is not nan
    best(validations(found))
    curves("a run", found)
    training, validation = (line(found, metric, axis, part) for part in (False, True))
    shaded = gap(training, validation, True) if training and validation else None
    learner = Learner("a", "", [run_id], "#000", 1.0, training and smoothed(training, 0.5), validation, shaded)
    learning_figure([learner], Look(metric, axis, log_y=True))


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": "x"},
        {"epoch": 0},
        {"epoch": 10**400},
        {"epoch": 1.0},
        {"epoch": True},
        {"steps": 0},
        {"step": 5},
        {"step": 0},
        {"loss": None},
        {"loss": "0.5"},
        {"loss": math.nan},
        {"loss": 10**400},
        {"accuracy": 1.1},
        {"accuracy": math.inf},
        {"seconds": -1},
        {"images": 0.5},
        {"val_loss": 10**400},
        {"val_accuracy": -0.1},
        {"more": 1},
        {"more": "x" * 2000},
    ],
    ids=lambda change: str(change)[:30],
)
def test_a_tick_that_no_training_can_have_written_is_skipped_as_a_torn_line_is(change):
    good = ticks()[3]._asdict()
    lines = [json.dumps(fields).encode() for fields in (good, good | change, good)]
    assert list(ticks_in(lines)) == [ticks()[3]] * 2


def test_the_validation_of_a_training_that_diverges_is_no_damage(store, run_id):
    diverging = ticks()[3]._replace(epoch=4, val_loss=math.inf)
    store.log(run_id, diverging)
    assert store.metrics(run_id) == [*ticks(), diverging]


@many
@given(st.dictionaries(st.sampled_from([*TrainConfig.model_fields]), anything, min_size=1, max_size=4))
def test_whatever_is_asked_of_a_training_is_a_configuration_or_refused(given_settings):
    try:
        assert parse(given_settings).epochs <= MOST_EPOCHS
    except ConfigError as error:
        assert error.problems


def test_a_status_is_written_within_the_bounds_within_which_it_is_read(store, run_id):
    store.update(run_id, reason="x" * 200_000)
    assert len(RunStore(store.folder.url, bundled=None).get(run_id).status.reason) == LONGEST


def test_a_file_that_is_far_too_large_is_told_without_being_read(store, run_id):
    for name in ("status.json", "evaluation.npz"):
        with Path(store.folder.path, run_id, name).open("r+b") as file:
            file.truncate(10**12)  # sparse: it takes no room
    (problem,) = RunStore(store.folder.url, bundled=None).listing().problems.values()
    assert "status.json is larger than 0.1 MB" in problem
    with pytest.raises(RunError, match=r"evaluation\.npz is larger than 20 MB"):
        store.evaluation(run_id)
