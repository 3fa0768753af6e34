"""What a model got right and wrong on a test set, all from its ten probabilities for each image."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets.arrays import MB, pack, unpack
from mnist_lab.datasets.mnist import MNIST_SHA256, sha256
from mnist_lab.errors import RunError

MOST_IMAGES = 100_000
LIMITS = {"probabilities": 4 * MB, "labels": MOST_IMAGES, "labels_sha256": 1000}  # bytes
ROUNDING = 1e-3  # of probabilities: how far above 1 they may be


class DigitScores(NamedTuple):
    """One digit's scores, each in [0, 1]; 0 where there is nothing to divide by."""

    digit: int
    precision: float
    recall: float
    f1: float
    images: int


@dataclass(frozen=True, eq=False)
class Evaluation:
    """A test set's answers: float32 (n, 10) probabilities and uint8 (n,) labels, in the test set's order."""

    probabilities: NDArray[np.float32]
    labels: NDArray[np.uint8]

    @cached_property
    def answers(self) -> NDArray[np.uint8]:
        """The most probable digit of each image, uint8 (n,)."""
        return self.probabilities.argmax(axis=1).astype(np.uint8)

    @cached_property
    def correct(self) -> NDArray[np.bool_]:
        """Whether each answer is right, bool (n,)."""
        return self.answers == self.labels

    @cached_property
    def confidences(self) -> NDArray[np.float32]:
        """The probability of each answer, float32 (n,) in [0, 1]."""
        return self.probabilities.max(axis=1)

    @property
    def accuracy(self) -> float:
        """Share of right answers, in [0, 1]."""
        return float(self.correct.mean())

    @cached_property
    def confusion_matrix(self) -> NDArray[np.int64]:
        """Counts, int64 (10, 10): row the true digit, column the answer."""
        return np.bincount(self.labels.astype(np.int64) * 10 + self.answers, minlength=100).reshape(10, 10)

    def digit_scores(self) -> list[DigitScores]:
        """Precision, recall and F1 of each digit, 0 to 9."""
        matrix = self.confusion_matrix
        hits, answered, true = matrix.diagonal(), matrix.sum(axis=0), matrix.sum(axis=1)
        return [
            DigitScores(
                digit,
                _share(hits[digit], answered[digit]),
                _share(hits[digit], true[digit]),
                _share(2 * hits[digit], answered[digit] + true[digit]),
                int(true[digit]),
            )
            for digit in range(10)
        ]

    def hardest(self, digit: int | None = None) -> NDArray[np.intp]:
        """The places of a digit's images, or of all, by the probability given to the true digit, the lowest first.

        Where several got next to none, those with the surest wrong answer come first.
        """
        places = places_of(self.labels, digit)
        true = self.probabilities[places, self.labels[places]]
        return places[np.lexsort((-self.confidences[places], true))]

    @property
    def test_set(self) -> str:
        """SHA-256 of the labels: two evaluations with the same one answer the same questions."""
        return sha256(self.labels)

    @property
    def is_of_mnist(self) -> bool:
        """Whether MNIST's test images were answered."""
        return self.test_set == MNIST_SHA256["y_test"]

    def to_bytes(self) -> bytes:
        """The content of `evaluation.npz`."""
        arrays = {"probabilities": self.probabilities, "labels": self.labels, "labels_sha256": np.array(self.test_set)}
        return pack(arrays)

    @classmethod
    def from_bytes(cls, content: bytes) -> "Evaluation":
        """Read `evaluation.npz`. Raises RunError where it is damaged."""
        try:
            found = unpack(content, LIMITS)
        except ValueError as error:
            raise RunError(f"evaluation.npz is damaged ({error}).") from error
        evaluation = cls(found["probabilities"], found["labels"])
        if problem := evaluation._problem(str(found["labels_sha256"])):
            raise RunError(f"evaluation.npz is damaged: {problem}")
        return evaluation

    def _problem(self, digest: str) -> str | None:
        """What is wrong with answers that were read from a file."""
        shape, labels = self.probabilities.shape, self.labels
        if labels.dtype != np.uint8 or labels.ndim != 1 or not 0 < len(labels) <= MOST_IMAGES:
            return "it holds no labels."
        if self.probabilities.dtype != np.float32 or shape != (len(labels), 10):
            return "it does not hold ten probabilities for each label."
        within = self.probabilities.min() >= 0 and self.probabilities.max() <= 1 + ROUNDING  # which nan is not
        if not within or labels.max() > 9:
            return "it holds what is no probability or no digit."
        return None if digest == self.test_set else "its labels do not match their digest."


def places_of(labels: NDArray[np.uint8], digit: int | None) -> NDArray[np.intp]:
    """The places of a digit's images among the labels, uint8 (n,), in their order; all of them for None."""
    return np.arange(len(labels)) if digit is None else np.flatnonzero(labels == digit)


def _share(part: int, whole: int) -> float:
    return float(part / whole) if whole else 0.0
