"""Which images a training learns from, which watch it, and which labels it is told."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets import pens
from mnist_lab.datasets.dirt import soiled
from mnist_lab.datasets.mnist import Dataset

SPOILING = 1  # tells the draw of spoiled labels from that of the split, which has the same seed


class PixelStatistics(NamedTuple):
    """Mean and standard deviation of pixels, in units of [0, 1]."""

    mean: float
    spread: float


class Split(NamedTuple):
    """What one training sees: the images it learns from, and those held back to watch it.

    Labels are those that the training is told: some of `y_train` are wrong where it was asked to spoil them.
    """

    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_validation: NDArray[np.uint8]
    y_validation: NDArray[np.uint8]


def split(dataset: Dataset, config: TrainConfig, is_over: Callable[[], bool] = lambda: False) -> Split:
    """The first `train_images` of the training part, with a `validation_share` of them held back at random.

    With `pens`, drawings of pen digits come on top: those of most writers to learn from, those of the writers held out
    to watch; what is beside the dataset is all learnt from. Digits to `leave_out` are then taken away from both, and
    labels spoiled among those to learn from. With `dirt`, a soiled copy of every second image to learn from comes
    behind them: of every one, clean images would be read worse. The same seed holds back the same images and the same
    writers, spoils the same labels and soils alike. The test set is left as it is. To soil takes minutes, and ends
    early once it `is_over`. Raises DatasetError where the pen digits are asked for and damaged.
    """
    images, labels = dataset.x_train[: config.train_images], dataset.y_train[: config.train_images]
    order = np.random.default_rng(config.seed).permutation(len(images))
    held = max(round(len(images) * config.validation_share), config.validation_share > 0)
    learn, watch = np.sort(order[held:]), np.sort(order[:held])
    parts = Split(images[learn], labels[learn], images[watch], labels[watch])
    if config.pens:
        parts = _with_pens(parts, config)
    if dataset.beside:
        x_train, y_train = (np.concatenate(pair) for pair in zip(parts, dataset.beside, strict=False))
        parts = parts._replace(x_train=x_train, y_train=y_train)
    if config.leave_out:
        parts = _without(parts, config.leave_out)
    images, labels = parts.x_train, spoil(parts.y_train, config.spoiled_labels, config.seed)
    if config.dirt != "none":
        images = np.concatenate([images, soiled(images[::2], config.dirt, config.seed, is_over)])
        labels = np.concatenate([labels, labels[::2]])
    return parts._replace(x_train=images, y_train=labels)


def spoil(labels: NDArray[np.uint8], share: float, seed: int) -> NDArray[np.uint8]:
    """The labels, uint8 (n,), with that share of them, drawn by the seed, replaced by another of the digits in them."""
    digits = np.unique(labels)
    rng = np.random.default_rng([seed, SPOILING])
    chosen = rng.permutation(len(labels))[: round(len(labels) * share)]
    places = np.searchsorted(digits, labels[chosen])
    wrong = (places + rng.integers(1, max(len(digits), 2), len(chosen))) % len(digits)
    spoiled = labels.copy()
    spoiled[chosen] = digits[wrong]
    return spoiled


def pixel_statistics(images: NDArray[np.uint8]) -> PixelStatistics:
    """Mean and standard deviation of all pixels of uint8 images, 0..255 taken as [0, 1]."""
    counts = np.bincount(images.ravel(), minlength=256) / images.size
    values = np.arange(256) / 255.0
    mean = float(counts @ values)
    return PixelStatistics(mean, float(np.sqrt(counts @ (values - mean) ** 2)))


def _with_pens(parts: Split, config: TrainConfig) -> Split:
    learned, held_out = pens.drawings(config.held_out_writers, config.seed, limit=config.train_images)
    added = Split(learned.images, learned.labels, held_out.images, held_out.labels)
    return Split(*(np.concatenate(pair) for pair in zip(parts, added, strict=True)))


def _without(parts: Split, digits: tuple[int, ...]) -> Split:
    learn, watch = (~np.isin(labels, digits) for labels in (parts.y_train, parts.y_validation))
    return Split(parts.x_train[learn], parts.y_train[learn], parts.x_validation[watch], parts.y_validation[watch])
