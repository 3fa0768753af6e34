"""Drawings that draw themselves on the canvas of the Draw page, for who has not dared to begin."""

from typing import NamedTuple

Line = list[tuple[int, int]]


class Example(NamedTuple):
    """What its button says, what that means in words, and its strokes, (x, y) in pixels of the canvas."""

    label: str
    meaning: str
    strokes: list[Line]


EXAMPLES = (
    Example("a 7", "Watch a 7 being drawn", [[(78, 78), (140, 72), (200, 76), (176, 130), (150, 182), (132, 230)]]),
    Example(  # a pen digit: its writer, 7 in that set, meant a 4
        "4 or 9?",
        "Watch a 4 being drawn that might be a 9",
        [
            [(134, 69), (131, 58), (127, 55), (118, 71), (107, 105), (103, 125), (104, 138), (113, 141), (168, 128)],
            [(150, 83), (149, 53), (147, 227)],
        ],
    ),
    Example(
        "scribble",
        "Watch a scribble being drawn",
        [
            [(60, 170), (110, 70), (120, 200), (170, 60), (180, 210), (225, 80), (150, 120), (70, 110), (210, 190)],
            [(90, 230), (200, 50), (60, 130), (215, 140)],
        ],
    ),
)
