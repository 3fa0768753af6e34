"""Whose handwriting networks misread. All from their evaluations; no model runs here.

297 people wrote MNIST's test images, 8 to 130 images each. Images by one hand are alike, so that 10,000 of them say
less than 10,000 by different people would: intervals here resample people with all that they wrote (the cluster
bootstrap: Davison and Hinkley 1997, "Bootstrap Methods and their Application", section 3.8).
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.comparing.verdicts import Interval
from mnist_lab.datasets import writers
from mnist_lab.inference.evaluation import Evaluation

RESAMPLES = 4000
TAILS = (0.025, 0.975)  # of a 95 % interval
KINDS = ("census employees", "students")


class Writer(NamedTuple):
    """Somebody who wrote test images: NIST's number, how many images, and how many of them were misread."""

    number: int
    images: int
    mistakes: int

    @property
    def name(self) -> str:
        """What tells this person from the others: "student 2411"."""
        return f"{'student' if self.number >= writers.FIRST_STUDENT else 'employee'} {self.number}"


class Kind(NamedTuple):
    """How one kind of people is read: how many they are, and the share of their images that is misread, in [0, 1]."""

    people: int
    error: float
    interval: Interval


def by_writer(*evaluations: Evaluation) -> list[Writer]:
    """All who wrote test images, those most often misread first; mistakes of several evaluations are added up.

    Raises DatasetError where the file that names the writers is damaged.
    """
    images, mistakes = _counts(*evaluations)
    order = np.lexsort((images, -mistakes))  # of two with as many mistakes, the one who wrote less comes first
    return [Writer(int(_people()[place]), int(images[place]), int(mistakes[place])) for place in order]


def never_misread(found: list[Writer]) -> int:
    """How many of these people are read without a mistake."""
    return sum(not writer.mistakes for writer in found)


def held(found: list[Writer]) -> NDArray[np.float64]:
    """The share of all mistakes, in [0, 1], that the first, the first two, … of these people hold; float64 (n,)."""
    total = np.cumsum([writer.mistakes for writer in found], dtype=np.float64)
    return total / max(total[-1], 1.0)


def holding_half(found: list[Writer]) -> int:
    """The fewest people who hold at least half of the mistakes; 0 where there are none."""
    shares = held(found)
    return int(np.searchsorted(shares, 0.5)) + 1 if shares[-1] else 0


def by_kind(evaluation: Evaluation) -> dict[str, Kind]:
    """How census employees and students are read, by what they are called. Raises DatasetError."""
    images, mistakes = _counts(evaluation)
    are_students = _people() >= writers.FIRST_STUDENT
    return {
        name: Kind(
            int(chosen.sum()),
            float(mistakes[chosen].sum() / images[chosen].sum()),
            people_interval(mistakes[chosen], images[chosen]),
        )
        for name, chosen in zip(KINDS, (~are_students, are_students), strict=True)
    }


def accuracy_interval(evaluation: Evaluation) -> Interval:
    """Where the accuracy may lie on images by other people, at 95 %. Raises DatasetError."""
    images, mistakes = _counts(evaluation)
    return people_interval(images - mistakes, images)


def difference_interval(one: Evaluation, two: Evaluation) -> Interval:
    """Where the second's accuracy less the first's may lie on images by other people, at 95 %, in [-1, 1].

    Both read the same people in each resample, as they read the same images. Raises DatasetError.
    """
    images, ones = _counts(one)
    _, twos = _counts(two)
    return people_interval(ones - twos, images)


def places(number: int, *evaluations: Evaluation) -> NDArray[np.int64]:
    """Places of the test images that one person wrote, int64, those that most of the evaluations misread first."""
    written = np.flatnonzero(writers.of_the_test_images() == number)
    misread = sum(~evaluation.correct[written] for evaluation in evaluations)
    return written[np.argsort(-np.asarray(misread, dtype=np.int64), kind="stable")]


@lru_cache(maxsize=1)
def _people() -> NDArray[np.int16]:
    """The number of each person, int16 (297,), ascending."""
    return np.unique(writers.of_the_test_images())


def _counts(*evaluations: Evaluation) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """How many images each person wrote, and how many of the answers to them are wrong; both int64 (297,)."""
    place = np.searchsorted(_people(), writers.of_the_test_images())
    wrong = np.sum([~evaluation.correct for evaluation in evaluations], axis=0, dtype=np.int64)
    return np.bincount(place), np.bincount(place, weights=wrong).astype(np.int64)


def people_interval(counts: NDArray[np.int64], images: NDArray[np.int64]) -> Interval:
    """The 95 % interval of the sum of counts by the sum of images, when people are drawn again and again.

    Both int64 (n,), a number for each person; a count may be a difference and below 0.
    """
    drawn = _draws(len(images))
    low, high = np.quantile((drawn @ counts) / (drawn @ images), TAILS)
    return Interval(float(low), float(high))


@lru_cache(maxsize=3)
def _draws(people: int) -> NDArray[np.float64]:
    """How often each of so many people is drawn, float64 (RESAMPLES, people); always the same draws."""
    random = np.random.default_rng(0)
    return random.multinomial(people, np.full(people, 1 / people), size=RESAMPLES).astype(np.float64)
