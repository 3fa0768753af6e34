"""Digits as people draw them with a pen, as drawings of them that models learn from.

The UCI set "Pen-Based Recognition of Handwritten Digits" (E. Alpaydin and F. Alimoglu, CC BY 4.0): the pen's raw
trajectories, by 30 writers. It comes with the lab, one JSON object a line:
`{"label": 8, "writer": 12, "strokes": [[[x, y], ...], ...]}`, in a box of 500 x 500, x to the right, y down.
"""

import gzip
import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets import files
from mnist_lab.errors import DAMAGE, DatasetError
from mnist_lab.images.preprocessing import SIDE, prepare
from mnist_lab.images.strokes import CANVAS_SIDE, PEN_WIDTHS, Stroke, draw, resized

TEST_WRITERS = frozenset({3, 5, 11, 12, 17, 22, 27, 29})  # every run is scored on digits of theirs
TEST_DIGITS = 500  # so that a worker has drawn them in a second
FILES = ("pen-strokes-dev.jsonl.gz", "pen-strokes-dev.jsonl")
BOX = 500.0
SIZES = (0.18, 0.8)  # of the canvas: how long the longest side of a drawn digit may be
THICKEST = 0.35  # of a digit's longest side: with a thicker pen nothing can be read
DRAWINGS = 3  # of each digit to learn from


class PenDigit(NamedTuple):
    """One digit as it was written: its label in 0..9, its writer's number, its strokes.

    Each stroke is float32 (n, 2), the pen's (x, y) in [0, 1] of the writing box, x to the right, y down.
    """

    label: int
    writer: int
    strokes: tuple[Stroke, ...]


class WriterSplit(NamedTuple):
    """Digits to learn from, and those of writers that nothing is learnt from."""

    learned: list[PenDigit]
    held_out: list[PenDigit]


def load() -> list[PenDigit]:
    """The pen digits, kept in memory once read. Raises DatasetError where their file is damaged."""
    return read(*files.found(*FILES))


@lru_cache(maxsize=2)
def read(path: Path, _changed: int = 0) -> list[PenDigit]:
    """The digits of one JSON Lines file, plain or gzipped. Raises DatasetError where it is damaged."""
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        return [_digit(json.loads(line)) for line in content.splitlines()]
    except DAMAGE as error:
        raise DatasetError(
            f"The file of pen digits is damaged or incomplete ({error}): {path}. {files.REMEDY}"
        ) from error


def split_by_writer(digits: Iterable[PenDigit], held_out: int, seed: int) -> WriterSplit:
    """Put all digits of `held_out` writers, drawn at random from `seed`, apart from those of the others."""
    digits = list(digits)
    apart = held_out_writers(digits, held_out, seed)
    return WriterSplit(
        [digit for digit in digits if digit.writer not in apart], [digit for digit in digits if digit.writer in apart]
    )


def held_out_writers(digits: Iterable[PenDigit], held_out: int, seed: int) -> frozenset[int]:
    """The numbers of the writers that this seed holds out."""
    writers = sorted({digit.writer for digit in digits})
    return frozenset(np.random.default_rng(seed).permutation(writers)[:held_out].tolist())


class Drawings(NamedTuple):
    """Drawn digits as the models see them: uint8 (n, 28, 28) in 0..255, ink bright, and labels, uint8 (n,) in 0..9."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


@lru_cache(maxsize=2)
def drawings(held_out: int, seed: int, limit: int | None = None) -> tuple[Drawings, Drawings]:
    """Drawings of the first `limit` digits to learn from, and of those of the writers held out.

    Each digit to learn from is drawn DRAWINGS times, with other pens and in other sizes, each digit held out once, as
    it was written, with the page's pen. All go through `prepare`. Raises DatasetUnavailable.
    """
    random = np.random.default_rng(seed)
    parts = split_by_writer(load(), held_out, seed)
    learned = [digit for digit in parts.learned[:limit] for _ in range(DRAWINGS)]
    return (
        _drawings(learned, (draw_somehow(digit.strokes, random) for digit in learned)),
        as_drawn(parts.held_out),
    )


def shared_test() -> Drawings:
    """TEST_DIGITS digits of TEST_WRITERS as the models see them, drawn once a process: what all runs are scored on.

    Raises DatasetError where their file is damaged.
    """
    return _of_test_writers(*files.found(*FILES))


@lru_cache(maxsize=1)
def _of_test_writers(path: Path, changed: int) -> Drawings:
    digits = [digit for digit in read(path, changed) if digit.writer in TEST_WRITERS]
    chosen = np.random.default_rng(0).permutation(len(digits))[:TEST_DIGITS]
    return as_drawn([digits[place] for place in chosen])


def as_drawn(digits: Sequence[PenDigit]) -> Drawings:
    """Digits drawn as they were written, with the page's pen, and prepared for the models."""
    return _drawings(digits, (draw(digit.strokes) for digit in digits))


def draw_somehow(strokes: Sequence[Stroke], random: np.random.Generator) -> NDArray[np.uint8]:
    """Strokes drawn anywhere on the canvas, in any size, with any pen that leaves them readable; as `draw` answers."""
    longest = random.uniform(*SIZES)
    pen_width = min(random.uniform(*PEN_WIDTHS), longest * CANVAS_SIDE * THICKEST)
    return draw(resized(strokes, longest, middle=tuple(random.uniform(0.4, 0.6, size=2))), CANVAS_SIDE, pen_width)


def _drawings(digits: Sequence[PenDigit], drawn: Iterable[NDArray[np.uint8]]) -> Drawings:
    images = np.zeros((len(digits), SIDE, SIDE), dtype=np.uint8)
    for place, image in enumerate(drawn):
        prepared = prepare(image)
        if prepared is not None:
            images[place] = np.round(prepared * 255.0)
    return Drawings(images, np.array([digit.label for digit in digits], dtype=np.uint8))


def _digit(record: dict[str, Any]) -> PenDigit:
    strokes = tuple(np.array(stroke, dtype=np.float32).reshape(-1, 2) / np.float32(BOX) for stroke in record["strokes"])
    if not 0 <= record["label"] <= 9 or not strokes or not all(len(stroke) for stroke in strokes):
        raise ValueError("a line that is no digit")
    return PenDigit(int(record["label"]), int(record["writer"]), strokes)
