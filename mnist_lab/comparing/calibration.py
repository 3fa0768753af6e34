"""Does a network know how sure it may be? All from the probability that it gives its answers."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.inference.evaluation import Evaluation

BINS = 15  # as in Guo et al. 2017
SURE_ENOUGH = 0.995  # the accuracy at which it is told how many images are answered


class Reliability(NamedTuple):
    """Answers in bins of equal width by their confidence, those that hold any, each float64 or int64 (b,).

    `confidence` and `accuracy` are means in [0, 1] over the answers of a bin, `images` is how many they are. `error` is
    the expected calibration error: how far the two are apart, on average over all images (Guo, Pleiss, Sun and
    Weinberger 2017, "On Calibration of Modern Neural Networks", equation 3).
    """

    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    images: NDArray[np.int64]
    error: float


class Coverage(NamedTuple):
    """What happens when the least sure answers are left out, each float64 (k,), from few answers to all.

    `answered` is the share of the images in [0, 1] that is answered, `accuracy` that of these answers, `confidence` the
    lowest among them.
    """

    answered: NDArray[np.float64]
    accuracy: NDArray[np.float64]
    confidence: NDArray[np.float64]


class Histogram(NamedTuple):
    """How many answers, int64 (b,), fall between the edges, float64 (b + 1,), of confidence: right ones, wrong ones."""

    edges: NDArray[np.float64]
    right: NDArray[np.int64]
    wrong: NDArray[np.int64]


def reliability(evaluation: Evaluation, bins: int = BINS) -> Reliability:
    """Confidence and accuracy. A confidence on an edge belongs to the bin below it."""
    confidences = evaluation.confidences.astype(np.float64)
    places = np.clip(np.ceil(confidences * bins).astype(int) - 1, 0, bins - 1)
    images = np.bincount(places, minlength=bins)
    held = images > 0
    confidence = np.bincount(places, confidences, bins)[held] / images[held]
    accuracy = np.bincount(places, evaluation.correct, bins)[held] / images[held]
    error = float(np.average(np.abs(confidence - accuracy), weights=images[held]))
    return Reliability(confidence, accuracy, images[held], error)


def coverage(evaluation: Evaluation) -> Coverage:
    """Accuracy against the share of the images that is answered, at every confidence that comes up."""
    order = np.argsort(-evaluation.confidences, kind="stable")
    confidences = evaluation.confidences[order].astype(np.float64)
    ends = np.flatnonzero(np.append(np.diff(confidences) < 0, True))  # equally sure answers are left out together
    right = np.cumsum(evaluation.correct[order])[ends]
    return Coverage((ends + 1) / len(order), right / (ends + 1), confidences[ends])


def answered_at(found: Coverage, accuracy: float = SURE_ENOUGH) -> float:
    """The largest share of the images, in [0, 1], that is answered with at least that accuracy; 0 where none is."""
    enough = found.answered[found.accuracy >= accuracy]
    return float(enough.max()) if len(enough) else 0.0


def histogram(evaluation: Evaluation, bins: int = 20) -> Histogram:
    """How sure right answers are, and how sure wrong ones."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    right, wrong = (
        np.histogram(evaluation.confidences[chosen], edges)[0] for chosen in (evaluation.correct, ~evaluation.correct)
    )
    return Histogram(edges, right, wrong)
