"""Whether to believe an answer: a network always names a digit, even for a scribble or a letter, and is often sure.

So another network, a small one, is asked first whether the image is a digit at all. It has learnt that from digits that
many people wrote and from drawings that are none (Hendrycks et al. 2019, "Deep Anomaly Detection with Outlier
Exposure"). Where it says no, that is the verdict, and how sure the other network is counts for nothing; where it says
yes, that is all that counts. `python -m benchmarks.rejection --fit` trains it again, and measures it on drawings of
kinds and writers that it never saw.
"""

from enum import StrEnum
from functools import lru_cache
from pathlib import Path

from mnist_lab.images.preprocessing import FloatImage
from mnist_lab.inference.predictor import Prediction, Predictor

REJECTOR = Path(__file__).with_name("rejector.tflite")
NO_DIGIT_FROM = 0.25  # of the rejector: of the MNIST training digits not learnt from, about 1 % are above
SURE_FROM = 0.9  # of the network that answers; the table of `benchmarks.rejection` says what these two do


class Doubt(StrEnum):
    """How far an answer can be believed."""

    SURE = "sure"
    NOT_SURE = "not sure"
    NOT_A_DIGIT = "not a digit"


def verdict(prediction: Prediction, image: FloatImage) -> Doubt:
    """How far to believe a prediction for a prepared image, float32 (28, 28) in [0, 1], ink bright."""
    if float(rejector().probabilities(image[None])[0, 0]) >= NO_DIGIT_FROM:
        return Doubt.NOT_A_DIGIT
    return Doubt.SURE if prediction.confidence >= SURE_FROM else Doubt.NOT_SURE


@lru_cache(maxsize=1)
def rejector() -> Predictor:
    """The network that comes with the lab: one output, the probability in [0, 1] that a prepared image is no digit."""
    return Predictor.load(REJECTOR)
