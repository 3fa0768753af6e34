"""What a class has drawn and chosen: read once, and again where it changed."""

import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Generic, TypeVar

import numpy as np

from mnist_lab.classroom.known import known_of
from mnist_lab.datasets.arrays import pack
from mnist_lab.images.preprocessing import SIDE, FloatImage, prepare
from mnist_lab.images.strokes import CANVAS_SIDE, draw
from mnist_lab.inference.predictor import Predictor
from mnist_lab.inference.rejection import Doubt, verdict
from mnist_lab.store.class_digits import ClassDigits
from mnist_lab.store.rooms import CHOICES, DRAWINGS, Room, RoomChoice, RoomDrawing

One = TypeVar("One")

DIGITS = "digits"  # among what is known of a room
OVERLAP = 2.0  # seconds by which clocks of two web processes may differ, and a file is seen later than it was stamped


class Board(Generic[One]):
    """What pupils sent in a step, drawings or choices, as this process knows it, by `<pupil>-<task>`."""

    def __init__(self, stamps: Callable[[], dict[str, str]], read: Callable[[str], One | None]) -> None:
        self._stamps = stamps
        self._read = read
        self._known: dict[str, str] = {}
        self._found: dict[str, One] = {}
        self._lock = threading.Lock()

    def all(self) -> dict[str, One]:
        """All of it, as it is now."""
        with self._lock:
            for name, stamp in self._stamps().items():
                if self._known.get(name) != stamp:
                    if one := self._read(name):
                        self._found[name] = one
                    self._known[name] = stamp
            return dict(self._found)

    def of(self, pupil: str) -> dict[int, One]:
        """One pupil's, by task."""
        parted = {name.partition("-"): one for name, one in self.all().items()}
        return {int(task): one for (who, _, task), one in parted.items() if who == pupil}


def drawings(room: Room, step: int) -> Board[RoomDrawing]:
    """What is drawn in a room's step, one board for all who look."""
    return _board(room, DRAWINGS, step, room.drawing)


def choices(room: Room, step: int) -> Board[RoomChoice]:
    """What is chosen in a room's step, one board for all who look."""
    return _board(room, CHOICES, step, room.choice)


def _board(room: Room, kind: str, step: int, read: Callable[[int, str], Any]) -> Board[Any]:
    new: Board[Any] = Board(partial(room.stamps, kind, step), partial(read, step))
    found: Board[Any] = known_of(room).setdefault((kind, step), new)
    return found


def since(drawn: Mapping[str, RoomDrawing], moment: float) -> dict[str, RoomDrawing]:
    """Those that were saved since then, in seconds since 1970, and some that were known before."""
    return {name: one for name, one in drawn.items() if one.saved > moment - OVERLAP}


def seen(lines: Iterable[Iterable[tuple[int, int]]]) -> FloatImage | None:
    """What a network sees of a drawing: float32 (28, 28) in [0, 1], ink bright; None where there is no ink."""
    strokes = [np.array(line, dtype=np.float32).reshape(-1, 2) / np.float32(CANVAS_SIDE) for line in lines]
    return prepare(draw([stroke for stroke in strokes if len(stroke)]))


def read(lines: Iterable[Iterable[tuple[int, int]]], predictor: Predictor) -> list[float] | None:
    """A network's ten probabilities for a drawing; None for what is no digit, or blank."""
    image = seen(lines)
    if image is None:
        return None
    prediction = predictor.predict(image)
    is_digit = verdict(prediction, image) is not Doubt.NOT_A_DIGIT
    return [round(float(one), 4) for one in prediction.probabilities] if is_digit else None


def digits(room: Room) -> tuple[ClassDigits, list[str]]:
    """The digits that a class has drawn as asked, and who their pupils are, in their order.

    Left out is what is hidden, under way or blank.
    """
    drawn, known = _done(room), known_of(room)
    stamp = [(*place, one.number) for place, one in drawn.items()]
    if known.get(DIGITS, (None,))[0] != stamp:
        known[DIGITS] = stamp, _seen_all(drawn)
    found: tuple[ClassDigits, list[str]] = known[DIGITS][1]
    return found


def _seen_all(drawn: Mapping[tuple[int, str], RoomDrawing]) -> tuple[ClassDigits, list[str]]:
    images = [(name.partition("-")[0], seen(one.lines), one.asked) for (_, name), one in drawn.items()]
    found = [(pupil, image, digit) for pupil, image, digit in images if image is not None]
    pupils = sorted({pupil for pupil, _, _ in found})
    x = np.array([image for _, image, _ in found], dtype=np.float32).reshape(-1, SIDE, SIDE)
    y = np.array([digit for _, _, digit in found], dtype=np.uint8)
    whose = np.array([pupils.index(pupil) for pupil, _, _ in found], dtype=np.int16)
    return ClassDigits(np.rint(255 * x).astype(np.uint8), y, whose), pupils


def how_many(room: Room) -> tuple[int, int]:
    """How many digits a class has drawn as asked, those left out that are hidden or under way; and how many pupils."""
    names = [name for _, name in _done(room)]
    return len(names), len({name.partition("-")[0] for name in names})


def _done(room: Room) -> dict[tuple[int, str], RoomDrawing]:
    """All drawings of a class that are done and not hidden, by step and name."""
    found = {}
    for step in range(1, len(room.stage().steps) + 1):
        hidden = room.hidden(step)
        for name, one in sorted(drawings(room, step).all().items()):
            if one.is_done and name not in hidden:
                found[step, name] = one
    return found


def to_take_away(room: Room) -> bytes:
    """The digits that a class has drawn, as an .npz file: `x_train`, uint8 (n, 28, 28) in 0..255, ink bright, and
    `y_train`, uint8 (n,) in 0..9, like MNIST's, in an order that tells of nobody.
    """
    found, _ = digits(room)
    order = np.random.default_rng().permutation(len(found.labels))
    return pack({"x_train": found.images[order], "y_train": found.labels[order]})
