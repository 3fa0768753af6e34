"""Where a model looks: what each part of an image does for an answer, from the model's probabilities alone."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.images.preprocessing import SIDE, FloatImage
from mnist_lab.inference.predictor import Predictor

PATCH = 5
LEAST = 1e-12  # probabilities below this are not told apart


class Occlusion(NamedTuple):
    """What each part of an image does for one digit: float32 (28, 28), in log-odds.

    Positive where the ink speaks for the digit, negative where it speaks against it, 0 far from all ink.
    """

    importance: FloatImage
    digit: int


def occlusion(image: FloatImage, predictor: Predictor, digit: int | None = None, patch: int = PATCH) -> Occlusion:
    """How far the log-odds of `digit`, or of the answer, fall when the patch around each pixel is blanked.

    Zeiler and Fergus 2014, "Visualizing and understanding convolutional networks". `image` is float32 (28, 28) in
    [0, 1], ink bright; `patch` is odd, in pixels. Log-odds, since the probability of a sure answer hardly moves.
    """
    reach = patch // 2
    around = np.lib.stride_tricks.sliding_window_view(np.pad(image, reach), (patch, patch))
    rows, columns = np.nonzero(around.any(axis=(2, 3)))  # elsewhere blanking changes nothing
    images = np.repeat(image[np.newaxis], len(rows) + 1, axis=0)
    for blanked, row, column in zip(images[1:], rows, columns, strict=True):
        blanked[max(row - reach, 0) : row + reach + 1, max(column - reach, 0) : column + reach + 1] = 0.0
    probabilities = predictor.probabilities(images)
    shown = int(probabilities[0].argmax()) if digit is None else digit
    odds = log_odds(probabilities, shown)
    importance = np.zeros((SIDE, SIDE), dtype=np.float32)
    importance[rows, columns] = odds[0] - odds[1:]
    return Occlusion(importance, shown)


def log_odds(probabilities: NDArray[np.float32], digit: int) -> NDArray[np.float32]:
    """ln p / (1 - p) of a digit, float32 (n,), for probabilities (n, 10); exact where p is next to 1."""
    others = np.delete(probabilities, digit, axis=1).sum(axis=1)
    return np.log(np.maximum(probabilities[:, digit], LEAST)) - np.log(np.maximum(others, LEAST))
