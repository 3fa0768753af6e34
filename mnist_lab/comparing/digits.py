"""How runs fare with each digit, and which digits they take for each other."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.inference.evaluation import DigitScores, Evaluation

SCORES = {
    "Recall": "of the images of a digit, the share that is read as it",
    "Precision": "of the images read as a digit, the share that is it",
    "F1": "the harmonic mean of recall and precision",
}


class Confusion(NamedTuple):
    """Two digits and how often each of several runs reads one as the other."""

    label: int
    answer: int
    images: tuple[int, ...]


def scores(evaluation: Evaluation, name: str) -> NDArray[np.float64]:
    """That score of the digits 0 to 9, float64 (10,), each in [0, 1]; `name` is one of SCORES."""
    field = DigitScores._fields.index(name.lower())
    return np.array([score[field] for score in evaluation.digit_scores()], dtype=np.float64)


def most_confused(evaluations: Sequence[Evaluation], most: int = 10) -> list[Confusion]:
    """What runs of the same test set mistake for what most often, all runs taken together; the most frequent first."""
    matrices = np.stack([evaluation.confusion_matrix for evaluation in evaluations])
    total = matrices.sum(axis=0)
    np.fill_diagonal(total, 0)
    frequent = np.argsort(-total, axis=None, kind="stable")[:most]
    found = [(int(place // 10), int(place % 10)) for place in frequent if total.flat[place]]
    return [Confusion(label, answer, tuple(matrices[:, label, answer].tolist())) for label, answer in found]
