"""How much each setting has to do with the accuracy, how sure that is, and from how many runs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mnist_lab.comparing.settings import Axis
from mnist_lab.errors import TooFewRuns

FEWEST_RUNS = 8
RESAMPLES = 25
TREES = 10
SHUFFLES = 6
REDRAWN = 400
LEVELS = (5, 95)  # per cent: nine of ten redrawings fall between them
HELPFUL = 0.1  # of the differences must be explained in unseen runs before any importance is worth a word

Floats = NDArray[np.float64]


class Importance(NamedTuple):
    """One setting, or several that only ever change together, so that their effects cannot be told apart.

    `share` is what part of the variance of the accuracy it has a hand in, alone or together with others; with the
    resampled runs, nine times out of ten it lies between `low` and `high`. `runs` are those in which it matters.
    """

    fields: tuple[str, ...]
    share: float
    low: float
    high: float
    runs: int


class Importances(NamedTuple):
    """All settings, most important first, from so many runs.

    `explained` is the coefficient of determination of accuracies predicted for runs that were not learnt from: 1 is
    perfect, 0 no better than the mean.
    """

    found: list[Importance]
    explained: float
    runs: int

    @property
    def is_of_use(self) -> bool:
        """Whether the settings say anything about the accuracy of a run not seen."""
        return self.explained >= HELPFUL


def importances(axes: Sequence[Axis], accuracies: Sequence[float], seed: int = 0) -> Importances:
    """The importance of each setting for the accuracies of the runs, by permutation in random forests.

    Forests (Breiman 2001) learn from resampled runs; in the runs that a resample left out, a setting is shuffled among
    those in which it means something. Half the growth of the squared error, over the variance, estimates the total
    Sobol index (Jansen 1999). Raises TooFewRuns where there is too little to learn from, and says what to do.
    """
    y = np.asarray(accuracies, np.float64)
    _check(axes, y)
    groups = _inseparable(axes)
    x = np.column_stack([axis.values for axis in axes])
    random = np.random.default_rng(seed)
    growths = np.full((RESAMPLES, len(groups), len(y)), np.nan)
    guesses = np.full((RESAMPLES, len(y)), np.nan)
    for number in range(RESAMPLES):
        drawn = random.integers(len(y), size=len(y))
        left = np.setdiff1d(np.arange(len(y)), drawn)
        if not len(left):
            continue
        filled = _filled(x, random)
        forest = _Forest(filled[drawn], y[drawn], random)
        guesses[number, left] = forest.predict(filled[left])
        for place, group in enumerate(groups):
            meant = random.permutation(left[~np.isnan(x[left][:, group]).all(axis=1)])
            if len(meant) > 1:
                errors = (guesses[number, meant] - y[meant]) ** 2
                growths[number, place, meant] = _shuffled(forest, filled[meant], y[meant], group) - errors
    found = [
        _importance(tuple(axes[column].field for column in group), _mean(growths[:, place]), y, random)
        for place, group in enumerate(groups)
    ]
    return Importances(sorted(found, key=lambda one: -one.share), _explained(y, _mean(guesses)), len(y))


def _check(axes: Sequence[Axis], y: Floats) -> None:
    if len(y) < FEWEST_RUNS:
        raise TooFewRuns(
            f"{len(y)} finished runs are too few to tell which setting matters most; {FEWEST_RUNS} are the least. "
            "A grid or a search makes them quickly."
        )
    if not axes:
        raise TooFewRuns("These runs have all the same settings, so no setting can be made out as the reason.")
    if np.ptp(y) == 0:
        raise TooFewRuns("These runs are all equally good, so no setting mattered.")


def _inseparable(axes: Sequence[Axis]) -> list[list[int]]:
    """The columns in groups: those that part the runs in the same way change only together.

    A setting with another value in each run, as in a search, is a group of its own: its order tells it from others.
    """
    groups: dict[object, list[int]] = {}
    for column, axis in enumerate(axes):
        first, places = np.unique(axis.values, return_index=True, return_inverse=True)[1:]
        by_coming = np.argsort(np.argsort(first))[places]  # the values, numbered by when they first come
        groups.setdefault(by_coming.tobytes() if len(first) < len(places) else column, []).append(column)
    return list(groups.values())


class _Forest:
    """Regression trees, each grown on resampled runs. scikit-learn's own forest takes five times as long to grow."""

    def __init__(self, x: Floats, y: Floats, random: Generator) -> None:
        from sklearn.tree import DecisionTreeRegressor

        self._trees = []
        for number in range(TREES):
            drawn = random.integers(len(y), size=len(y))
            tree = DecisionTreeRegressor(random_state=number)
            self._trees.append(tree.fit(x[drawn].astype(np.float32), y[drawn], check_input=False))

    def predict(self, x: Floats) -> Floats:
        """The mean guess of the trees for each row."""
        rows = x.astype(np.float32)
        return np.mean([tree.predict(rows, check_input=False) for tree in self._trees], axis=0)


def _filled(x: Floats, random: Generator) -> Floats:
    """The settings with any value that others have wherever one means nothing, since any would do there.

    A sign of its own would tell the forest which other setting made it meaningless, and take the credit for that.
    """
    filled = x.copy()
    for column in filled.T:
        missing = np.isnan(column)
        column[missing] = random.choice(column[~missing], size=int(missing.sum()))
    return filled


def _shuffled(forest: _Forest, x: Floats, y: Floats, group: list[int]) -> Floats:
    """The squared error of each run, in random order, with the values of the group from others.

    No run keeps its own values, as some may where a list is just shuffled: with few runs that would hide a part.
    """
    shifts = range(1, min(SHUFFLES, len(y) - 1) + 1)
    copies = np.tile(x, (len(shifts), 1))
    for column in group:
        copies[:, column] = np.concatenate([np.roll(x[:, column], shift) for shift in shifts])
    return ((forest.predict(copies).reshape(len(shifts), -1) - y) ** 2).mean(axis=0)


def _importance(fields: tuple[str, ...], growth: Floats, y: Floats, random: Generator) -> Importance:
    """From how much each run's error grew; resampling the runs (bootstrap) tells how far the share would spread."""
    known = ~np.isnan(growth)
    growth, y = growth[known], y[known]
    if not len(y) or np.ptp(y) == 0:
        return Importance(fields, 0.0, 0.0, 0.0 if len(y) else 1.0, len(y))
    drawn = random.integers(len(y), size=(REDRAWN, len(y)))
    variances = np.maximum(y[drawn].var(axis=1), y.var() / len(y))
    low, high = np.percentile(growth[drawn].mean(axis=1) / (2 * variances), LEVELS)
    share, low, high = (float(np.clip(one, 0.0, 1.0)) for one in (growth.mean() / (2 * y.var()), low, high))
    return Importance(fields, share, low, high, len(y))


def _explained(y: Floats, guesses: Floats) -> float:
    """The coefficient of determination of the mean guesses, each by the forests that had not seen the run."""
    known = ~np.isnan(guesses)
    y, guesses = y[known], guesses[known]
    return float(1 - ((y - guesses) ** 2).mean() / y.var()) if np.ptp(y) else 0.0


def _mean(values: Floats) -> Floats:
    """The mean over the first axis of what is there; NaN where nothing is."""
    there = ~np.isnan(values)
    return np.where(there, values, 0.0).sum(axis=0) / np.where(there.any(axis=0), there.sum(axis=0), np.nan)
