"""How runs learned: any metric, by epochs, steps or seconds, smoothed, several seeds as one."""

from collections.abc import Callable, Sequence
from math import inf, isnan, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.store.adjustments import adjustments
from mnist_lab.store.ticks import TICKS_AN_EPOCH, Tick
from mnist_lab.store.validation import Epoch, validations

MOST_POINTS = 300  # of a curve: more cannot be told apart on a screen

Floats = NDArray[np.float64]

HIGHEST = {"accuracy": 1.0, "loss": inf}
ROUNDING = 4 * np.finfo(float).eps  # of a sum that a mean was made of and made again
METRICS = {"accuracy": "Accuracy", "loss": "Loss", "learning_rate": "Learning rate"}
AXES: dict[str, Callable[[Tick], float]] = {
    "epochs": lambda tick: tick.position,
    "steps": lambda tick: (tick.epoch - 1) * tick.steps + tick.step,
    "seconds": lambda tick: tick.seconds,
}
"""What a metric can be drawn over: epochs behind, steps of the optimizer, seconds of training."""


class Line(NamedTuple):
    """One metric over one axis, `x` and `y` float64 (n,); `low` and `high` the least and greatest of several."""

    x: Floats
    y: Floats
    low: Floats | None = None
    high: Floats | None = None


def line(ticks: Sequence[Tick], metric: str, axis: str, validation: bool = False) -> Line | None:
    """One run's line, or None where it has none. In training, each point is of the batches since the one before."""
    if validation:
        ends = {tick.epoch: tick for tick in ticks}
        epochs = validations(ticks) if metric in Epoch._fields else []
        seen, values = [ends[epoch.number] for epoch in epochs], [getattr(epoch, metric) for epoch in epochs]
    else:
        seen = thinned(ticks)
        values = [tick.learning_rate for tick in seen] if metric == "learning_rate" else since_last(seen, metric)
    known = [(AXES[axis](tick), value) for tick, value in zip(seen, values, strict=True) if not isnan(value)]
    return Line(*np.array(known, dtype=float).T) if known else None


def smoothed(line: Line, weight: float) -> Line:
    """Each value replaced by that of a straight line through its neighbours, of which the next counts `weight` in
    [0, 1), the one after it weight ** 2, and so on.

    So a straight line stays as it is, nothing lags behind what it smooths, and a last value that happens to be low does
    not bend the end (local linear regression: Cleveland 1979). What is smoothed stays between the least and the
    greatest value.
    """
    count = len(line.y)
    if not weight or count < 2:
        return line
    away = np.arange(count) - np.arange(count)[:, np.newaxis]
    shares = (weight ** np.arange(count))[np.abs(away)]
    total, first, second = shares.sum(axis=1), (shares * away).sum(axis=1), (shares * away**2).sum(axis=1)
    heights = (second * (shares @ line.y) - first * ((shares * away) @ line.y)) / (total * second - first**2)
    return line._replace(y=np.clip(heights, line.y.min(), line.y.max()))


def together(lines: Sequence[Line]) -> Line | None:
    """The mean of several lines where all of them are, with the least and the greatest; None where they are nowhere."""
    start, end = max(line.x[0] for line in lines), min(line.x[-1] for line in lines)
    shortest = min(lines, key=lambda line: len(line.x))
    x = shortest.x[(shortest.x >= start) & (shortest.x <= end)]
    if not len(x):
        return None
    values = np.array([np.interp(x, line.x, line.y) for line in lines])
    return Line(x, values.mean(axis=0), values.min(axis=0), values.max(axis=0))


def gap(training: Line, validation: Line, larger_is_better: bool) -> Line | None:
    """What training is better than validation, where both are: between `low` and `high`, nothing where it is not."""
    inside = (validation.x >= training.x[0]) & (validation.x <= training.x[-1])
    x, y = validation.x[inside], validation.y[inside]
    trained = np.interp(x, training.x, training.y)
    better = np.maximum(y, trained) if larger_is_better else np.minimum(y, trained)
    return Line(x, y, y, better) if len(x) > 1 else None


def changes(ticks: Sequence[Tick], axis: str) -> list[tuple[float, str]]:
    """Where on an axis a setting was changed while it trained, and which: (1.5, "learning rate 0.01")."""
    places = {tick.position: AXES[axis](tick) for tick in ticks}
    return [(places[one.epochs], one.what) for one in adjustments(ticks)]


def thinned(ticks: Sequence[Tick]) -> list[Tick]:
    """Of each epoch the first ticks behind equal parts of it, about MOST_POINTS together and the ends among them.

    A tick is due at such parts, and at some time after the one before. Drawn with both, points that are close to the
    one before would be means over few images, and jump about.
    """
    epochs = ticks[-1].epoch - ticks[0].epoch + 1 if ticks else 1
    parts = min(TICKS_AN_EPOCH, max(1, MOST_POINTS // epochs))
    behind = [(tick.epoch, tick.step * parts // tick.steps) for tick in ticks]
    before = [(0, 0), *behind]
    return [
        tick
        for tick, (epoch, part), last in zip(ticks, behind, before, strict=False)
        if part > (last[1] if last[0] == epoch else 0) or tick.ends_epoch
    ]


def since_last(ticks: Sequence[Tick], metric: str) -> list[float]:
    """A metric over the images since the tick before, from its means since the start of the epoch.

    The means themselves would draw a step at the start of each epoch, where they start over. nan where there is no such
    value, since the two ticks cannot both be right: the loss would be below 0, or the accuracy not in [0, 1].
    """
    values = []
    for before, tick in zip([None, *ticks], ticks, strict=False):
        value = getattr(tick, metric)
        if before and before.epoch == tick.epoch:
            value = _since(before, tick, metric)
        values.append(value if 0 <= value <= HIGHEST[metric] else nan)
    return values


def _since(before: Tick, tick: Tick, metric: str) -> float:
    """The mean over the images between two ticks of an epoch; over the steps where they do not count images.

    The sums that the means were made of come back but for rounding, which counts of right answers do not have.
    """
    counts = (before.step, tick.step) if before.images is None or tick.images is None else (before.images, tick.images)
    first, second = (getattr(one, metric) * count for one, count in zip((before, tick), counts, strict=True))
    if metric == "accuracy" and tick.images is not None:
        first, second = round(first), round(second)
    total = 0.0 if abs(second - first) <= ROUNDING * second else second - first
    return total / (counts[1] - counts[0]) if counts[1] > counts[0] else nan
