import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets import files, writers
from mnist_lab.datasets.mnist import (
    MNIST_SHA256,
    Dataset,
    _read_mnist,
    _read_test_part,
    load_data,
    load_digits,
    load_mnist,
    load_test_part,
    sha256,
)
from mnist_lab.datasets.splits import split, spoil
from mnist_lab.errors import DatasetError
from tests.conftest import ROOT


@pytest.fixture
def cache(monkeypatch, tmp_path):
    """The folder in which a machine that the lab was never on keeps MNIST for all processes."""
    monkeypatch.delenv("MNIST_LAB_DATA", raising=False)
    monkeypatch.setattr("mnist_lab.datasets.mnist.user_cache_path", lambda name: tmp_path / name)
    for reader in (_read_mnist, _read_test_part):
        reader.cache_clear()
    return tmp_path / "mnist-lab"


def is_shared(array):
    """Whether an array lies in the memory of a file, which all processes have in common."""
    while not isinstance(array, np.memmap):
        if not isinstance(array, np.ndarray):
            return False
        array = array.base
    return True


def loaded_anew():
    _read_mnist.cache_clear()
    return load_mnist()


def test_mnist_comes_with_the_lab_and_is_shared_by_processes(cache):
    for data in (load_mnist(), loaded_anew()):
        assert data.digest == sha256(*(np.load(files.BUNDLED / "mnist.npz")[name] for name in MNIST_SHA256))
        assert all(map(is_shared, (data.x_train, data.y_train, data.x_test, data.y_test)))
    (x_train, y_train), (x_test, y_test) = load_data()
    assert (len(x_train), len(y_train), len(x_test), len(y_test)) == (60_000, 60_000, 10_000, 10_000)


def test_processes_that_begin_at_once_all_have_mnist(tmp_path):
    code = "from mnist_lab.datasets.mnist import load_mnist as load; print(load().digest, load().x_train.sum())"
    told = {"env": os.environ | {"XDG_CACHE_HOME": str(tmp_path)}, "cwd": ROOT, "text": True}
    several = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, **told) for _ in range(3)]
    assert len({one.communicate()[0] for one in several}) == 1
    assert [one.returncode for one in several] == [0, 0, 0]


def test_where_nothing_can_be_kept_mnist_is_in_memory(cache):
    cache.write_bytes(b"a file in the folder's place")
    data = load_mnist()
    assert sha256(data.x_test) == MNIST_SHA256["x_test"]
    assert not is_shared(data.x_test)


@pytest.mark.parametrize("damage", [lambda path: path.write_bytes(path.read_bytes()[:-1] + b"x"), Path.unlink])
def test_a_damaged_cache_is_made_again(cache, damage):
    load_mnist()
    (images,) = cache.glob("*/x_test.npy")
    damage(images)
    assert sha256(loaded_anew().x_test) == MNIST_SHA256["x_test"]
    assert is_shared(load_test_part("mnist").images)
    assert len(list(cache.glob("*"))) == 1


def test_an_environment_that_names_no_folder_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match=r"MNIST_LAB_DATA is set to .*nowhere, which is no folder"):
        load_mnist()


def test_the_labs_own_stands_in_for_what_the_folder_in_the_environment_lacks(monkeypatch, tmp_path, mnist):
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path))
    assert load_mnist().digest == mnist.digest


def other_images(path):
    shapes = {"x_train": (9, 28, 28), "y_train": (9,), "x_test": (3, 28, 28), "y_test": (3,)}
    np.savez(path, **{name: np.zeros(shape, np.uint8) for name, shape in shapes.items()})


def pickled(path):
    np.savez(path, **{name: np.array([{}], dtype=object) for name in MNIST_SHA256})


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"PK\x03\x04 half a file"),
        lambda path: np.savez(path, x_train=np.zeros(1)),
        other_images,
        pickled,
    ],
    ids=["empty", "truncated", "arrays missing", "other images", "pickled"],
)
def test_a_bad_file_is_refused_with_what_to_do(monkeypatch, tmp_path, damage):
    damage(tmp_path / "mnist.npz")
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match=r"mnist\.npz .*Set MNIST_LAB_DATA to a folder with a good file"):
        load_mnist()


@pytest.mark.parametrize("place", [0.3, 0.99], ids=["cut", "bytes changed"])
def test_a_damaged_mnist_is_refused(monkeypatch, tmp_path, place):
    content = (files.BUNDLED / "mnist.npz").read_bytes()
    at = int(len(content) * place)
    damaged = content[:at] if place < 0.5 else content[: at // 2] + b"damage" + content[at // 2 + 6 :]
    (tmp_path / "mnist.npz").write_bytes(damaged)
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path))
    with pytest.raises(DatasetError, match=r"damaged|does not hold MNIST"):
        load_mnist()


def test_digits_look_like_mnist(digits):
    for images, labels, number in ((digits.x_train, digits.y_train, 1437), (digits.x_test, digits.y_test, 360)):
        assert (images.shape, images.dtype) == ((number, 28, 28), np.uint8)
        assert (labels.shape, labels.dtype) == ((number,), np.uint8)
        assert set(labels) == set(range(10))
        assert images.max() > 200
    assert np.median(digits.x_train[:, 0]) == 0  # the ink is bright, the border is not


