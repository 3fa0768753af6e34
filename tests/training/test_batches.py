"""What each epoch shows a network."""

import numpy as np
import pytest

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.training.batches import Batches

CONFIG = TrainConfig(dataset="digits", batch_size=32)


def batches(digits, count=100, **settings):
    return Batches(digits.x_train[:count], digits.y_train[:count], CONFIG.model_copy(update=settings))


def joined(chunks):
    chunks = list(chunks)
    return np.concatenate([chunk.images for chunk in chunks]), np.concatenate([chunk.labels for chunk in chunks])


def test_an_epoch_shows_each_image_once_with_its_label_and_the_next_in_another_order(digits):
    first, second = (joined(batches(digits).chunks(range(epoch, epoch + 1), lambda: 3)) for epoch in (0, 1))
    for images, labels in (first, second):
        seen = sorted(zip(map(bytes, images), labels, strict=True))
        assert seen == sorted(zip(map(bytes, digits.x_train[:100]), digits.y_train[:100], strict=True))
    assert not np.array_equal(first[1], second[1])


@pytest.mark.parametrize("augment", [False, True])
def test_how_many_batches_come_at_once_changes_nothing(digits, augment):
    one, many = (joined(batches(digits, augment=augment).chunks(range(2), lambda n=n: n)) for n in (1, 3))
    np.testing.assert_array_equal(one[0], many[0])
    np.testing.assert_array_equal(one[1], many[1])


def test_chunks_keep_to_their_epoch_and_know_their_steps(digits):
    chunks = list(batches(digits).chunks(range(1, 3), lambda: 3))
    assert [(chunk.epoch, chunk.first, chunk.stop) for chunk in chunks] == [(1, 0, 3), (1, 3, 4), (2, 0, 3), (2, 3, 4)]
    assert [len(chunk.images) for chunk in chunks] == [96, 4, 96, 4]


def test_a_training_may_start_late_or_have_nothing_left_to_do(digits):
    late, all_of_it = (joined(batches(digits).chunks(range(first, 2), lambda: 2)) for first in (1, 0))
    np.testing.assert_array_equal(late[0], all_of_it[0][100:])
    assert list(batches(digits).chunks(range(2, 2), lambda: 2)) == []


def test_augmented_images_differ_in_each_epoch(digits):
    first, second = (joined(batches(digits, augment=True).chunks(range(e, e + 1), lambda: 4))[0] for e in (0, 1))
    assert first.dtype == np.float32
    assert 0 <= first.min() < first.max() <= 1
    assert not np.isin(first.sum(axis=(1, 2)), second.sum(axis=(1, 2))).any()
