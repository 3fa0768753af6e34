"""What a lesson can ask about: numbers of a run, and numbers of each digit."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from math import inf
from typing import NamedTuple

import numpy as np

from mnist_lab.comparing import formatting
from mnist_lab.comparing.formatting import decimal, difference
from mnist_lab.datasets.corruptions import CORRUPTIONS
from mnist_lab.errors import RunError
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.lessons.sources import source
from mnist_lab.networks.shapes import count_parameters
from mnist_lab.store.run import Run, Summary
from mnist_lab.store.ticks import Tick
from mnist_lab.store.validation import Epoch, kept, validations

MUCH = 0.9  # the training accuracy that "epochs to 90 %" waits for


class Result(NamedTuple):
    """A finished run of a lesson, under the name that it has there, and the run's answers on its test set.

    `accuracy_after` is its accuracy in [0, 1] on test images after one of CORRUPTIONS, and takes a moment.
    """

    name: str
    run: Run
    ticks: list[Tick]
    evaluation: Evaluation
    accuracy_after: Callable[[str], float]


class Measure(NamedTuple):
    """A number of one run among those of its lesson, and how it is written."""

    value: Callable[[Result, Sequence[Result]], float]
    show: Callable[[float], str]


percent = partial(formatting.percent, digits=1)


def points(more: float) -> str:
    """A difference of shares: "2.1 points", each a hundredth."""
    return f"{decimal(100 * more, 1)} points"


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"


def _epochs(value: float) -> str:
    return "never" if value == inf else f"{value:.1f} epochs" if value < 10 else f"{value:.0f} epochs"


def _summary(result: Result) -> Summary:
    assert result.run.summary
    return result.run.summary


def _validation(result: Result) -> Epoch:
    """How validation found the weights that the run has kept."""
    epoch = kept(validations(result.ticks), result.run.config)
    if epoch is None:
        raise RunError(f"The run {result.run.name} was not validated, or its metrics.jsonl is damaged.")
    return epoch


def _gap(result: Result) -> float:
    """How much higher the accuracy in training is than that on the test set, as the two are shown."""
    return float(difference(100 * _summary(result).train_accuracy, 100 * result.evaluation.accuracy, 1)) / 100


def _first_epoch(result: Result) -> float:
    ends = (tick.accuracy for tick in result.ticks if tick.ends_epoch)
    accuracy = next(ends, None)
    if accuracy is None:
        raise RunError(f"The run {result.run.name} has no whole epoch, or its metrics.jsonl is damaged.")
    return accuracy


def _epochs_to_much(result: Result) -> float:
    return next((tick.position for tick in result.ticks if tick.accuracy >= MUCH), inf)


def _accuracy_after(corruption: str, result: Result, _: Sequence[Result]) -> float:
    return result.accuracy_after(corruption)


def _disagreement(result: Result, results: Sequence[Result]) -> float:
    """The share of the test images that it answers otherwise than another run, as a mean over the other runs."""
    mine = result.evaluation.answers
    if len({other.evaluation.test_set for other in results}) > 1:
        raise RunError(f"The run {result.run.name} was tested on other images than the others.")
    return float(np.mean([(mine != other.evaluation.answers).mean() for other in results if other is not result]))


MEASURES: dict[str, Measure] = {
    "test accuracy": Measure(lambda result, _: result.evaluation.accuracy, percent),
    "training accuracy": Measure(lambda result, _: _summary(result).train_accuracy, percent),
    "validation accuracy": Measure(lambda result, _: _validation(result).accuracy, percent),
    "validation loss": Measure(lambda result, _: _validation(result).loss, "{:.3f}".format),
    "gap": Measure(lambda result, _: _gap(result), points),
    "mistakes": Measure(lambda result, _: 1000 * (1 - result.evaluation.accuracy), "{:.0f} in 1,000".format),
    "accuracy in the first epoch": Measure(lambda result, _: _first_epoch(result), percent),
    "epochs to 90 %": Measure(lambda result, _: _epochs_to_much(result), _epochs),
    "seconds": Measure(lambda result, _: _summary(result).seconds, _seconds),
    "parameters": Measure(lambda result, _: count_parameters(result.run.config), "{:,.0f}".format),
    "lines of code": Measure(lambda result, _: len(source(result.run.config)), "{:.0f}".format),
    "lowest recall": Measure(lambda result, _: min(digit_values("recall", result)), percent),
    "disagreement": Measure(_disagreement, percent),
    **{f"accuracy after {name}": Measure(partial(_accuracy_after, name), percent) for name in CORRUPTIONS},
}

DIGIT_MEASURES: dict[str, Callable[[Evaluation, int], list[float]]] = {
    "recall": lambda evaluation, _: [score.recall for score in evaluation.digit_scores()],
    "precision": lambda evaluation, _: [score.precision for score in evaluation.digit_scores()],
    "share of wrong answers on": lambda evaluation, digit: _wrong_answers(evaluation, digit),
    "probability on image": lambda evaluation, image: _probabilities(evaluation, image),
}
"""Numbers of the digits 0 to 9, each in [0, 1]; a measure that ends with a number has it: which digit, which image."""


def digit_measure(name: str) -> tuple[str, int] | None:
    """The name in DIGIT_MEASURES and the number that ends it, 0 where there is none; None where it is no such name."""
    found = re.fullmatch(r"(.*?)(?: (\d+))?", name)
    assert found
    measure, number = found.groups()
    needs_number = measure.endswith((" on", " image"))
    return (measure, int(number or 0)) if measure in DIGIT_MEASURES and needs_number == bool(number) else None


def digit_values(name: str, result: Result) -> list[float]:
    found = digit_measure(name)
    assert found
    measure, number = found
    return DIGIT_MEASURES[measure](result.evaluation, number)


def _probabilities(evaluation: Evaluation, image: int) -> list[float]:
    """What is said to one test image."""
    if image >= len(evaluation.labels):
        raise RunError(f"The run was tested on other images: there is no image {image} among them.")
    found: list[float] = evaluation.probabilities[image].tolist()
    return found


def _wrong_answers(evaluation: Evaluation, digit: int) -> list[float]:
    """Of the images of a digit, the share that is taken for each other one."""
    row = evaluation.confusion_matrix[digit].astype(float)
    share = row / max(row.sum(), 1.0)
    share[digit] = 0.0
    return share.tolist()
