"""Drawings that are no digits, as strokes on the page's canvas: some to learn from, others to judge by.

What is judged is never learnt from: its letters are other letters, its scribbles are made in another way, and its pairs
are digits of other writers. Strokes are float32 (n, 2), (x, y) in [0, 1] of the canvas, x to the right, y down.
"""

from collections.abc import Callable, Sequence

import numpy as np

from mnist_lab.datasets.pens import PenDigit
from mnist_lab.images.strokes import Stroke, resized

Strokes = tuple[Stroke, ...]
Polylines = list[list[tuple[float, float]]]

# letters and signs that look like no digit, as polylines between points of a grid 2 wide and 4 high, y down
JUDGED: dict[str, Polylines] = {
    "A": [[(0, 4), (1, 0), (2, 4)], [(0.4, 2.5), (1.6, 2.5)]],
    "E": [[(2, 0), (0, 0), (0, 4), (2, 4)], [(0, 2), (1.6, 2)]],
    "F": [[(2, 0), (0, 0), (0, 4)], [(0, 2), (1.6, 2)]],
    "H": [[(0, 0), (0, 4)], [(2, 0), (2, 4)], [(0, 2), (2, 2)]],
    "K": [[(0, 0), (0, 4)], [(2, 0), (0, 2), (2, 4)]],
    "M": [[(0, 4), (0, 0), (1.2, 2), (2.4, 0), (2.4, 4)]],
    "N": [[(0, 4), (0, 0), (2, 4), (2, 0)]],
    "R": [[(0, 4), (0, 0), (1.5, 0.2), (2, 1), (1.5, 1.9), (0, 2), (2, 4)]],
    "T": [[(0, 0), (2.4, 0)], [(1.2, 0), (1.2, 4)]],
    "V": [[(0, 0), (1, 4), (2, 0)]],
    "W": [[(0, 0), (0.7, 4), (1.4, 1), (2.1, 4), (2.8, 0)]],
    "X": [[(0, 0), (2, 4)], [(2, 0), (0, 4)]],
}
LEARNT: dict[str, Polylines] = {
    "k": [[(0, 0), (0, 4)], [(1.6, 1.6), (0, 2.8), (1.6, 4)]],
    "m": [[(0, 1.5), (0, 4)], [(0, 2), (0.8, 1.5), (1.3, 2), (1.3, 4)], [(1.3, 2), (2.1, 1.5), (2.6, 2), (2.6, 4)]],
    "n": [[(0, 1.5), (0, 4)], [(0, 2), (1, 1.5), (1.7, 2), (1.8, 4)]],
    "h": [[(0, 0), (0, 4)], [(0, 2.4), (1, 1.8), (1.7, 2.4), (1.7, 4)]],
    "r": [[(0, 1.5), (0, 4)], [(0, 2.3), (0.8, 1.6), (1.7, 1.7)]],
    "t": [[(1, 0), (1, 3.5), (1.5, 4), (2, 3.8)], [(0, 1.3), (2, 1.3)]],
    "f": [[(2, 0.4), (1.4, 0), (0.9, 0.6), (0.9, 4)], [(0, 1.6), (1.9, 1.6)]],
    "w": [[(0, 1.5), (0.6, 4), (1.2, 2), (1.8, 4), (2.4, 1.5)]],
    "e": [[(0, 2.6), (2, 2.6), (1.8, 1.6), (1, 1.3), (0.1, 2), (0.1, 3.2), (0.9, 4), (1.9, 3.7)]],
    "a": [[(1.8, 1.5), (0.5, 1.5), (0, 2.8), (0.5, 4), (1.3, 3.8), (1.8, 2.6), (1.8, 1.5), (1.9, 4)]],
    "P": [[(0, 4), (0, 0), (1.6, 0.2), (2, 1.1), (1.5, 2), (0, 2.1)]],
    "L": [[(0, 0), (0, 4), (2, 4)]],
    "C": [[(2, 0.6), (1.2, 0), (0.3, 0.8), (0, 2), (0.3, 3.3), (1.2, 4), (2, 3.5)]],
    "G": [[(2, 0.6), (1.1, 0), (0.2, 0.9), (0, 2.2), (0.4, 3.5), (1.3, 4), (2, 3.4), (2, 2.3), (1.2, 2.3)]],
    "J": [[(1.8, 0), (1.8, 3.2), (1.2, 4), (0.4, 3.8), (0, 3)]],
    "U": [[(0, 0), (0, 3), (0.6, 4), (1.5, 4), (2, 3), (2, 0)]],
    "Pi": [[(0, 0.4), (2.4, 0)], [(0.6, 0.3), (0.4, 4)], [(1.8, 0.2), (1.9, 4)]],
    "Sigma": [[(2, 0.2), (0, 0), (1.2, 2), (0, 4), (2, 3.8)]],
    "Lambda": [[(0, 4), (1, 0), (2, 4)]],
    "Gamma": [[(0, 4), (0, 0), (2, 0.1)]],
    "plus": [[(0, 2), (3, 2)], [(1.5, 0.5), (1.5, 3.5)]],
    "equals": [[(0, 1.5), (3, 1.5)], [(0, 2.8), (3, 2.8)]],
    "minus": [[(0, 2), (3, 2)]],
    "star": [[(0.6, 4), (1.5, 0), (2.4, 4), (0, 1.5), (3, 1.5), (0.6, 4)]],
    "square": [[(0, 0), (3, 0), (3, 3), (0, 3), (0, 0)]],
    "triangle": [[(0, 3), (1.6, 0), (3.2, 3), (0, 3)]],
    "house": [[(0, 4), (0, 1.6), (1.5, 0), (3, 1.6), (3, 4), (0, 4)]],
    "tick": [[(0, 2.4), (1, 4), (3, 0)]],
    "arrow": [[(0, 2), (4, 2)], [(3, 1), (4, 2), (3, 3)]],
    "hash": [[(1, 0), (0.7, 4)], [(2.3, 0), (2, 4)], [(0, 1.3), (3, 1.3)], [(0, 2.7), (3, 2.7)]],
    "heart": [[(1.5, 3.6), (0, 1.5), (0.2, 0.4), (0.9, 0.2), (1.5, 1), (2.1, 0.2), (2.8, 0.4), (3, 1.5), (1.5, 3.6)]],
    "smile": [
        [(2, 0), (0.5, 0.6), (0, 2), (0.5, 3.4), (2, 4), (3.5, 3.4), (4, 2), (3.5, 0.6), (2, 0)],
        [(1.3, 1.2), (1.3, 1.6)],
        [(2.7, 1.2), (2.7, 1.6)],
        [(1, 2.6), (2, 3.1), (3, 2.6)],
    ],
    "spiral": [
        [(2, 2), (2.4, 1.7), (1.5, 1.4), (1.2, 2.1), (1.6, 2.9), (2.6, 2.9), (3.3, 2), (1.8, 0.2), (0, 2.2), (2, 4.2)],
    ],
}


