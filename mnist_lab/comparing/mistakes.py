"""What runs mistake for what, and on which images."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.comparing.formatting import difference
from mnist_lab.inference.evaluation import Evaluation


class Exchange(NamedTuple):
    """Places of test images, int64: those that only the second of two runs gets right, and those only the first does.

    Each the most confident of the wrong answers first.
    """

    fixed: NDArray[np.int64]
    broken: NDArray[np.int64]


def exchange(one: Evaluation, two: Evaluation) -> Exchange:
    """What the second of two evaluations of the same test set fixes, and what it breaks."""
    fixed, broken = ~one.correct & two.correct, one.correct & ~two.correct
    return Exchange(_surest_first(fixed, one), _surest_first(broken, two))


def less(first: NDArray[Any], second: NDArray[Any]) -> NDArray[Any]:
    """The first of two runs' cells, (10, 10), less the second's, as they are shown.

    Counts are int64; shares, float64 in [-1, 1], are those of percents with one decimal.
    """
    return first - second if first.dtype.kind in "iu" else difference(100 * first, 100 * second, 1) / 100


def in_cell(evaluation: Evaluation, label: int, answer: int) -> NDArray[np.int64]:
    """Places of the test images in one cell of the confusion matrix, int64.

    Mistakes come with the most confident first, right answers with the least confident first.
    """
    found = (evaluation.labels == label) & (evaluation.answers == answer)
    surest = _surest_first(found, evaluation)
    return surest[::-1] if label == answer else surest


def wrong_by_all(evaluations: Sequence[Evaluation]) -> NDArray[np.int64]:
    """Places of the test images that none gets right, int64, those of which the first is the surest ahead."""
    return _surest_first(~np.any([evaluation.correct for evaluation in evaluations], axis=0), evaluations[0])


def rates_by_row(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of the images of each true digit, the share in [0, 1] that gets each answer; 0 for a digit without images."""
    return matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)


def rates_by_column(matrix: NDArray[np.int64]) -> NDArray[np.float64]:
    """Of the images that get each answer, the share in [0, 1] of each true digit; 0 for an answer never given."""
    return matrix / np.maximum(matrix.sum(axis=0, keepdims=True), 1)


MEASURES: dict[str, Callable[[NDArray[np.int64]], NDArray[Any]]] = {
    "Images": lambda matrix: matrix,
    "% of the true digit": rates_by_row,
    "% of the answer": rates_by_column,
}
"""What the cells of a confusion matrix, (10, 10), row the true digit, may say: counts, or shares in [0, 1]."""


def _surest_first(chosen: NDArray[np.bool_], evaluation: Evaluation) -> NDArray[np.int64]:
    places = np.flatnonzero(chosen)
    return places[np.argsort(-evaluation.confidences[places], kind="stable")]
