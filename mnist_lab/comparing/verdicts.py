"""Which of two runs is better, and is it luck? All from their evaluations; no model runs here."""

from dataclasses import dataclass

from mnist_lab.errors import RunError
from mnist_lab.evaluation import Evaluation
from mnist_lab.runs import Run, RunStore

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Verdict:
    """Two runs on the same test images.

    `fixed` are images that only the second gets right, `broken` those that only the first does. `p_value` is the exact
    McNemar test's: how often luck alone would part the two at least so far (McNemar 1947, Psychometrika 12:153).
    """

    first: str
    second: str
    first_accuracy: float
    second_accuracy: float
    fixed: int
    broken: int
    p_value: float
    images: int

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
        raise RunError(f"{first.name} and {second.name} were tested on different images and cannot be compared.")
    return judge(one, two, first.id, second.id)


def judge(one: Evaluation, two: Evaluation, first: str = "A", second: str = "B") -> Verdict:
    """The verdict between two evaluations of the same test set."""
    from scipy.stats import binomtest

    fixed = int((two.correct & ~one.correct).sum())
    broken = int((one.correct & ~two.correct).sum())
    p_value = float(binomtest(fixed, fixed + broken).pvalue) if fixed + broken else 1.0
    return Verdict(first, second, one.accuracy, two.accuracy, fixed, broken, p_value, len(one.labels))


def sentence(verdict: Verdict, first: str, second: str) -> str:
    """The verdict in plain words, for runs of these names."""
    exchange = f"{second} gets {verdict.fixed} images right that {first} gets wrong, and loses {verdict.broken}"
    if verdict.better is None:
        both = f"{verdict.first_accuracy:.2%} against {verdict.second_accuracy:.2%}"
        return f"No clear winner: {both}. {exchange}; that may well be luck."
    ahead = second if verdict.better == verdict.second else first
    high, low = sorted((verdict.first_accuracy, verdict.second_accuracy), reverse=True)
    likelihood = "very unlikely" if verdict.p_value < 0.001 else "unlikely"
    return f"{ahead} is better: {high:.2%} against {low:.2%}. {exchange}; that is {likelihood} to be luck."
