"""The same digit reads the same, whatever the pen's width, wherever and however large it is drawn."""

import numpy as np
import pytest

from mnist_lab.config import recipes
from mnist_lab.datasets import pens
from mnist_lab.images.preprocessing import ALL_STEPS, LONGEST, SIDE, STROKE_WIDTH, Step, prepare, trace
from mnist_lab.images.strokes import draw, resized
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED

ANGLES = np.linspace(0, 2 * np.pi, 60)
CIRCLE = np.stack([0.5 + 0.13 * np.cos(ANGLES), 0.5 + 0.2 * np.sin(ANGLES)], axis=1).astype(np.float32)
DIGITS = {
    0: (CIRCLE,),
    1: (np.array([[0.5, 0.2], [0.5, 0.8]], dtype=np.float32),),
    4: (
        np.array([[0.42, 0.2], [0.3, 0.55], [0.72, 0.55]], dtype=np.float32),
        np.array([[0.6, 0.25], [0.58, 0.82]], dtype=np.float32),
    ),
    7: (np.array([[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]], dtype=np.float32),),
}


@pytest.fixture(scope="module")
def model() -> Predictor:
    return Predictor.load(BUNDLED / "house-cnn" / "model.tflite")


def probabilities(model: Predictor, drawn: np.ndarray) -> np.ndarray:
    image = prepare(drawn)
    assert image is not None
    return model.predict(image).probabilities


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("pen_width", [8, 14, 30, 40])
def test_the_pen_does_not_matter(model, digit, pen_width):
    strokes = resized(DIGITS[digit], 0.7)
    reference = probabilities(model, draw(strokes, pen_width=20))
    assert reference.argmax() == digit
    np.testing.assert_allclose(probabilities(model, draw(strokes, pen_width=pen_width)), reference, atol=0.05)


def test_the_pen_does_not_matter_for_what_people_write(model):
    config = recipes.get("house-cnn").config
    digits = pens.split_by_writer(pens.load(), config.held_out_writers, config.seed).held_out[:200]
    thin, thick = (
        model.probabilities(np.stack([prepare(draw(resized(digit.strokes, 0.7), pen_width=width)) for digit in digits]))
        for width in (8, 32)
    )
    moved = np.abs(thin - thick).max(axis=1)
    assert np.median(moved) < 0.01
    assert (moved < 0.1).mean() > 0.95


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize(("longest", "middle"), [(0.25, (0.15, 0.15)), (0.25, (0.85, 0.8)), (0.9, (0.5, 0.5))])
def test_place_and_size_do_not_matter(model, digit, longest, middle):
    reference = probabilities(model, draw(resized(DIGITS[digit], 0.6)))
    drawn = draw(resized(DIGITS[digit], longest, middle), pen_width=10)
    np.testing.assert_allclose(probabilities(model, drawn), reference, atol=0.05)


@pytest.mark.parametrize("pen_width", [4, 8, 20, 40])
def test_strokes_come_out_as_wide_as_in_mnist(pen_width):
    image = prepare(draw(resized((CIRCLE,), 0.8), pen_width=pen_width))
    middle = image[SIDE // 2]
    assert middle[: SIDE // 2].sum() == pytest.approx(STROKE_WIDTH, abs=0.5)
    assert middle[SIDE // 2 :].sum() == pytest.approx(STROKE_WIDTH, abs=0.5)


def test_a_loop_that_the_pen_has_filled_stays_a_blot():
    strokes = (*resized((CIRCLE,), 0.12), np.array([[0.56, 0.5], [0.5, 0.9]], dtype=np.float32))
    image = prepare(draw(strokes, pen_width=24))
    rows = image.sum(axis=1)
    assert rows.max() > 2 * rows[rows > 0][-4]


@pytest.mark.parametrize("drawn", [draw(([[0.3, 0.3]] * np.ones((1, 2)),)), np.eye(1, 784, 400).reshape(28, 28)])
def test_a_dot_stays_a_dot_in_the_middle(drawn):
    image = prepare(drawn)
    assert image.max() == 1.0 and image[SIDE // 2, SIDE // 2] == 1.0
    for axis in (0, 1):
        assert (image > 0.5).any(axis=axis).sum() == pytest.approx(LONGEST, abs=1)


def test_each_step_shows_what_it_did_and_can_be_left_out():
    drawn = draw(DIGITS[4]).copy()
    drawn[5:8, 5:8] = 255  # a speck
    stages = trace(drawn)
    assert [stage.name for stage in stages] == ["ink", "clean", "crop", "stroke width", "size", "centre"]
    for stage in stages:
        assert stage.image.dtype == np.float32 and stage.image.min() >= 0.0 and stage.image.max() <= 1.0
    np.testing.assert_array_equal(stages[-1].image, prepare(drawn))
    for left_out in Step:
        shorter = trace(drawn, ALL_STEPS - {left_out})
        assert shorter[-1].image.shape == (SIDE, SIDE)
        assert (shorter[-1].image != stages[-1].image).any()


def test_without_any_step_the_canvas_is_just_resized():
    drawn = np.zeros((280, 280), dtype=np.uint8)
    drawn[100:150, 30:70] = 255
    expected = np.zeros((28, 28), dtype=np.float32)
    expected[10:15, 3:7] = 1.0
    assert np.abs(prepare(drawn, steps=()) - expected).mean() < 0.02


def test_a_blank_canvas_has_only_its_ink():
    assert prepare(np.zeros((280, 280), dtype=np.uint8)) is None
    assert len(trace(np.zeros((280, 280), dtype=np.uint8))) == 1
