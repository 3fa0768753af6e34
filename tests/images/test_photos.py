"""Digits written on paper and photographed: light that falls on them unevenly, noise, JPEG."""

import io
from itertools import cycle

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from mnist_lab.datasets import pens
from mnist_lab.images.preprocessing import ink, prepare, read_image
from mnist_lab.images.strokes import draw
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED

SIDE = 560
X, Y = np.meshgrid(*[np.arange(SIDE) / SIDE] * 2)
LIGHTS = {
    "slope": lambda slope, random: 0.62 + 0.6 * slope,
    "shadow": lambda slope, random: 0.4 + 0.5 * gaussian_filter((slope > random.uniform(-0.3, 0.3)) * 1.0, 6),
    "lamp": lambda slope, random: 0.95 - 1.2 * ((X - 0.5) ** 2 + (Y - 0.5) ** 2),
}
LIGHTS["slope and shadow"] = lambda slope, random: (
    LIGHTS["slope"](slope, random) * LIGHTS["shadow"](slope, random) * 1.4
)


@pytest.fixture(scope="module")
def digits():
    return pens.load()[::90]


@pytest.fixture(scope="module")
def drawn(digits):
    return [draw(digit.strokes, pen_width=14) for digit in digits]


def lit(light, random):
    angle = random.uniform(0, 2 * np.pi)
    return np.clip(light(np.cos(angle) * (X - 0.5) + np.sin(angle) * (Y - 0.5), random), 0.05, 1.0)


def photo(drawing, light, random, dark_ink=True):
    """A JPEG of ink on paper, or of chalk on a board."""
    inked = np.asarray(Image.fromarray(drawing).resize((SIDE, SIDE)), np.float32) / 255
    surface = 1 - 0.75 * inked if dark_ink else 0.25 + 0.7 * inked
    seen = gaussian_filter(lit(light, random) * surface, 1.2) + random.normal(0, 0.015, (SIDE, SIDE))
    file = io.BytesIO()
    pixels = np.clip(seen[..., np.newaxis] * [255, 247, 230], 0, 255).astype(np.uint8)
    Image.fromarray(pixels).save(file, "JPEG", quality=75)
    file.seek(0)
    return read_image(file)


def accuracy(images, digits):
    model = Predictor.load(BUNDLED / "small-cnn" / "model.tflite")
    seen = np.stack([np.zeros((28, 28), np.float32) if image is None else image for image in images])
    return (model.probabilities(seen).argmax(axis=1) == [digit.label for digit in digits]).mean()


def test_a_photo_is_read_as_the_drawing(digits, drawn):
    random, lights = np.random.default_rng(0), cycle(LIGHTS.values())
    photos = [prepare(photo(drawing, next(lights), random)) for drawing in drawn]
    clean = [prepare(drawing) for drawing in drawn]
    assert accuracy(photos, digits) >= accuracy(clean, digits) - 0.02


@pytest.mark.parametrize(
    ("light", "dark_ink"), [*((light, True) for light in LIGHTS), ("slope", False), ("shadow", False), ("lamp", False)]
)
def test_ink_is_found_where_it_was_drawn(light, dark_ink, drawn):
    random = np.random.default_rng(1)
    for drawing in drawn[:8]:
        found = ink(photo(drawing, LIGHTS[light], random, dark_ink))
        asked = np.asarray(Image.fromarray(drawing).resize(found.shape[::-1]), np.float32) / 255
        assert (np.minimum(found, asked).sum() / np.maximum(found, asked).sum()) > 0.7


@pytest.mark.parametrize("light", ["slope", "lamp"])
def test_paper_without_ink_is_blank(light):
    assert prepare(photo(np.zeros((280, 280), np.uint8), LIGHTS[light], np.random.default_rng(2))) is None


@pytest.mark.parametrize("inverted", [False, True])
def test_drawings_and_clean_scans_are_taken_as_they_are(inverted, drawn):
    along_the_edge = drawn[1].copy()
    along_the_edge[:30] = 255
    for drawing in (*drawn[:10], along_the_edge):
        np.testing.assert_allclose(
            ink(255 - drawing if inverted else drawing), drawing / 255 * (drawing > 30), atol=1e-6
        )
