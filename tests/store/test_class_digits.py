import threading
from dataclasses import replace

import numpy as np
import pytest

from mnist_lab.config.train_config import parse
from mnist_lab.datasets.mnist import load
from mnist_lab.datasets.pens import Drawings
from mnist_lab.datasets.splits import split
from mnist_lab.errors import MnistLabError, RoomError
from mnist_lab.store.archives import pack, take_in
from mnist_lab.store.class_digits import ClassDigits, fold_of, forget_erased, learnt_beside
from mnist_lab.store.rooms import Rooms
from mnist_lab.store.run import Beside, RunState
from mnist_lab.store.runs import RunStore
from mnist_lab.store.trash import Trash

QUICK = parse({"units": [8], "epochs": 1, "train_images": 200})


def some(pupils: int = 5, each: int = 4) -> ClassDigits:
    several = pupils * each
    images = np.random.default_rng(0).integers(0, 256, (several, 28, 28), dtype=np.uint8)
    return ClassDigits(
        images, np.arange(several).astype(np.uint8) % 10, np.repeat(np.arange(pupils), each).astype(np.int16)
    )


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


@pytest.fixture
def rooms(store):
    return Rooms(store.folder)


@pytest.fixture
def room(rooms):
    return rooms.open("teacher")


def beside(room, **about) -> Beside:
    return Beside(room=room.token, digits=room.keep_digits(some().to_bytes()), several=20, **about)


def test_digits_come_back_as_they_were_kept(store, room):
    learnt = learnt_beside(store, beside(room))
    assert np.array_equal(learnt.images, some().images)
    assert np.array_equal(learnt.labels, some().labels)


def test_each_part_is_left_out_once_and_no_pupil_is_parted(store, room):
    digits = some(pupils=7)
    name = room.keep_digits(digits.to_bytes())
    left_out = []
    for fold in range(3):
        learnt = learnt_beside(store, Beside(room=room.token, digits=name, several=0, fold=fold, folds=3))
        apart = fold_of(digits.pupils, 3) == fold
        assert np.array_equal(learnt.images, digits.images[~apart])
        left_out += [*np.unique(digits.pupils[apart])]
    assert sorted(left_out) == [*range(7)]


def test_what_is_beside_is_learnt_from_and_never_held_back():
    digits = some()
    config = parse({"train_images": 200, "validation_share": 0.5})
    alone = split(load("mnist"), config)
    parts = split(replace(load("mnist"), beside=Drawings(digits.images, digits.labels)), config)
    assert np.array_equal(parts.x_train, np.concatenate([alone.x_train, digits.images]))
    assert np.array_equal(parts.y_train, np.concatenate([alone.y_train, digits.labels]))
    assert np.array_equal(parts.x_validation, alone.x_validation)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no file of arrays",
        some()._replace(labels=np.full(20, 11, dtype=np.uint8)).to_bytes(),
        some()._replace(pupils=np.zeros(3, dtype=np.int16)).to_bytes(),
        some()._replace(images=np.zeros((20, 5, 5), dtype=np.uint8)).to_bytes(),
    ],
)
def test_damaged_digits_are_told(store, room, content):
    with pytest.raises(RoomError, match="damaged"):
        learnt_beside(store, Beside(room=room.token, digits=room.keep_digits(content), several=1))


def test_of_an_erased_class_nothing_is_learnt(store, rooms, room):
    asked = beside(room)
    rooms.erase(room.code)
    with pytest.raises(RoomError, match="erased"):
        learnt_beside(store, asked)


def test_a_run_tells_nobody_the_code_of_its_class(store, room, tmp_path):
    run = store.create(QUICK, "taught", beside=beside(room))
    assert room.code not in (tmp_path / run.id / "config.json").read_text()
    assert "20 digits of a class" in run.deviations[0]


def finished(store: RunStore, **about):
    run = store.create(QUICK, "run", **about)
    store.update(run.id, state=RunState.FINISHED)
    return run


def test_what_has_learnt_from_an_erased_class_goes_with_it_and_nothing_else(store, rooms, room):
    others = rooms.open("another")
    taught, binned = finished(store, beside=beside(room)), finished(store, beside=beside(room))
    under_way = store.create(QUICK, "under way", beside=beside(room))
    stay = [finished(store), finished(store, beside=beside(others)), finished(store, beside=_elsewhere(room))]
    Trash(store).put(store.get(binned.id))
    forget_erased(store, Trash(store))
    assert store.get(taught.id)
    rooms.erase(room.code)
    forget_erased(store, Trash(store))
    left = {run.id for run in store.listing().runs if not run.bundled}
    assert left == {under_way.id, *(run.id for run in stay)}
    assert store.stop_requested(under_way.id)
    assert not Trash(store).holds(binned.id)
    store.update(under_way.id, state=RunState.STOPPED)
    forget_erased(store, Trash(store))
    assert under_way.id not in {run.id for run in store.listing().runs}


def test_while_a_class_cannot_be_read_nothing_is_deleted(store, rooms, room, tmp_path):
    taught = finished(store, beside=beside(room))
    about = tmp_path / ".rooms" / room.code / "room.json"
    content = about.read_bytes()
    about.write_bytes(b"{")
    forget_erased(store, Trash(store))
    assert store.get(taught.id)
    about.write_bytes(content)
    rooms.erase(room.code)
    forget_erased(store, Trash(store))
    assert taught.id not in {run.id for run in store.listing().runs}


def _elsewhere(room) -> Beside:
    return beside(room).model_copy(update={"room": ""})


def test_two_processes_that_clean_up_at_once_are_in_nobodys_way(store, rooms, room):
    for _ in range(10):
        finished(store, beside=beside(room))
    rooms.erase(room.code)
    problems = []

    def clean() -> None:
        another = RunStore(store.folder.url)
        try:
            forget_erased(another, Trash(another))
        except MnistLabError as error:
            problems.append(error)

    threads = [threading.Thread(target=clean) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    assert all(run.bundled for run in store.listing().runs)


def test_what_comes_in_a_zip_file_belongs_to_no_class_here(store, room, tmp_path):
    from mnist_lab.engine.worker import execute

    run = store.create(QUICK, "taught", beside=beside(room))
    assert execute(store, run.id).state is RunState.FINISHED
    (taken,) = take_in(RunStore(tmp_path / "elsewhere"), pack(store, [store.get(run.id)]))
    assert taken.asked.beside == _elsewhere(room)
    assert taken.deviations == run.deviations
