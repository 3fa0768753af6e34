import pytest

from mnist_lab.classroom.activities import ChallengeActivity
from mnist_lab.classroom.challenge import Entry, enter, entries, front, ranked, tend
from mnist_lab.classroom.known import forget_erased
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.worker import execute
from mnist_lab.errors import LimitReached, RoomError
from mnist_lab.networks.shapes import count_parameters
from mnist_lab.store.rooms import RoomEntry, Rooms
from mnist_lab.store.run import RunState
from mnist_lab.store.ticks import Tick
from tests.classroom.conftest import shipped

SMALL = {"network": 0, "filters": 0, "units": 0, "dropout": 0, "learning_rate": 1, "epochs": 0}


@pytest.fixture
def room(store):
    room = Rooms(store.folder).open("teacher")
    room.start("challenge")
    return room


@pytest.fixture
def activity() -> ChallengeActivity:
    return shipped(ChallengeActivity, base={"train_images": 400, "validation_share": 0.25})


def anything(configs) -> None:
    """No limits."""


def take(room, activity, pupil="p", number=0, **chosen) -> None:
    enter(room, 1, activity, pupil, number, RoomEntry(chosen=SMALL | chosen))


def test_every_option_is_a_setting_and_some_are_too_large(activity):
    for name, options in activity.knobs.items():
        for place in range(len(options)):
            assert activity.config(SMALL | {"network": 1, name: place}).validation_share == 0.25
    sizes = [count_parameters(activity.config(SMALL | {"units": place})) for place in range(6)]
    assert sizes == [7850, 6370, 9550, 12730, 25450, 50890]


def test_what_is_too_large_too_much_or_no_option_is_refused(room, activity):
    with pytest.raises(RoomError, match="12,730 parameters"):
        take(room, activity, units=3)
    for chosen in ({"units": 6}, {"units": -1}, {"speed": 1}):
        with pytest.raises((RoomError, ValueError)):
            take(room, activity, **chosen)
    assert room.entries(1) == {}
    for number in range(activity.entries):
        take(room, activity, number=number)
        take(room, activity, number=number)  # sent twice
    with pytest.raises(RoomError, match="another one meanwhile"):
        take(room, activity, epochs=1)
    with pytest.raises(RoomError, match="5 entries"):
        take(room, activity, number=activity.entries)
    take(room, activity, pupil="q")
    assert len(room.entries(1)) == activity.entries + 1
    room.go_on(1, 1)
    with pytest.raises(RoomError, match="closed"):
        take(room, activity, pupil="q", number=1)
    take(room, activity, pupil="q")  # an answer that was lost


def test_an_entry_is_trained_once_and_stands_by_its_validation(room, store, activity, engine_without_workers):
    engine = engine_without_workers(store)
    take(room, activity)
    take(room, activity, pupil="q", learning_rate=3)
    for _ in range(2):
        tend(room, 1, activity, engine, "teacher", anything)
    runs = [run for run in store.listing().runs if not run.bundled]
    assert [run.asked.owner for run in runs] == ["teacher"] * 2
    assert all(one.is_under_way for one in entries(room, 1, activity, store))
    for run in runs:
        assert execute(store, run.id).state is RunState.FINISHED
    best = ranked(entries(room, 1, activity, store))
    assert {one.pupil for one in best} == {"p", "q"}
    assert best[0].accuracy == max(store.metrics(one.run.id)[-1].val_accuracy for one in best)


def test_an_entry_that_somebody_sees_to_just_now_is_under_way(room, store, activity):
    take(room, activity)
    assert room.take_entry(1, "p-0")
    assert not room.take_entry(1, "p-0")
    (one,) = entries(room, 1, activity, store)
    assert one.is_under_way
    run = store.create(one.config, "entry")
    room.settle_entry(1, "p-0", run.id)
    assert entries(room, 1, activity, store)[0].run.id == run.id


def test_what_has_had_its_time_is_stopped(room, store, activity, engine_without_workers):
    engine = engine_without_workers(store)
    take(room, activity)
    tend(room, 1, activity, engine, "teacher", anything)
    (run_id,) = room.entries(1).values()
    store.update(run_id, state=RunState.RUNNING, attempts=1)
    about = {"epoch": 1, "step": 1, "steps": 9, "loss": 1.0, "accuracy": 0.5, "learning_rate": 0.1, "images": 9}
    store.log(run_id, Tick(**about, seconds=59.0, val_loss=None, val_accuracy=None))
    tend(room, 1, activity, engine, "teacher", anything)
    assert not store.stop_requested(run_id)
    store.log(run_id, Tick(**about | {"step": 2}, seconds=61.0, val_loss=None, val_accuracy=None))
    tend(room, 1, activity, engine, "teacher", anything)
    assert store.stop_reason(run_id) == "Its 60 seconds are over."


def test_what_cannot_be_trained_says_why(room, store, activity, engine_without_workers):
    def nothing(configs) -> None:
        raise LimitReached("The server is full.")

    take(room, activity)
    tend(room, 1, activity, engine_without_workers(store), "teacher", nothing)
    (one,) = entries(room, 1, activity, store)
    assert (one.problem, one.is_under_way) == ("The server is full.", False)


def test_a_deleted_or_failed_run_is_no_entry_that_waits(room, store, activity, engine_without_workers):
    take(room, activity)
    take(room, activity, number=1)
    tend(room, 1, activity, engine_without_workers(store), "teacher", anything)
    first, second = room.entries(1).values()
    store.delete(first)
    store.update(second, state=RunState.FAILED, reason="No memory.")
    assert [one.problem for one in entries(room, 1, activity, store)] == ["It was deleted.", "No memory."]


def test_what_is_over_stays_as_it_was_until_the_class_is_erased(room, store, activity, engine_without_workers):
    take(room, activity)
    tend(room, 1, activity, engine_without_workers(store), "teacher", anything)
    (run_id,) = room.entries(1).values()
    execute(store, run_id)
    (before,) = entries(room, 1, activity, store)
    store.delete(run_id)
    assert entries(room, 1, activity, store) == [before]
    Rooms(store.folder).erase(room.code)
    forget_erased()
    assert entries(room, 1, activity, store) == []


def entry(parameters: int, accuracy: float | None) -> Entry:
    return Entry("p", 0, TrainConfig(), parameters, None, accuracy)


def test_on_the_front_is_what_none_beats_in_both():
    small, middle, large = entry(10, 0.5), entry(20, 0.7), entry(30, 0.9)
    beaten, as_large, waits = entry(25, 0.6), entry(20, 0.69), entry(5, None)
    found = [large, beaten, small, waits, as_large, middle]
    assert front(found) == [small, middle, large]
    assert ranked(found) == [large, middle, as_large, beaten, small]
    assert ranked([entry(20, 0.5), entry(10, 0.5)])[0].parameters == 10
