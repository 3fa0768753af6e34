"""The nearest training images."""

import numpy as np
import pytest

from mnist_lab.inference.neighbours import Neighbours


@pytest.fixture(scope="module")
def neighbours(mnist):
    return Neighbours(mnist)


def test_a_training_image_is_its_own_nearest(neighbours, mnist):
    for index in (0, 1234, 59_999):
        nearest = neighbours.nearest(mnist.x_train[index] / np.float32(255))
        assert nearest[0].place == index
        assert np.array_equal(nearest[0].image, mnist.x_train[index])


def test_they_are_those_that_a_search_in_all_pixels_finds(neighbours, mnist):
    pixels = mnist.x_train.reshape(-1, 784).astype(np.float32) / 255
    shared = 0
    for image in mnist.x_test[:20] / np.float32(255):
        exact = ((pixels - image.ravel()) ** 2).sum(axis=1).argsort()[:8]
        shared += len({neighbour.place for neighbour in neighbours.nearest(image)} & set(exact.tolist()))
    assert shared > 0.6 * 20 * 8


def test_their_labels_are_mostly_that_of_the_image(neighbours, mnist):
    right = [
        neighbour.label == label
        for image, label in zip(mnist.x_test[:200], mnist.y_test[:200], strict=True)
        for neighbour in neighbours.nearest(image / np.float32(255))
    ]
    assert np.mean(right) > 0.9
