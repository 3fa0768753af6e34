"""How runs learned: any metric, by epochs, steps or seconds, smoothed, several seeds as one."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.runs import Tick
from mnist_lab.validation import Epoch, validations

MOST_POINTS = 300  # of a curve: more cannot be told apart on a screen

Floats = NDArray[np.float64]

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
    return Line(np.array([AXES[axis](tick) for tick in seen]), np.array(values, dtype=float)) if seen else None


def smoothed(line: Line, weight: float) -> Line:
    """An exponential moving average with that weight in [0, 1) on the past, free of its bias to the first value.

    The bias is corrected as Adam corrects that of its moments (Kingma and Ba 2015), so it is defined from the start.
    """
    if not weight:
        return line
    mean, averages = 0.0, []
    for count, value in enumerate(line.y, start=1):
        mean = weight * mean + (1 - weight) * value
        averages.append(mean / (1 - weight**count))
    return line._replace(y=np.array(averages))


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


def thinned(ticks: Sequence[Tick]) -> list[Tick]:
    """At most about MOST_POINTS ticks, with the end of every epoch among them."""
    every = max(1, len(ticks) // MOST_POINTS)
    return [tick for place, tick in enumerate(ticks) if place % every == 0 or tick.ends_epoch]


def since_last(ticks: Sequence[Tick], metric: str) -> list[float]:
    """A metric over the batches since the tick before, from its means since the start of the epoch.

    The means themselves would draw a step at the start of each epoch, where they begin anew.
    """
    values = []
    for before, tick in zip([None, *ticks], ticks, strict=False):
        mean = getattr(tick, metric)
        if before and before.epoch == tick.epoch:
            total = mean * tick.step - getattr(before, metric) * before.step
            mean = total / (tick.step - before.step)
        values.append(min(max(mean, 0.0), 1.0) if metric == "accuracy" else mean)  # differences of rounded means
    return values
