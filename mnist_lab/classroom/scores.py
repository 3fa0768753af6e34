"""How networks read the digits that a class has drawn."""

from collections.abc import Iterable, Iterator

import numpy as np

from mnist_lab.classroom import board
from mnist_lab.errors import RoomError, RunError
from mnist_lab.store.models import model_of
from mnist_lab.store.rooms import Room, RoomScores
from mnist_lab.store.run import Run
from mnist_lab.store.runs import RunStore


def score(room: Room, runs: Iterable[Run], store: RunStore) -> Iterator[Run]:
    """Score runs on all that a class has drawn by now, and keep that; each run, once it is asked.

    Left out is what has learnt from this class, and what cannot be asked. Raises RoomError where nothing is drawn.
    """
    found, pupils = board.digits(room)
    if not pupils:
        raise RoomError("Nothing is drawn yet. Let your class draw what is asked first.")
    accuracies: dict[str, float] = {}
    for run in runs:
        yield run
        if run.asked.beside and run.asked.beside.room == room.token:
            continue
        try:
            answers = model_of(store, run.id).probabilities(found.images).argmax(axis=1)
        except RunError:  # it says so itself where it is looked at
            continue
        accuracies[run.id] = float(np.mean(answers == found.labels))
    room.keep_scores(RoomScores(several=len(found.labels), pupils=len(pupils), accuracies=accuracies))
