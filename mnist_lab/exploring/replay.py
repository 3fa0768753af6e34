"""When a model made up its mind: its answers while a drawing grows."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.images.preprocessing import ink, prepare
from mnist_lab.images.strokes import CANVAS_SIDE, PEN_WIDTH, Stroke, draw
from mnist_lab.inference.predictor import Prediction, Predictor


class Moment(NamedTuple):
    """A drawing on its way: the share of its ink that is drawn, and float32 (10,), or None while nothing is."""

    share: float
    probabilities: NDArray[np.float32] | None


def replay(frames: Sequence[NDArray[np.uint8]], predictor: Predictor) -> list[Moment]:
    """What a model makes of a drawing as it grows; the last frame is the whole one, and its ink counts as 1."""
    prepared = [prepare(frame) for frame in frames]
    amounts = [float(ink(frame).sum()) for frame in frames]
    inked = [image for image in prepared if image is not None]
    answers = iter(predictor.probabilities(np.stack(inked)) if inked else ())
    return [
        Moment(amount / max(amounts[-1], 1e-6), None if image is None else next(answers))
        for amount, image in zip(amounts, prepared, strict=True)
    ]


def decided(moments: Sequence[Moment]) -> int | None:
    """The index of the first moment from which the answer stays the last one; None where there is no last answer."""
    answers = [None if moment.probabilities is None else Prediction(moment.probabilities).digit for moment in moments]
    if not answers or answers[-1] is None:
        return None
    others = [index for index, answer in enumerate(answers) if answer != answers[-1]]
    return others[-1] + 1 if others else 0


def growth(
    strokes: Sequence[Sequence[tuple[float, float]]],
    steps: int = 24,
    side: int = CANVAS_SIDE,
    pen_width: float = PEN_WIDTH,
) -> Iterator[NDArray[np.uint8]]:
    """The drawing as it grew, `steps` times: uint8 (side, side) in 0..255, ink bright, the last one whole.

    `strokes` are points (x, y) in canvas pixels, in the order drawn. The pen moves as fast everywhere; between strokes
    it takes no time.
    """
    lines = [np.asarray(stroke, dtype=np.float32).reshape(-1, 2) for stroke in strokes if len(stroke)]
    total = sum(_length(line) for line in lines)
    for step in range(1, steps + 1):
        drawn = lines if step == steps else _until(lines, total * step / steps)
        yield draw([line / np.float32(side) for line in drawn], side, pen_width)


def _length(line: Stroke) -> float:
    return 1.0 + float(np.hypot(*np.diff(line, axis=0).T).sum())  # setting the pen down counts as a pixel


def _until(lines: Sequence[Stroke], length: float) -> list[Stroke]:
    """The strokes as far as the pen has come after `length` pixels."""
    drawn = []
    for line in lines:
        if length <= 0.0:
            break
        behind = np.concatenate([[0.0], np.hypot(*np.diff(line, axis=0).T).cumsum()])
        here = min(max(length - 1.0, 0.0), float(behind[-1]))
        tip = [np.interp(here, behind, line[:, axis]) for axis in (0, 1)]
        drawn.append(np.concatenate([line[behind < here], [tip]]).astype(np.float32))
        length -= _length(line)
    return drawn
