"""Which test images are worth a look."""

import numpy as np
from numpy.typing import NDArray

from mnist_lab.inference.evaluation import Evaluation


def of_digit(labels: NDArray[np.uint8], digit: int | None) -> NDArray[np.intp]:
    """The places of a digit's images among the labels, uint8 (n,), in their order; all of them for None."""
    return np.arange(len(labels)) if digit is None else np.flatnonzero(labels == digit)


def most_confused(evaluation: Evaluation, digit: int | None = None) -> NDArray[np.intp]:
    """The places of a digit's images, or of all, by the probability that the network gave the true digit, least first.

    Where many got next to none, those come first whose wrong answer was the surest.
    """
    places = of_digit(evaluation.labels, digit)
    true = evaluation.probabilities[places, evaluation.labels[places]]
    surest = evaluation.probabilities[places].max(axis=1)
    return places[np.lexsort((-surest, true))]
