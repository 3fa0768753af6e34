"""How a network reads digits on dirty paper: its answers to corrupted test images, and what follows from them."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets.corruptions import CORRUPTIONS, corrupt
from mnist_lab.datasets.mnist import TestPart
from mnist_lab.exploring.findings import Array, Robustness
from mnist_lab.images.preprocessing import FloatImage
from mnist_lab.inference.predictor import Predictor

STRENGTHS = (0.25, 0.5, 0.75, 1.0)
IMAGES = 1000  # of the test set, drawn at random
BLOCK = 50  # images that are corrupted together, so that a few can be had without the others
VERSION = 1  # of all these: what was found with another one is asked for again


class Misread(NamedTuple):
    """A corrupted test image, float32 (28, 28) in [0, 1], its label, and what a network took it for."""

    image: FloatImage
    label: int
    answer: int


def places_of(count: int) -> NDArray[np.int64]:
    """Which of so many test images are corrupted, int64 (IMAGES,) at most; always the same."""
    return np.random.default_rng(0).permutation(count)[:IMAGES]


def chosen(test: TestPart) -> TestPart:
    """The test images that are corrupted."""
    places = places_of(len(test.labels))
    return TestPart(test.images[places], test.labels[places])


def robustness(predictor: Predictor, test: TestPart) -> Robustness:
    """A network's answers to the chosen test images, clean and after each corruption at each strength."""
    images = chosen(test).images

    def read(several: NDArray[np.uint8] | FloatImage) -> NDArray[np.uint8]:
        return predictor.probabilities(several).argmax(axis=1).astype(np.uint8)

    answers = [[read(_corrupted(images, name, strength)) for strength in STRENGTHS] for name in CORRUPTIONS]
    return Robustness(read(images), np.array(answers, dtype=np.uint8))


def accuracy_after(predictor: Predictor, test: TestPart, name: str) -> float:
    """The accuracy in [0, 1] on the chosen test images after one corruption at its published strength."""
    images, labels = chosen(test)
    return float((predictor.probabilities(_corrupted(images, name, 1.0)).argmax(axis=1) == labels).mean())


def accuracies(found: Robustness, test: TestPart) -> dict[str, Array]:
    """The accuracy in [0, 1] on clean images and at each of STRENGTHS, float32 (1 + strengths,), by corruption."""
    labels = chosen(test).labels
    clean = (found.clean == labels).mean(dtype=np.float32)
    return {
        name: np.append(clean, (answers == labels).mean(axis=1, dtype=np.float32))
        for name, answers in zip(CORRUPTIONS, found.answers, strict=True)
    }


def misread(found: Robustness, test: TestPart, name: str, strength: float, most: int) -> list[Misread]:
    """The first of the images that were misread after a corruption; `strength` is one of STRENGTHS."""
    images, labels = chosen(test)
    answers = found.answers[[*CORRUPTIONS].index(name), STRENGTHS.index(strength)]
    places = np.flatnonzero(answers != labels)[:most].tolist()
    blocks = {block: _block(images, block, name, strength) for block in {place // BLOCK for place in places}}
    return [Misread(blocks[place // BLOCK][place % BLOCK], int(labels[place]), int(answers[place])) for place in places]


def _corrupted(images: NDArray[np.uint8], name: str, strength: float) -> FloatImage:
    return np.concatenate([_block(images, block, name, strength) for block in range(-(-len(images) // BLOCK))])


def _block(images: NDArray[np.uint8], block: int, name: str, strength: float) -> FloatImage:
    return corrupt(images[block * BLOCK : (block + 1) * BLOCK], name, strength, seed=block)
