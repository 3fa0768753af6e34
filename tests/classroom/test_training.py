import numpy as np
import pytest

from mnist_lab.classroom import board, known
from mnist_lab.classroom.activities import TrainActivity
from mnist_lab.classroom.scores import score
from mnist_lab.classroom.training import all_of, begin, check, outcome
from mnist_lab.datasets.pens import load
from mnist_lab.engine.worker import execute
from mnist_lab.errors import RoomError, RunError
from mnist_lab.images.strokes import CANVAS_SIDE
from mnist_lab.store.class_digits import ClassDigits, learnt_beside
from mnist_lab.store.models import model_of
from mnist_lab.store.rooms import RoomDrawing, Rooms
from mnist_lab.store.run import RunState
from tests.classroom.conftest import shipped

WRITERS, EACH = 6, 4


@pytest.fixture
def room(store):
    """A class in which six people have drawn four digits each, real ones."""
    room = Rooms(store.folder).open("teacher")
    room.start("draw")
    writers = sorted({digit.writer for digit in load()})[:WRITERS]
    for pupil, writer in enumerate(writers):
        digits = [digit for digit in load() if digit.writer == writer][:EACH]
        for task, digit in enumerate(digits):
            scaled = [np.rint(CANVAS_SIDE * stroke).astype(int) for stroke in digit.strokes]
            lines = [[tuple(point) for point in stroke.tolist()] for stroke in scaled]
            room.keep(1, f"{pupil:012x}", task, RoomDrawing(number=1, asked=digit.label, lines=lines, is_done=True))
    room.start("train")
    return room


@pytest.fixture
def activity() -> TrainActivity:
    return shipped(TrainActivity, images=200, epochs=1, folds=3)


def anything(configs) -> None:
    """No limits."""


def test_each_pupil_is_read_by_a_network_that_has_not_learnt_from_them(room, store, activity, engine_without_workers):
    asked = begin(room, 2, activity, engine_without_workers(store), "teacher", anything)
    assert outcome(room, 2, asked, store) is None
    for run_id in asked.runs:
        assert execute(store, run_id).state is RunState.FINISHED
    found = outcome(room, 2, asked, store)
    digits = ClassDigits.from_bytes(room.digits(asked.digits))
    after = np.zeros(WRITERS, dtype=int)
    for run_id in asked.folds:
        learnt = learnt_beside(store, store.get(run_id).asked.beside)
        answers = model_of(store, run_id).probabilities(digits.images).argmax(axis=1)
        for image, label, answer, pupil in zip(digits.images, digits.labels, answers, digits.pupils, strict=True):
            if not (learnt.images == image).all(axis=(1, 2)).any():
                after[pupil] += answer == label
    before = model_of(store, activity.run).probabilities(digits.images).argmax(axis=1) == digits.labels
    assert found.digits.tolist() == [EACH] * WRITERS
    assert found.after.tolist() == after.tolist()
    assert found.before.sum() == before.sum()
    assert found.interval.low <= (found.after - found.before).sum() / found.digits.sum() <= found.interval.high
    assert len(learnt_beside(store, store.get(asked.whole).asked.beside).labels) == WRITERS * EACH
    assert store.get(asked.control).asked.beside is None


def test_a_network_that_was_stopped_says_nothing_of_the_class(room, store, activity, engine_without_workers):
    asked = begin(room, 2, activity, engine_without_workers(store), "teacher", anything)
    for run_id in asked.runs:
        execute(store, run_id)
    store.update(asked.folds[1], state=RunState.STOPPED)
    with pytest.raises(RunError, match="without part 2 failed, or was stopped"):
        outcome(room, 2, asked, store)


def test_what_is_known_of_an_erased_class_is_forgotten(room, store, activity, engine_without_workers):
    asked = begin(room, 2, activity, engine_without_workers(store), "teacher", anything)
    for run_id in asked.runs:
        execute(store, run_id)
    outcome(room, 2, asked, store)
    board.digits(room)
    Rooms(store.folder).erase(room.code)
    assert {board.DIGITS, ("outcome", 2)} <= {*known._known[room.url][1]}
    known.forget_erased()
    assert room.url not in known._known


def test_it_begins_once(room, store, activity, engine_without_workers):
    begin(room, 2, activity, engine_without_workers(store), "teacher", anything)
    several = len(store.listing().runs)
    with pytest.raises(RoomError, match="double click"):
        begin(room, 2, activity, engine_without_workers(store), "teacher", anything)
    assert len(store.listing().runs) == several


def test_with_the_digits_of_one_there_is_nobody_to_read(store, activity, engine_without_workers):
    room = Rooms(store.folder).open("teacher")
    room.start("draw")
    room.keep(1, "p", 0, RoomDrawing(number=1, asked=1, lines=[[(140, 40), (140, 240)]], is_done=True))
    with pytest.raises(RoomError, match="two phones"):
        check(room, activity, store)
    with pytest.raises(RoomError, match="two phones"):
        begin(room, 2, activity, engine_without_workers(store), "teacher", anything)
    assert all(run.bundled for run in store.listing().runs)


def test_a_small_class_is_left_out_one_by_one(room, store, activity, engine_without_workers):
    for task in range(EACH):
        for writer in range(2, WRITERS):
            room.hide(1, f"{writer:012x}-{task}", True)
    asked = begin(room, 2, activity, engine_without_workers(store), "teacher", anything)
    assert len(asked.folds) == len(asked.pupils) == 2


def test_a_limit_leaves_nothing_behind(room, store, activity, engine_without_workers):
    def nothing(configs) -> None:
        raise RoomError(f"not {len(configs)}")

    with pytest.raises(RoomError, match="not 5"):
        begin(room, 2, activity, engine_without_workers(store), "teacher", nothing)
    assert room.training(2) is None
    assert all(run.bundled for run in store.listing().runs)


def test_runs_are_scored_on_the_class_unless_they_have_learnt_from_it(room, store):
    bundled = [run for run in store.listing().runs if run.id in ("small-cnn", "dense-1024")]
    taught = store.create(bundled[0].config, "taught", beside=all_of(room))
    assert [*score(room, [*bundled, taught], store)] == [*bundled, taught]
    known = room.scores()
    assert (known.several, known.pupils) == (WRITERS * EACH, WRITERS)
    found, _ = board.digits(room)
    right = model_of(store, "small-cnn").probabilities(found.images).argmax(axis=1) == found.labels
    assert {*known.accuracies} == {"small-cnn", "dense-1024"}
    assert known.accuracies["small-cnn"] == pytest.approx(right.mean())


def test_digits_are_those_that_are_there_now(room):
    first, pupils = board.digits(room)
    assert first.labels.size == WRITERS * EACH and len(pupils) == WRITERS
    room.hide(1, f"{0:012x}-0", True)
    second, _ = board.digits(room)
    assert second.labels.size == WRITERS * EACH - 1
    assert board.how_many(room) == (second.labels.size, WRITERS)
    room.keep(1, f"{0:012x}-1", 1, RoomDrawing(number=2, asked=7, lines=[[(140, 40), (140, 240)]], is_done=False))
    assert board.digits(room)[0].labels.size <= second.labels.size
