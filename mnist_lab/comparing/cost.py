"""What accuracy costs: the runs that nothing beats at their price, and what others have published."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from mnist_lab.config.recipes import RECIPES
from mnist_lab.store.run import Run, Summary


class Cost(NamedTuple):
    """Something that accuracy costs: its name with the unit, its text for people, and how much of it a run took."""

    title: str
    text: str
    of: Callable[[Summary], float]


COSTS: dict[str, Cost] = {
    "Parameters": Cost("parameters", "{:,.0f} parameters", lambda summary: summary.parameters),
    "Training time": Cost("seconds of training", "{:,.1f} s of training", lambda summary: summary.seconds),
    "Model size": Cost("size of the model in kB", "{:,.0f} kB", lambda summary: summary.model_bytes / 1000),
}


class Point(NamedTuple):
    """One run: what it cost, its test accuracy in [0, 1], and whether no other run is both as cheap and as good.

    `published` is the test accuracy that the source of its recipe prints, if it prints one.
    """

    run_id: str
    dataset: str
    cost: float
    accuracy: float
    on_front: bool
    published: float | None = None


class Record(NamedTuple):
    """A published test accuracy on MNIST, in [0, 1], and who published it."""

    name: str
    accuracy: float
    source: str
    link: str = ""


LENET = "LeCun, Bottou, Bengio and Haffner 1998, Proceedings of the IEEE 86(11)"

RECORDS = (
    Record("linear classifier, 1998", 0.88, LENET, "https://ieeexplore.ieee.org/document/726791"),
    Record("LeNet-5, 1998", 0.9905, LENET, "https://ieeexplore.ieee.org/document/726791"),
    Record(
        "big dense network, 2010",
        0.9965,
        "Cireşan, Meier, Gambardella and Schmidhuber 2010",
        "https://arxiv.org/abs/1003.0358",
    ),
    Record("committee of CNNs, 2012", 0.9977, "Cireşan, Meier and Schmidhuber 2012", "https://arxiv.org/abs/1202.2745"),
    Record("two-layer ensemble, 2020", 0.9991, "An, Lee, Park, Yang and So 2020", "https://arxiv.org/abs/2008.10400"),
)
"""What the sources print is an error of 12.0 %, 0.95 %, 0.35 % and 0.23 %, and an accuracy of 99.91 %."""


def points(runs: Iterable[Run], cost: Cost) -> list[Point]:
    """The finished runs; which of them are on the front is found among those of the same dataset."""
    found = [_point(run, cost.of(run.summary), run.summary.test_accuracy) for run in runs if run.summary]
    return [point._replace(on_front=not any(_beats(other, point) for other in found)) for point in found]


def front(points: Iterable[Point]) -> list[Point]:
    """The points that nothing beats (Pareto 1906), the cheapest first."""
    return sorted((point for point in points if point.on_front), key=lambda point: (point.cost, point.accuracy))


def published(runs: Iterable[Run]) -> list[Record]:
    """What the sources of the runs' recipes print, a recipe once."""
    names = dict.fromkeys(run.asked.recipe for run in runs if _published(run) is not None)
    return [Record(name, RECIPES[name].published.test_accuracy or 0.0, RECIPES[name].source) for name in names if name]


def explained(points: Sequence[Point], with_records: bool) -> str:
    """What the marks of a chart of these runs mean."""
    words = ["Filled points, joined by the line: no other run is both cheaper and better."]
    if len({point.dataset for point in points}) > 1:
        words.append("Points of another shape: another dataset, with a line of its own.")
    if with_records and any(point.published is not None for point in points):
        words.append("Short lines: what is published for the same recipe.")
    words.append(
        "The scale goes by mistakes: from 98 % to 99 % is as far as from 99 % to 99.5 %, since both halve them. "
        "A point without a name, for which there is no room, tells it to the mouse."
    )
    return " ".join(words)


def _point(run: Run, cost: float, accuracy: float) -> Point:
    return Point(run.id, run.config.dataset, cost, accuracy, True, _published(run))


def _published(run: Run) -> float | None:
    recipe = RECIPES.get(run.asked.recipe or "")
    return recipe.published.test_accuracy if recipe else None


def _beats(one: Point, other: Point) -> bool:
    """Whether a run of the same dataset is as cheap and as good as another, and in one of the two better."""
    as_good = one.cost <= other.cost and one.accuracy >= other.accuracy
    differs = one.cost != other.cost or one.accuracy != other.accuracy
    return one.dataset == other.dataset and as_good and differs
