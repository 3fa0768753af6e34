"""Digits that a class has drawn, as a run learns from them beside its dataset.

They lie in the room of the class, where they are erased with it, and a run's folder names them only. What has learnt
from an erased class goes, too.
"""

from contextlib import suppress
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets import arrays
from mnist_lab.datasets.pens import Drawings
from mnist_lab.errors import MnistLabError, RoomError, UnknownRoom
from mnist_lab.images.preprocessing import SIDE
from mnist_lab.store.rooms import Rooms
from mnist_lab.store.run import Beside, Run
from mnist_lab.store.runs import RunStore
from mnist_lab.store.trash import Trash

MOST_DIGITS = 20_000
LIMITS = {"images": MOST_DIGITS * SIDE * SIDE, "labels": MOST_DIGITS, "pupils": 2 * MOST_DIGITS}  # bytes


class ClassDigits(NamedTuple):
    """Digits as the models see them: uint8 (n, 28, 28) in 0..255, ink bright; labels, uint8 (n,) in 0..9; and who drew
    each, int16 (n,), counted from 0.
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    pupils: NDArray[np.int16]

    @property
    def several(self) -> int:
        """How many people drew them."""
        return len(np.unique(self.pupils))

    def to_bytes(self) -> bytes:
        """As the content of an `.npz`."""
        return arrays.pack(self._asdict())

    @classmethod
    def from_bytes(cls, content: bytes) -> "ClassDigits":
        """Back from `to_bytes`. Raises RoomError where that is damaged."""
        try:
            found = cls(**arrays.unpack(content, LIMITS))
            several = len(found.labels)
            right = found.images.shape == (several, SIDE, SIDE) and found.pupils.shape == (several,)
            if not right or found.images.dtype != np.uint8 or found.labels.dtype != np.uint8 or found.labels.max() > 9:
                raise ValueError("they are no digits")
        except ValueError as error:
            raise RoomError(f"The digits of the class are damaged ({error}).") from error
        return found


def fold_of(pupils: NDArray[np.int16], folds: int) -> NDArray[np.int16]:
    """In which fold each pupil is, in 0..folds - 1: that fold's run learns nothing of theirs."""
    return pupils % np.int16(folds)


def learnt_beside(store: RunStore, beside: Beside) -> Drawings:
    """What a run learns from beside its dataset. Raises RoomError where the class is erased, or it is damaged."""
    try:
        found = ClassDigits.from_bytes(Rooms(store.folder).by_token(beside.room).digits(beside.digits))
    except UnknownRoom as error:
        raise RoomError("The class whose digits this run was to learn from is erased.") from error
    if beside.fold is None:
        return Drawings(found.images, found.labels)
    learnt = fold_of(found.pupils, beside.folds) != beside.fold
    return Drawings(found.images[learnt], found.labels[learnt])


def forget_erased(store: RunStore, trash: Trash) -> None:
    """Delete the runs that have learnt from a class that is erased, for good; those under way are stopped first."""
    rooms = Rooms(store.folder)
    for run in store.listing().runs:
        if _is_orphan(run, rooms):
            with suppress(MnistLabError):  # another one deletes it, or the next look will
                if run.state.is_over:
                    store.delete(run.id)
                    store.annotations.delete(run.id)
                else:
                    store.request_stop(run.id, "Its class is erased.")
    for run in trash.runs():
        if _is_orphan(run, rooms):
            with suppress(MnistLabError):
                trash.delete(run.id)


def _is_orphan(run: Run, rooms: Rooms) -> bool:
    """Whether a run has learnt from a class of this store that is erased."""
    if not (run.asked.beside and run.asked.beside.room):
        return False
    try:
        rooms.by_token(run.asked.beside.room)
    except UnknownRoom:
        return True
    except RoomError:  # it may be this one that cannot be read
        return False
    return False
