"""A network learns from what a class has drawn: before and after, pupil by pupil, each read by a network that has not
learnt from them.

The class is parted (cross-validation: Stone 1974, Journal of the Royal Statistical Society B 36:111): for each part a
run goes on from the same network with the digits of all others beside MNIST's. One more goes on without the class, to
tell what the digits do from what more training does, and one with all of it, for everybody to draw with.
"""

import threading
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.classroom import board
from mnist_lab.classroom.activities import TrainActivity
from mnist_lab.classroom.known import known_of
from mnist_lab.comparing.verdicts import Interval
from mnist_lab.comparing.writers import people_interval
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.continuation import continued
from mnist_lab.engine.engine import Engine
from mnist_lab.errors import RoomError, RunError
from mnist_lab.store.class_digits import ClassDigits, fold_of
from mnist_lab.store.models import model_of
from mnist_lab.store.rooms import FASTER, Room, RoomTraining
from mnist_lab.store.run import Beside, Run, RunState
from mnist_lab.store.runs import RunStore

LEAST = 2  # pupils
LEAST_FOR_INTERVAL = 5
TOO_FEW = "It takes digits of two phones at least. Let them draw what is asked first."

_beginning = threading.Lock()
_reading = threading.Lock()


class Outcome(NamedTuple):
    """How each pupil is read, int64 (pupils,): so many digits, of which so many right by the network before, by one
    that went on without the class, and by the one that has learnt from all others.

    `interval` is that of the difference in accuracy on other people, in [-1, 1]; None where too few have drawn.
    """

    digits: NDArray[np.int64]
    before: NDArray[np.int64]
    control: NDArray[np.int64]
    after: NDArray[np.int64]
    interval: Interval | None

    def share(self, right: NDArray[np.int64]) -> float:
        """The share of all digits, in [0, 1], that so many of each pupil's are."""
        return float(right.sum() / self.digits.sum())


def check(room: Room, activity: TrainActivity, store: RunStore) -> None:
    """Raises RoomError where too few have drawn, RunError and ConfigError where the network cannot go on."""
    if board.how_many(room)[1] < LEAST:
        raise RoomError(TOO_FEW)
    _settings(activity, store)


def _settings(activity: TrainActivity, store: RunStore) -> tuple[Run, TrainConfig]:
    """The run that goes on, and how."""
    parent = store.get(activity.run)
    changes = {"epochs": activity.epochs, "train_images": activity.images, "snapshots": False}
    return parent, continued(parent, changes)


def begin(
    room: Room,
    step: int,
    activity: TrainActivity,
    engine: Engine,
    owner: str,
    may_train: Callable[[list[TrainConfig]], None],
) -> RoomTraining:
    """Queue the runs of a step. Raises RoomError where too few have drawn, or somebody was faster; what `may_train`
    and `Engine.go_on` raise.
    """
    with _beginning:
        if room.training(step):
            raise RoomError(FASTER)
        found, pupils = board.digits(room)
        if len(pupils) < LEAST:
            raise RoomError(TOO_FEW)
        parent, config = _settings(activity, engine.store)
        folds = min(activity.folds, len(pupils))
        may_train([config] * (folds + 2))
        name = room.keep_digits(found.to_bytes())

        def go_on(title: str, beside: Beside | None) -> str:
            return engine.go_on(parent, config.model_dump(), title, beside, owner=owner).id

        about = {"room": room.token, "digits": name, "folds": folds}
        left = len(found.labels) - np.bincount(fold_of(found.pupils, folds))
        parts = [Beside(fold=fold, several=int(left[fold]), **about) for fold in range(folds)]
        training = RoomTraining(
            digits=name,
            pupils=tuple(pupils),
            start=parent.id,
            control=_known(engine.store, parent, config) or go_on("MNIST alone, for as long", None),
            folds=tuple(go_on(f"Our class without part {part}", beside) for part, beside in enumerate(parts, 1)),
            whole=go_on("Our class", Beside(several=len(found.labels), **about)),
        )
        room.keep_training(step, training)
        return training


def _known(store: RunStore, parent: Run, config: TrainConfig) -> str | None:
    """A run that has gone on so already: with the same seed, it would come out the same."""
    runs = (run for run in store.listing().runs if run.asked.parent == parent.id and run.config == config)
    return next((run.id for run in runs if run.state is RunState.FINISHED and not run.deviations), None)


def all_of(room: Room) -> Beside:
    """All that a class has drawn by now, for a run to learn from.

    Raises RoomError where that is nothing, StoreError where it cannot be kept.
    """
    found, pupils = board.digits(room)
    if not pupils:
        raise RoomError("There is no digit of your class to learn from.")
    return Beside(room=room.token, digits=room.keep_digits(found.to_bytes()), several=len(found.labels))


def outcome(room: Room, step: int, training: RoomTraining, store: RunStore) -> Outcome | None:
    """What came out; None until all runs that it needs are over.

    Raises RunError where one of them did not come to its end as asked, RoomError where the digits are damaged.
    """
    place, needed = ("outcome", step), (training.start, training.control, *training.folds)
    with _reading:  # a wall and thirty phones ask at once
        known = known_of(room)
        if place not in known:
            runs = [store.get(run_id) for run_id in needed]
            if not all(run.state.is_over for run in runs):
                return None
            found = ClassDigits.from_bytes(room.digits(training.digits))
            if odd := [run.name for run in runs if run.state is not RunState.FINISHED or run.adjustments]:
                raise RunError(f"{', '.join(odd)} failed, or was stopped or changed.")
            known[place] = _outcome(found, training, store)
        outcome: Outcome = known[place]
        return outcome


def _outcome(found: ClassDigits, training: RoomTraining, store: RunStore) -> Outcome:
    def right(run_id: str) -> NDArray[np.bool_]:
        return model_of(store, run_id).probabilities(found.images).argmax(axis=1) == found.labels

    folds = fold_of(found.pupils, len(training.folds))
    after = np.choose(folds, [right(run_id) for run_id in training.folds])
    several = len(training.pupils)
    digits, *rights = (
        np.bincount(found.pupils, weights=weights, minlength=several).astype(np.int64)
        for weights in (None, right(training.start), right(training.control), after)
    )
    before, control, then = rights
    interval = people_interval(then - before, digits) if several >= LEAST_FOR_INTERVAL else None
    return Outcome(digits, before, control, then, interval)
