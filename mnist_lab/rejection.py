"""Whether to believe an answer: a network always names a digit, even for a scribble or a letter, and is often sure.

So the drawing itself is asked too. The images that `prepare` makes of one digit lie near a plane of few dimensions,
that of the principal components of many people's digits. How far an image lies from the nearest of the ten planes tells
how unlike a digit it is (Turk and Pentland 1991, "Eigenfaces for Recognition": the distance from face space). The
planes come from what the bundled house-cnn learnt from, and the thresholds from digits of writers it never saw;
`python -m benchmarks.rejection --fit` makes both files anew.
"""

from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from mnist_lab.prediction import Prediction
from mnist_lab.preprocessing import SIDE, FloatImage
from mnist_lab.runs import BUNDLED

PLANES = BUNDLED / "house-cnn" / "planes.npy"
THRESHOLDS = BUNDLED / "house-cnn" / "thresholds.json"


class Doubt(StrEnum):
    """How far an answer can be believed."""

    SURE = "sure"
    NOT_SURE = "not sure"
    NOT_A_DIGIT = "not a digit"


class Likeness(NamedTuple):
    """The nearest that the ten planes come to an image.

    `unlikeness` is the share of the image's ink, squared, that the plane leaves unexplained: from 0 up, rarely above 1.
    `image` is what the plane makes of it, float32 (28, 28), around [0, 1], ink bright.
    """

    digit: int
    unlikeness: float
    image: FloatImage


class Thresholds(BaseModel):
    """From where on to doubt: the unlikeness up to which it is a digit, and surely one; the probability to be sure."""

    model_config = ConfigDict(frozen=True)

    digit_to: float
    sure_to: float
    sure_from: float


def verdict(prediction: Prediction, image: FloatImage, thresholds: Thresholds | None = None) -> Doubt:
    """How far to believe a prediction for a prepared image, float32 (28, 28) in [0, 1], ink bright."""
    thresholds = thresholds or fitted_thresholds()
    unlikeness = likeness(image).unlikeness
    if unlikeness > thresholds.digit_to:
        return Doubt.NOT_A_DIGIT
    if unlikeness > thresholds.sure_to or prediction.confidence < thresholds.sure_from:
        return Doubt.NOT_SURE
    return Doubt.SURE


def likeness(image: FloatImage, planes: NDArray[np.float32] | None = None) -> Likeness:
    """The digit whose plane is nearest to a prepared image, float32 (28, 28) in [0, 1], ink bright, with some ink.

    `planes` is float32 (10, 1 + n, 784): for each digit its mean image and n orthonormal directions.
    """
    planes = fitted_planes() if planes is None else planes
    means, directions = planes[:, 0], planes[:, 1:]
    away = image.ravel() - means
    along = np.einsum("dnp,dp->dn", directions, away)
    explained = means + np.einsum("dnp,dn->dp", directions, along)
    unlikeness = ((image.ravel() - explained) ** 2).sum(axis=1) / (image**2).sum()
    digit = int(unlikeness.argmin())
    return Likeness(digit, float(unlikeness[digit]), explained[digit].reshape(SIDE, SIDE))


def fit_planes(images: NDArray[np.uint8], labels: NDArray[np.uint8], dimensions: int) -> NDArray[np.float32]:
    """The planes of prepared digits, uint8 (m, 28, 28) in 0..255, with labels (m,): float32 (10, 1 + n, 784)."""
    planes = np.empty((10, 1 + dimensions, SIDE * SIDE), dtype=np.float32)
    for digit in range(10):
        pixels = images[labels == digit].reshape(-1, SIDE * SIDE) / 255.0
        planes[digit, 0] = pixels.mean(axis=0)
        _, directions = np.linalg.eigh(np.cov(pixels, rowvar=False))  # in the order of rising variance
        planes[digit, 1:] = directions[:, : -dimensions - 1 : -1].T
    return planes


@lru_cache(maxsize=1)
def fitted_planes() -> NDArray[np.float32]:
    """The planes that come with the lab, float32 (10, 1 + n, 784)."""
    return np.load(PLANES, allow_pickle=False).astype(np.float32)


@lru_cache(maxsize=1)
def fitted_thresholds() -> Thresholds:
    """The thresholds that come with the lab."""
    return Thresholds.model_validate_json(THRESHOLDS.read_bytes())
