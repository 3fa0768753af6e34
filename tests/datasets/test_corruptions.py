"""Corruptions: that each does what its name says, by its strength, and the same for the same seed."""

import numpy as np
import pytest
from skimage.feature import canny

from mnist_lab.datasets.corruptions import CORRUPTIONS, corrupt

STRENGTHS = (0.25, 0.5, 0.75, 1.0)


@pytest.fixture(scope="module")
def images(mnist):
    return mnist.x_test[:60]


@pytest.fixture(scope="module")
def scaled(images):
    return images / np.float32(255)


def box(image):
    rows, columns = np.nonzero(image > 0.3)
    return rows.min(), rows.max(), columns.min(), columns.max()


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_stronger_the_farther_from_the_image_and_the_same_for_the_same_seed(images, scaled, name):
    np.testing.assert_array_equal(corrupt(images, name, 0.0), scaled)
    found = [corrupt(images, name, strength) for strength in STRENGTHS]
    for one in found:
        assert (one.dtype, one.shape) == (np.float32, images.shape)
        assert one.min() >= 0 and one.max() <= 1
    away = [np.abs(one - scaled).mean() for one in found]
    assert away == sorted(away) and 0 < away[0] < away[-1]
    np.testing.assert_array_equal(corrupt(scaled, name, 1.0), found[-1])
    np.testing.assert_array_equal(corrupt(images, name, 1.0, seed=0), found[-1])
    is_random = name not in ("brightness", "scale", "stripe", "canny edges")
    assert (corrupt(images, name, 1.0, seed=1) != found[-1]).any() == is_random


def test_impulses_are_as_many_black_as_white(scaled):
    grey = np.full_like(scaled, 0.5)
    found = corrupt(grey, "impulse noise")
    assert (found == 1).mean() == pytest.approx(0.085, abs=0.005)
    assert (found == 0).mean() == pytest.approx(0.085, abs=0.005)


def test_few_photons_keep_the_brightness_on_average(scaled):
    assert corrupt(np.full_like(scaled, 0.2), "shot noise").mean() == pytest.approx(0.2, abs=0.005)


def test_blur_keeps_the_ink_and_spreads_it(scaled):
    for name in ("glass blur", "motion blur"):
        found = corrupt(scaled, name)
        assert found.sum() == pytest.approx(scaled.sum(), rel=0.02)
        assert (found > 0.05).sum() > 1.3 * (scaled > 0.05).sum()
    shaken = corrupt(scaled, "motion blur")
    columns = np.arange(28)
    assert ((shaken - scaled).sum(axis=1) @ columns < 0).all()  # to one side


def test_what_is_moved_is_as_large_and_what_is_scaled_is_in_its_place(scaled):
    moved = corrupt(scaled, "translate")
    boxes = [(box(one), box(other)) for one, other in zip(moved, scaled, strict=True)]
    found = {(there[0] - here[0], there[2] - here[2]) for there, here in boxes}
    assert found == {(down, right) for down in (-3, 3) for right in (-3, 3)}
    smaller = corrupt(scaled, "scale")
    for one, other in zip(smaller, scaled, strict=True):
        top, bottom, *_ = box(one)
        first, last, *_ = box(other)
        assert bottom - top == pytest.approx(0.7 * (last - first), abs=2.5)


def test_lines_are_only_where_they_belong(scaled):
    black = np.zeros_like(scaled)
    dotted, zigzag = corrupt(black, "dotted line"), corrupt(black, "zigzag")
    dots = dotted.max(axis=1) > 0
    assert not dots[:, np.arange(28) % 4 < 2].any()
    assert dots[:, np.arange(28) % 4 >= 2].mean() > 0.9
    reached = zigzag.max(axis=1) > 0.5
    assert not reached[:, :1].any() and reached[:, 4:22].mean() > 0.9
    steps = np.diff(zigzag.argmax(axis=1)[:, 4:22], axis=1)
    assert np.median(np.abs(steps).mean(axis=1)) > 0.8  # it goes up and down, unless it leaves the image


def test_stripes_are_inverted_and_edges_are_those_of_canny(scaled):
    striped = corrupt(scaled, "stripe")
    np.testing.assert_allclose(striped[:, :, :7], 1 - scaled[:, :, :7], atol=1e-6)
    np.testing.assert_allclose(striped[:, :, 21:], 1 - scaled[:, :, 21:], atol=1e-6)
    np.testing.assert_array_equal(striped[:, :, 7:21], scaled[:, :, 7:21])
    edges = corrupt(scaled, "canny edges")
    np.testing.assert_allclose(edges[0], canny(scaled[0].astype(float)), atol=1e-6)


def test_fog_leaves_the_digit_the_brighter(scaled):
    fogged = corrupt(scaled, "fog")
    for one, other in zip(fogged, scaled, strict=True):
        assert one[other > 0.9].mean() > one[other == 0].mean()
    assert fogged[scaled == 0].mean() > 0.2


def test_mud_is_grey_and_covers_what_is_below(scaled):
    muddy = corrupt(scaled, "spatter")
    assert muddy[scaled == 0].max() == pytest.approx(63 / 255, abs=0.01)
    assert ((muddy > 0.19) & (scaled == 0)).mean() > 0.02
    assert (muddy[scaled > 0.9] < 0.5).mean() > 0.01