def scribble(random: np.random.Generator) -> Strokes:
    """To judge by: a long line that wanders, the sum of a few random waves each way."""
    time = np.linspace(0.0, 1.0, 150)[:, None, None]
    waves = np.sin(2 * np.pi * (time * random.uniform(0.5, 5.0, (1, 2, 3)) + random.uniform(0, 1, (1, 2, 3))))
    return resized([(waves * random.uniform(0.3, 1.0, (1, 2, 3))).sum(axis=2).astype(np.float32)], 0.6)


def tangle(random: np.random.Generator) -> Strokes:
    """To learn from: one to three strokes whose direction turns at random."""
    strokes = []
    for _ in range(random.integers(1, 4)):
        turning = np.repeat(random.normal(0.0, random.uniform(0.05, 0.25), 24), 5) + random.normal(0.0, 0.05)
        direction = np.cumsum(turning)[: random.integers(40, 121)] + random.uniform(0, 2 * np.pi)
        points = np.cumsum(np.stack([np.cos(direction), np.sin(direction)], axis=1), axis=0)
        strokes.append(points + random.uniform(-15, 15, 2))
    return _placed(strokes)


def corners(random: np.random.Generator) -> Strokes:
    """To learn from: one to four strokes of straight lines between random points."""
    return _placed([random.uniform(0, 1, (random.integers(2, 6), 2)) for _ in range(random.integers(2, 5))])


def zigzag(random: np.random.Generator) -> Strokes:
    """To learn from: one stroke to and fro, upright or not."""
    count = random.integers(5, 11)
    points = np.stack(
        [np.where(np.arange(count) % 2, 0.0, 1.0), np.linspace(0, random.uniform(0.6, 1.6), count)], axis=1
    )
    angle = random.uniform(0, np.pi)
    turned = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return _placed([(points + random.normal(0, 0.1, points.shape)) @ turned])


def dots(random: np.random.Generator) -> Strokes:
    """To learn from: one to three dots."""
    return _placed(list(random.uniform(0, 1, (random.integers(1, 4), 1, 2))))


def written(lines: Polylines, random: np.random.Generator) -> Strokes:
    """A letter or sign, unsteadily written and slanted."""
    slant = random.uniform(-0.2, 0.2)
    strokes = [np.array(line, np.float32) + random.normal(0, 0.12, (len(line), 2)) for line in lines]
    return _placed([stroke @ np.array([[1.0, 0.0], [-slant, 1.0]]) for stroke in strokes])


def any_of(letters: dict[str, Polylines], random: np.random.Generator) -> Strokes:
    """One of these letters, written."""
    return written(letters[sorted(letters)[random.integers(len(letters))]], random)


def two_digits(digits: Sequence[PenDigit], random: np.random.Generator) -> Strokes:
    """Two pen digits side by side."""
    first, second = random.choice(len(digits), 2)
    left, right = (0.3, 0.5), (0.7, 0.5)
    return resized(digits[first].strokes, 0.4, left) + resized(digits[second].strokes, 0.4, right)


def crossed_out(digits: Sequence[PenDigit], random: np.random.Generator) -> Strokes:
    """To learn from: a pen digit with a zigzag or two straight lines through it."""
    count = random.integers(3, 6)
    zigzag = np.stack([np.linspace(0.15, 0.85, count), np.where(np.arange(count) % 2, 0.25, 0.75)], axis=1)
    across = (zigzag + random.normal(0, 0.06, zigzag.shape)).astype(np.float32)
    return (*resized(digits[int(random.integers(len(digits)))].strokes, 0.6), across)


def to_learn(digits: Sequence[PenDigit], random: np.random.Generator) -> Strokes:
    """A drawing of one of the kinds to learn from, made from these writers' digits where it holds any."""
    kinds: list[Callable[[], Strokes]] = [
        *[lambda: any_of(LEARNT, random)] * 6,
        *[lambda: tangle(random)] * 3,
        lambda: corners(random),
        lambda: zigzag(random),
        lambda: dots(random),
        lambda: two_digits(digits, random),
        lambda: crossed_out(digits, random),
    ]
    return kinds[random.integers(len(kinds))]()


def _placed(strokes: Sequence[np.ndarray]) -> Strokes:
    return resized([stroke.astype(np.float32) for stroke in strokes], 0.6)
