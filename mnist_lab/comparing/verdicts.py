"""Which of two runs is better, and is it luck? All from their evaluations; no model runs here."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mnist_lab.comparing.families import labels
from mnist_lab.comparing.formatting import SIGNIFICANT, percent
from mnist_lab.errors import RunError
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.store.run import Run
from mnist_lab.store.runs import RunStore

Z = 1.959963984540054  # standard deviations that hold 95 % of a normal distribution


class Interval(NamedTuple):
    """Where a share lies, as far as these images tell: both ends in [0, 1]."""

    low: float
    high: float


@dataclass(frozen=True)
class Verdict:
    """Two runs on the same test images.

    `fixed` are images that only the second gets right, `broken` those that only the first does. `p_value` is the exact
    McNemar test's: how often luck alone would part two equally good ones at least so far (McNemar 1947, Psychometrika
    12:153). The intervals are Wilson's, at 95 %.
    """

    first: str
    second: str
    first_accuracy: float
    second_accuracy: float
    fixed: int
    broken: int
    p_value: float
    images: int
    first_interval: Interval
    second_interval: Interval

    @property
    def better(self) -> str | None:
        """The id of the better run, or None where the difference may well be luck."""
        if self.p_value >= SIGNIFICANT:
            return None
        return self.second if self.fixed > self.broken else self.first


def verdict(first: Run, second: Run, store: RunStore) -> Verdict:
    """Compare two runs. Raises RunError where one has no evaluation, or they were tested on different images."""
    one, two = store.evaluation(first.id), store.evaluation(second.id)
    if one.test_set != two.test_set:
        both = " and ".join(labels((first, second)).values())
        raise RunError(f"{both} were tested on different images and cannot be compared.")
    return judge(one, two, first.id, second.id)


def judge(one: Evaluation, two: Evaluation, first: str = "A", second: str = "B") -> Verdict:
    """The verdict between two evaluations of the same test set."""
    fixed = int((two.correct & ~one.correct).sum())
    broken = int((one.correct & ~two.correct).sum())
    p_value = float(exact_mcnemar(fixed, broken))
    accuracies = one.accuracy, two.accuracy
    return Verdict(
        first, second, *accuracies, fixed, broken, p_value, len(one.labels), *(interval(each) for each in (one, two))
    )


def exact_mcnemar(fixed: ArrayLike, broken: ArrayLike) -> NDArray[np.float64]:
    """The two-sided p-values in [0, 1] of the exact McNemar test, for counts of images that only one gets right.

    If both were equally good, each such image would be a fair coin: twice the chance that no more of them fall on the
    rarer side than did.
    """
    from scipy.special import bdtr  # the binomial distribution; scipy.stats takes far longer to import

    fixed, broken = np.asarray(fixed, dtype=np.int64), np.asarray(broken, dtype=np.int64)
    p_values: Any = np.minimum(1.0, 2 * bdtr(np.minimum(fixed, broken), fixed + broken, 0.5))
    return p_values


def interval(evaluation: Evaluation) -> Interval:
    """The 95 % interval of an accuracy (Wilson 1927, Journal of the American Statistical Association 22:209)."""
    right, number = float(evaluation.correct.sum()), len(evaluation.labels)
    middle = (right + Z * Z / 2) / (number + Z * Z)
    reach = Z / (number + Z * Z) * np.sqrt(right * (number - right) / number + Z * Z / 4)
    return Interval(float(middle - reach), float(middle + reach))


def sentence(verdict: Verdict, first: str, second: str) -> str:
    """The verdict in plain words, for runs of these names: the better one's view, or the second one's."""
    if not verdict.fixed and not verdict.broken:
        return f"No difference: {first} and {second} get the very same images right, {percent(verdict.first_accuracy)}."
    accuracies = verdict.first_accuracy, verdict.second_accuracy
    if verdict.better is None:
        both = f"{first} {percent(accuracies[0])}, {second} {percent(accuracies[1])}"
        return f"No clear winner: {both}. {_exchange(second, first, verdict.fixed, verdict.broken)}; that may be luck."
    likelihood = "very unlikely" if verdict.p_value < 0.001 else "unlikely"
    score = f"{percent(max(accuracies))} against {percent(min(accuracies))}"
    if verdict.better == verdict.second:
        exchange = _exchange("It", first, verdict.fixed, verdict.broken)
        return f"{second} is better: {score}. {exchange}; that is {likelihood} to be luck."
    exchange = _exchange("It", second, verdict.broken, verdict.fixed)
    return f"{first} is better: {score}. {exchange}; that is {likelihood} to be luck."


def _exchange(one: str, other: str, fixed: int, broken: int) -> str:
    return f"{one} fixes {images(fixed)} that {other} gets wrong and breaks {broken:,} that {other} gets right"


def images(number: int) -> str:
    """So many images: "1 image", "1,250 images"."""
    return f"{number:,} image{'' if number == 1 else 's'}"
