"""Augmented images are still the same digits, the same for the same seed, and never leave [0, 1]."""

import numpy as np
import pytest

from mnist_lab.datasets.augmentation import augment, resample
from mnist_lab.datasets.mnist import load_digits


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    return load_digits().x_test[:100]


def test_dtype_shape_and_range(images):
    varied = augment(images, np.random.default_rng(0))
    assert (varied.dtype, varied.shape) == (np.float32, images.shape)
    assert varied.min() >= 0.0 and varied.max() <= 1.0


def test_each_seed_gives_its_own_variants_again_and_again(images):
    first, again, other = (augment(images, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2)).all()


def test_the_digit_stays_the_same(images):
    varied, flat = augment(images, np.random.default_rng(0)).reshape(100, -1), images.reshape(100, -1) / 255.0
    centred, varied = flat - flat.mean(axis=1, keepdims=True), varied - varied.mean(axis=1, keepdims=True)
    likeness = (centred * varied).sum(axis=1) / np.linalg.norm(centred, axis=1) / np.linalg.norm(varied, axis=1)
    assert np.median(likeness) > 0.6


def test_resampling_where_nothing_moves_changes_nothing(images):
    unit = images.astype(np.float32) / 255.0
    rows, columns = np.broadcast_to(np.indices((28, 28), dtype=np.float32)[:, None], (2, 100, 28, 28))
    np.testing.assert_allclose(resample(unit, rows, columns), unit)
