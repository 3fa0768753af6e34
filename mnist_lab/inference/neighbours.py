"""The training images that look most like a drawing, found among all 60,000 in a few milliseconds."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets.mnist import Dataset
from mnist_lab.images.preprocessing import FloatImage

DIMENSIONS = 48  # of 784: enough to tell digits apart, few enough to search at once
SAMPLE = 10_000  # images to find the dimensions from


class Neighbour(NamedTuple):
    """A training image, uint8 (28, 28) in 0..255, ink bright, with its label and its place in the training set."""

    image: NDArray[np.uint8]
    label: int
    place: int


class Neighbours:
    """Training images by their principal components (Pearson 1901), ready to be searched."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        sample = dataset.x_train[:SAMPLE].reshape(-1, 784).astype(np.float32) / 255.0
        self._mean = sample.mean(axis=0)
        _, directions = np.linalg.eigh(np.cov(sample, rowvar=False))
        self._directions = directions[:, -DIMENSIONS:].astype(np.float32)
        blocks = np.array_split(dataset.x_train.reshape(-1, 784), max(1, len(dataset.x_train) // SAMPLE))
        self._places = np.concatenate([self._project((block / 255.0).astype(np.float32)) for block in blocks])
        self._lengths = (self._places**2).sum(axis=1)

    def nearest(self, image: FloatImage, count: int = 8) -> list[Neighbour]:
        """The `count` training images nearest to a prepared image, float32 (28, 28) in [0, 1], the nearest first."""
        place = self._project(image.reshape(1, 784))[0]
        distances = self._lengths - self._places @ (2.0 * place)  # and the same constant for all
        found = np.argpartition(distances, count)[:count]
        found = found[np.argsort(distances[found])]
        return [
            Neighbour(self._dataset.x_train[place], int(self._dataset.y_train[place]), int(place)) for place in found
        ]

    def _project(self, images: NDArray[np.float32]) -> NDArray[np.float32]:
        return ((images - self._mean) @ self._directions).astype(np.float32)
