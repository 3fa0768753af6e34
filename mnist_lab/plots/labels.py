"""Where names fit next to the points of a chart: over no line, no mark and no other name. All lengths in pixels."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

FONT, LINE = 12, 16  # of a name: the size of its letters, and how high it is
LONGEST = 26  # letters of a name that is drawn; more are cut
GAP = 3  # between a name and its mark
NARROW, WIDE = "fijlrtI.,:;'|!()[]- ", "mwMW@%—…"


class Box(NamedTuple):
    """A rectangle, `top` above `bottom`, from the left and the top of the figure."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Whether two boxes share more than a border."""
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: "Box") -> bool:
        """Whether another box is wholly inside."""
        across = self.left <= other.left and other.right <= self.right
        return across and self.top <= other.top and other.bottom <= self.bottom


class Offset(NamedTuple):
    """Where a name is from its point, to the right and downwards: it begins there (1), ends (-1), or has its middle."""

    x: float
    y: float
    side: int = 0


def shortened(name: str) -> str:
    """A name as it is drawn."""
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1].rstrip()}…"


def width(text: str) -> float:
    """How wide a text of FONT pixels is at most, in any usual font without serifs."""
    shares = (0.36 if letter in NARROW else 0.95 if letter in WIDE or ord(letter) > 0x2E7F else 0.62 for letter in text)
    return FONT * sum(shares)


def around(radius: float) -> list[Offset]:
    """The places of a name around a mark, the best first: to its sides, above and below, then at its corners."""
    x, y = radius + GAP, radius + LINE / 2
    beside = [Offset(x, 0, 1), Offset(-x, 0, -1), Offset(0, -y), Offset(0, y)]
    corners = [Offset(side * radius / 2, end * y, side) for end, side in product((-1, 1), (1, -1))]
    slanted = [Offset(side * x, end * LINE / 2, side) for end, side in product((-1, 1), (1, -1))]
    return [*beside, *corners, *slanted]


def box(text: str, x: float, y: float, side: int = 0) -> Box:
    """What a text covers that begins there, ends there, or has its middle there."""
    left = x - width(text) * (1 - side) / 2
    return Box(left, y - LINE / 2, left + width(text), y + LINE / 2)


class Room(NamedTuple):
    """What is free in a chart of one width: its area, and what is taken."""

    area: Box
    taken: list[Box]

    def has(self, wanted: Box) -> bool:
        """Whether a box fits."""
        return self.area.holds(wanted) and not any(map(wanted.meets, self.taken))


def place(
    text: str, at: Sequence[tuple[float, float]], rooms: Sequence[Room], offsets: Iterable[Offset]
) -> Offset | None:
    """The first of some offsets at which a text fits into all rooms, and takes its place there; None where it has none.

    `at` is where its point is in each room: the same chart at several widths.
    """
    for offset in offsets:
        boxes = [box(text, x + offset.x, y + offset.y, offset.side) for x, y in at]
        if all(room.has(wanted) for room, wanted in zip(rooms, boxes, strict=True)):
            for room, wanted in zip(rooms, boxes, strict=True):
                room.taken.append(wanted)
            return offset
    return None
