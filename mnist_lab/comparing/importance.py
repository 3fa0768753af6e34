"""How much each setting has to do with the accuracy, how sure that is, and from how many runs."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from mnist_lab.comparing.settings import Axis
from mnist_lab.errors import TooFewRuns

FEWEST_RUNS = 8
RESAMPLES = 30
TREES = 12
SHUFFLES = 6
LEVELS = (5, 95)  # per cent: nine of ten resamples fall between them
APART = -1e9
HELPFUL = 0.1  # of the differences must be explained in unseen runs before any importance is worth a word

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


class Importance(NamedTuple):
    """One setting, or several that only ever change together, so that nobody can tell which of them it was.

    `share` is what part of the variance of the accuracy it has a hand in, alone or together with others; nine of ten
    resamples of the runs put it between `low` and `high`. `runs` are those in which it means something.
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
    shares = np.full((RESAMPLES, len(groups)), np.nan)
    guesses = np.full((RESAMPLES, len(y)), np.nan)
    for number in range(RESAMPLES):
        drawn = random.integers(len(y), size=len(y))
        left = np.setdiff1d(np.arange(len(y)), drawn)
        if len(left) < 2:
            continue
        forest = _Forest(x[drawn], y[drawn], random)
        guesses[number, left] = forest.predict(x[left])
        shares[number] = _shares(forest, x, y, left, groups, random)
    found = [
        _importance(tuple(axes[column].field for column in group), shares[:, place], x[:, group[0]])
        for place, group in enumerate(groups)
    ]
    return Importances(sorted(found, key=lambda one: -one.share), _explained(y, guesses), len(y))


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
            self._trees.append(tree.fit(_ready(x[drawn]), y[drawn], check_input=False))

    def predict(self, x: Floats) -> Floats:
        """The mean guess of the trees for each row."""
        rows = _ready(x)
        return np.mean([tree.predict(rows, check_input=False) for tree in self._trees], axis=0)


def _ready(x: Floats) -> NDArray[np.float32]:
    """What trees take: where a setting means nothing stands a value apart from all others."""
    return np.ascontiguousarray(np.nan_to_num(x, nan=APART), np.float32)


def _shares(
    forest: _Forest, x: Floats, y: Floats, left: Places, groups: list[list[int]], random: Generator
) -> list[float]:
    """For each group, half of how much the error in the runs left out grows where it is shuffled, over the variance."""
    shuffled = [_shuffled(x[left], group, random) for group in groups]
    rows = np.concatenate([x[left], *(copies for copies, _ in shuffled)])
    guessed = forest.predict(rows)
    plain = (y[left] - guessed[: len(left)]) ** 2
    shares, begin = [], len(left)
    for group, (copies, run) in zip(groups, shuffled, strict=True):
        errors = (y[left][run] - guessed[begin : begin + len(copies)]) ** 2
        variance = y[~np.isnan(x[:, group[0]])].var()
        growth = (errors - plain[run]).mean() if len(run) else np.nan
        shares.append(float(growth / (2 * variance)) if variance else 0.0)
        begin += len(copies)
    return shares


def _shuffled(x: Floats, group: list[int], random: Generator) -> tuple[Floats, Places]:
    """Copies of the runs in which a group means something, each with its values from another; and whose copy is which.

    No run keeps its own values, as it may where lists are just shuffled: with few runs that would hide a part.
    """
    meant = random.permutation(np.flatnonzero(~np.isnan(x[:, group[0]])))
    shifts = range(1, min(SHUFFLES, len(meant) - 1) + 1)
    run = np.tile(meant, len(shifts))
    copies = x[run]
    for column in group:
        copies[:, column] = np.concatenate([np.roll(x[meant, column], shift) for shift in shifts] or [[]])
    return copies, run


def _importance(fields: tuple[str, ...], shares: Floats, values: Floats) -> Importance:
    shares = shares[~np.isnan(shares)]
    runs = int((~np.isnan(values)).sum())
    if not len(shares):
        return Importance(fields, 0.0, 0.0, 1.0, runs)
    low, high = np.percentile(shares, LEVELS)
    share, low, high = (float(np.clip(one, 0.0, 1.0)) for one in (shares.mean(), low, high))
    return Importance(fields, share, low, high, runs)


def _explained(y: Floats, guesses: Floats) -> float:
    """The coefficient of determination of the mean guess for each run by the forests that had not seen it."""
    guessed = ~np.isnan(guesses).all(axis=0)
    errors = (y[guessed] - np.nanmean(guesses[:, guessed], axis=0)) ** 2
    return float(1 - errors.mean() / y[guessed].var()) if np.ptp(y[guessed]) else 0.0