def test_the_digits_are_split_the_same_each_time(digits):
    load_digits.cache_clear()
    assert load_digits().digest == digits.digest


def test_a_split_holds_back_the_share_asked_for_and_loses_nothing(digits):
    numbered = np.arange(len(digits.x_train))
    tagged = Dataset("digits", numbered, digits.y_train, digits.x_test, digits.y_test)
    parts = split(tagged, TrainConfig(validation_share=0.25))
    assert len(parts.x_validation) == round(len(numbered) * 0.25)
    assert sorted([*parts.x_train, *parts.x_validation]) == numbered.tolist()
    np.testing.assert_array_equal(parts.y_train, digits.y_train[parts.x_train])
    np.testing.assert_array_equal(parts.y_validation, digits.y_train[parts.x_validation])


def test_the_seed_decides_what_is_held_back(digits):
    held = [split(digits, TrainConfig(seed=seed)).x_validation for seed in (5, 5, 6)]
    np.testing.assert_array_equal(held[0], held[1])
    assert not np.array_equal(held[0], held[2])


def test_a_split_takes_the_first_images_only(digits):
    parts = split(digits, TrainConfig(train_images=300, validation_share=0.0))
    np.testing.assert_array_equal(parts.x_train, digits.x_train[:300])
    assert len(parts.x_validation) == 0


def test_digits_left_out_are_nowhere_but_in_the_test_set(digits):
    config = TrainConfig(validation_share=0.2, leave_out=(3, 8))
    parts = split(digits, config)
    every = split(digits, TrainConfig(validation_share=0.2))
    assert set(parts.y_train) == set(parts.y_validation) == {0, 1, 2, 4, 5, 6, 7, 9}
    np.testing.assert_array_equal(parts.x_train, every.x_train[~np.isin(every.y_train, (3, 8))])
    assert set(digits.y_test) == set(range(10))


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
def test_just_the_share_of_labels_to_learn_from_is_spoiled(digits, share):
    config = TrainConfig(validation_share=0.2, spoiled_labels=share, seed=2)
    true, told = split(digits, TrainConfig(validation_share=0.2, seed=2)), split(digits, config)
    assert (true.y_train != told.y_train).sum() == round(len(true.y_train) * share)
    np.testing.assert_array_equal(true.x_train, told.x_train)
    np.testing.assert_array_equal(true.y_validation, told.y_validation)


def test_the_seed_draws_which_labels_are_spoiled_and_they_become_any_other_digit(digits):
    labels = np.arange(10, dtype=np.uint8).repeat(500)
    first, again, other = (spoil(labels, 1.0, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    counts = np.bincount(labels * 10 + first, minlength=100).reshape(10, 10)
    assert (counts.diagonal() == 0).all()
    assert counts[~np.eye(10, dtype=bool)].min() > 25


def test_spoiled_labels_bring_back_no_digit_that_is_left_out(digits):
    told = split(digits, TrainConfig(leave_out=(3, 8), spoiled_labels=0.5))
    assert not set(told.y_train) & {3, 8}


def test_behind_the_images_to_learn_from_come_soiled_copies_of_every_second_with_the_same_labels(digits):
    clean = split(digits, TrainConfig(train_images=300, validation_share=0.2, spoiled_labels=0.5))
    dirty = split(digits, TrainConfig(train_images=300, validation_share=0.2, spoiled_labels=0.5, dirt="raw"))
    ours, copies = dirty.x_train[:240], dirty.x_train[240:]
    np.testing.assert_array_equal(ours, clean.x_train)
    np.testing.assert_array_equal(dirty.y_train, np.concatenate([clean.y_train, clean.y_train[::2]]))
    np.testing.assert_array_equal(dirty.x_validation, clean.x_validation)
    changed = np.abs(copies.astype(float) - ours[::2]).mean(axis=(1, 2))
    assert (changed > 0).mean() > 0.9
    nearest = np.abs(copies[:, None].astype(float) - ours[None]).mean(axis=(2, 3)).argmin(axis=1)
    assert (nearest == np.arange(0, 240, 2)).mean() > 0.9


def test_a_small_share_still_holds_an_image_back(digits):
    parts = split(digits, TrainConfig(train_images=100, validation_share=0.001))
    assert len(parts.x_validation) == 1


def test_the_test_part_alone_is_that_of_the_whole(mnist, digits):
    for whole in (mnist, digits):
        part = load_test_part(whole.name)
        np.testing.assert_array_equal(part.images, whole.x_test)
        np.testing.assert_array_equal(part.labels, whole.y_test)


def test_a_number_says_who_wrote_each_test_image():
    found = writers.of_the_test_images()
    assert (len(found), len(np.unique(found))) == (10_000, 297)
    with np.load(files.BUNDLED / writers.FILE) as both:
        assert not set(both["train"]) & set(found)
