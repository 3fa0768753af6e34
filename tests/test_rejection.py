"""Digits are believed; what is no digit is doubted."""

import numpy as np
import pytest

from benchmarks.rejection import LETTERS
from mnist_lab import pens
from mnist_lab.prediction import Prediction, Predictor
from mnist_lab.preprocessing import prepare
from mnist_lab.rejection import Doubt, Thresholds, likeness, verdict
from mnist_lab.runs import BUNDLED

ZIGZAG = (np.array([[0.1, 0.1], [0.9, 0.2], [0.1, 0.4], [0.9, 0.5], [0.1, 0.7], [0.9, 0.9]], dtype=np.float32),)
SEVEN = (np.array([[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]], dtype=np.float32),)
DOT = (np.array([[0.4, 0.4]], dtype=np.float32),)


def letter(name: str) -> tuple[pens.Stroke, ...]:
    return pens.place([np.array(line, dtype=np.float32) for line in LETTERS[name]], 0.6)


def judged(strokes: tuple[pens.Stroke, ...]) -> Doubt:
    image = prepare(pens.draw(strokes))
    return verdict(Predictor.load(BUNDLED / "house-cnn" / "model.tflite").predict(image), image)


def test_a_digit_is_believed():
    assert judged(SEVEN) is Doubt.SURE


@pytest.mark.parametrize("strokes", [ZIGZAG, DOT, letter("E"), letter("M"), letter("X")])
def test_what_is_no_digit_is_not_believed(strokes):
    assert judged(strokes) is Doubt.NOT_A_DIGIT


def test_a_torn_answer_is_not_sure_however_good_the_drawing():
    image = prepare(pens.draw(SEVEN))
    torn = Prediction(np.array([0, 0.5, 0, 0, 0, 0, 0, 0.5, 0, 0], dtype=np.float32))
    assert verdict(torn, image, Thresholds(digit_to=9.0, sure_to=9.0, sure_from=0.9)) is Doubt.NOT_SURE


def test_the_nearest_plane_is_that_of_the_digit():
    image = prepare(pens.draw(SEVEN))
    nearest = likeness(image)
    assert nearest.digit == 7
    assert np.corrcoef(nearest.image.ravel(), image.ravel())[0, 1] > 0.8
