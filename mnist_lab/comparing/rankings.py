"""More than two runs on the same test images: who beats whom, when every pair is tested."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.comparing.formatting import SIGNIFICANT, percent
from mnist_lab.comparing.verdicts import Interval, exact_mcnemar, interval
from mnist_lab.inference.evaluation import Evaluation


class Ranking(NamedTuple):
    """Runs by accuracy, the best first.

    `fixed`, int64 (n, n): images that the row's run gets right and the column's wrong. `p_values`, float64 (n, n): of
    the exact McNemar tests of all pairs together, by Holm's correction; 1 on the diagonal. `images` is their number.
    """

    runs: list[str]
    accuracies: list[float]
    intervals: list[Interval]
    fixed: NDArray[np.int64]
    p_values: NDArray[np.float64]
    images: int

    @property
    def beats(self) -> NDArray[np.bool_]:
        """Whether the row's run is better than the column's beyond luck, bool (n, n)."""
        return (self.p_values < SIGNIFICANT) & (self.fixed > self.fixed.T)

    @property
    def pairs(self) -> int:
        return len(self.runs) * (len(self.runs) - 1) // 2


def rank(evaluations: Mapping[str, Evaluation]) -> Ranking:
    """Compare every pair of at least one evaluation of the same test set, by the runs' ids."""
    runs = sorted(evaluations, key=lambda run: -evaluations[run].accuracy)
    right = np.stack([evaluations[run].correct for run in runs]).astype(np.float32)
    fixed = np.rint(right @ (1 - right).T).astype(np.int64)
    upper = np.triu_indices(len(runs), k=1)
    p_values = np.ones(fixed.shape)
    p_values[upper] = holm(exact_mcnemar(fixed[upper], fixed.T[upper]))
    p_values.T[upper] = p_values[upper]
    accuracies = [evaluations[run].accuracy for run in runs]
    return Ranking(runs, accuracies, [interval(evaluations[run]) for run in runs], fixed, p_values, right.shape[1])


def holm(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """P-values of tests that were made together, (n,), each in [0, 1].

    Below 0.05 they hold with at most 5 % chance that luck made even one of them (Holm 1979, Scandinavian Journal of
    Statistics 6:65).
    """
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * factors)) if len(order) else []
    return corrected


def leader(ranking: Ranking, names: Mapping[str, str]) -> str:
    """Who is ahead and how clearly, in plain words, for runs of these names by id."""
    first, *others = ranking.runs
    ahead, reached = names[first], percent(ranking.accuracies[0])
    beaten = [run for run, won in zip(others, ranking.beats[0, 1:], strict=True) if won]
    if len(beaten) == len(others):
        return f"{ahead} is the best of the {len(ranking.runs)}: {reached}, better than every other one beyond luck."
    if not beaten:
        return f"No clear winner: {ahead} is ahead with {reached}, but its lead over every other one may be luck."
    level = [names[run] for run in others if run not in beaten]
    return (
        f"{ahead} is ahead with {reached}: clearly better than {len(beaten)} of the other {len(others)}, "
        f"but its lead over {_listed(level)} may be luck."
    )


def _listed(names: Sequence[str], most: int = 3) -> str:
    shown = list(names[:most]) + ([f"{len(names) - most} more"] if len(names) > most else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
