"""Test images for a class to read: the hardest ones, and those whose labels people doubt."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.classroom.activities import DIGITS, Pictures
from mnist_lab.comparing.doubtful import DOUBTFUL
from mnist_lab.datasets.mnist import load_test_part, sha256
from mnist_lab.errors import RoomError
from mnist_lab.store.rooms import RoomChoice
from mnist_lab.store.runs import DEFAULT_MODEL, RunStore

JUDGES = ("logistic-mnist", "dense-128-dropout", "small-cnn")  # who say what is hard: not the one that reads, too
SEVERAL = 20


class Picture(NamedTuple):
    """A test image, uint8 (28, 28) in 0..255, ink bright: its place, its label in MNIST, and what the network reads."""

    place: int
    image: NDArray[np.uint8]
    label: int
    answer: int


class Readings(NamedTuple):
    """What a class read. `votes` has for each picture how many said each digit, int64 (n, 10).

    `people` and `network` are confusion matrices, int64 (10, 10): row the label, column what was read.
    """

    several: int
    votes: NDArray[np.int64]
    people: NDArray[np.int64]
    network: NDArray[np.int64]


@lru_cache(maxsize=4)
def pictures(which: Pictures, store: RunStore) -> tuple[Picture, ...]:
    """The pictures, hardest first or by their place. Raises RoomError where they are not MNIST's, or cannot be read.

    Hard is what the judges together give the lowest probability of its label; what people doubt is left out there.
    """
    rival, test = store.evaluation(DEFAULT_MODEL), load_test_part("mnist")
    if sha256(test.labels) != rival.test_set:
        raise RoomError("The test images here are not those that the network has read. Unset MNIST_LAB_DATA.")
    if which == "doubted":
        places = sorted(DOUBTFUL)
    else:
        judges = [store.evaluation(name).probabilities for name in JUDGES]
        on_label = np.mean(judges, axis=0)[np.arange(len(test.labels)), test.labels]
        on_label[sorted(DOUBTFUL)] = 1.0
        places = np.argsort(on_label, kind="stable")[:SEVERAL].tolist()
    return tuple(
        Picture(place, test.images[place], int(test.labels[place]), int(rival.answers[place])) for place in places
    )


def readings(placed: Mapping[str, RoomChoice], shown: tuple[Picture, ...]) -> Readings:
    """What was read, by `<pupil>-<picture>`."""
    votes = np.zeros((len(shown), DIGITS), dtype=np.int64)
    pupils = set()
    for name, one in placed.items():
        pupil, _, which = name.partition("-")
        if int(which) < len(shown) and one.choice < DIGITS:
            votes[int(which), one.choice] += 1
            pupils.add(pupil)
    people, network = np.zeros((2, DIGITS, DIGITS), dtype=np.int64)
    for picture, counts in zip(shown, votes, strict=True):
        people[picture.label] += counts
        network[picture.label, picture.answer] += 1
    return Readings(len(pupils), votes, people, network)


def relabelled(found: Readings, shown: tuple[Picture, ...]) -> list[int]:
    """The label of each picture by the class: what more than half of those who read it say, else MNIST's."""
    return [
        int(counts.argmax()) if 2 * counts.max() > counts.sum() else picture.label
        for picture, counts in zip(shown, found.votes, strict=True)
    ]


def accuracy_with(labels: list[int], shown: tuple[Picture, ...], store: RunStore) -> float:
    """The network's accuracy on the test set, in [0, 1], if the pictures had these labels."""
    correct = store.evaluation(DEFAULT_MODEL).correct.copy()
    for picture, label in zip(shown, labels, strict=True):
        correct[picture.place] = picture.answer == label
    return float(correct.mean())
