"""Dirt to learn from: that each family soils, that a digit stays beneath it, and that the seed decides."""

import ast
from itertools import chain

import numpy as np
import pytest

from mnist_lab.datasets.dirt import KINDS, soil, soiled
from mnist_lab.images.preprocessing import prepare
from tests.conftest import ROOT

ADD_INK = ("_hairs", "_rings", "_lines", "_curls", "_hatching", "_blots")
TAKE_INK = ("_gaps",)


@pytest.fixture(scope="module")
def images(mnist):
    return mnist.x_train[:60] / np.float32(255)


@pytest.mark.parametrize("family", [*dict.fromkeys(chain(*KINDS))], ids=lambda family: family.__name__)
def test_a_family_changes_most_images_and_the_digit_can_still_be_told(images, family):
    random = np.random.default_rng(0)
    found = np.clip([family(image, 0.7, random) for image in images], 0, 1)
    assert (np.abs(found - images).max(axis=(1, 2)) > 0.1).mean() > 0.5
    alike = [np.corrcoef(one.ravel(), image.ravel())[0, 1] for one, image in zip(found, images, strict=True)]
    assert np.mean(alike) > 0.5
    if family.__name__ in ADD_INK:
        assert (found >= images - 1e-6).all() and found.sum() > images.sum()
    if family.__name__ in TAKE_INK:
        assert (found <= images + 1e-6).all() and found.sum() < images.sum()


def test_the_seed_decides_and_each_copy_is_soiled_by_itself(mnist):
    few = mnist.x_train[:40]
    first, again, other = (soiled(few, "raw", seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=(1, 2)).mean() > 0.9
    np.testing.assert_array_equal(soiled(few[:10], "raw", 1), first[:10])
    assert first.dtype == np.uint8 and first.shape == few.shape
    same = soiled(np.repeat(few[:1], 20, axis=0), "raw", 0)
    assert len(np.unique(same, axis=0)) > 15


def test_soiling_ends_where_it_is_asked_to(mnist):
    few, answers = mnist.x_train[:10], iter([False] * 4 + [True])
    found = soiled(few, "raw", 1, lambda: next(answers))
    np.testing.assert_array_equal(found[:4], soiled(few[:4], "raw", 1))
    np.testing.assert_array_equal(found[4:], few[4:])


def test_a_prepared_copy_is_what_preparation_makes_of_a_dirty_image(mnist):
    few = mnist.x_train[:20]
    found = soiled(few, "prepared", 3)
    for place, image in enumerate(few):
        dirty = soil(image / np.float32(255), np.random.default_rng((3, place)))
        seen = prepare(dirty)
        assert seen is not None
        np.testing.assert_allclose(found[place] / 255, seen, atol=0.51 / 255)


def test_nothing_that_is_learnt_from_knows_the_corruptions_that_are_tested_on():
    for path in [*(ROOT / "mnist_lab/training").glob("*.py"), *(ROOT / "mnist_lab/datasets").glob("*.py")]:
        nodes = [*ast.walk(ast.parse(path.read_text("utf-8")))]
        named = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
        named |= {alias.name for node in nodes if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
        assert not [name for name in named if name and name.endswith("corruptions")], path
