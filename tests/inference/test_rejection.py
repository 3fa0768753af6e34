"""Digits are believed; what is no digit is doubted."""

import re

import numpy as np
import pytest

from benchmarks.nondigits import JUDGED
from mnist_lab.datasets import pens
from mnist_lab.images.preprocessing import prepare
from mnist_lab.images.strokes import Stroke, draw, resized
from mnist_lab.inference.predictor import Prediction, Predictor
from mnist_lab.inference.rejection import Doubt, verdict
from mnist_lab.store.runs import BUNDLED
from mnist_lab.ui.answer import bars, certainty

ZIGZAG = (np.array([[0.1, 0.1], [0.9, 0.2], [0.1, 0.4], [0.9, 0.5], [0.1, 0.7], [0.9, 0.9]], dtype=np.float32),)
SEVEN = (np.array([[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]], dtype=np.float32),)
DOT = (np.array([[0.4, 0.4]], dtype=np.float32),)


def letter(name: str) -> tuple[Stroke, ...]:
    return resized([np.array(line, dtype=np.float32) for line in JUDGED[name]], 0.6)


def judged(strokes: tuple[Stroke, ...]) -> Doubt:
    image = prepare(draw(strokes))
    return verdict(Predictor.load(BUNDLED / "house-cnn" / "model.tflite").predict(image), image)


def oval(width: float) -> tuple[Stroke, ...]:
    around = np.linspace(0, 2 * np.pi, 60)
    points = np.stack([0.5 + width / 2 * np.sin(around), 0.5 - 0.3 * np.cos(around)], axis=1)
    return (points.astype(np.float32),)


def refused(images) -> float:
    """The share of prepared digits, uint8 (n, 28, 28), that are said to be none."""
    answer = Prediction(np.eye(10, dtype=np.float32)[0])
    verdicts = [verdict(answer, image.astype(np.float32) / np.float32(255)) for image in images]
    return verdicts.count(Doubt.NOT_A_DIGIT) / len(verdicts)


@pytest.mark.parametrize("strokes", [SEVEN, oval(0.12), oval(0.2), oval(0.5)], ids=["7", "thin 0", "narrow 0", "0"])
def test_a_digit_is_believed(strokes):
    assert judged(strokes) is Doubt.SURE


@pytest.mark.parametrize("strokes", [ZIGZAG, DOT, letter("E"), letter("M"), letter("X")])
def test_what_is_no_digit_is_not_believed(strokes):
    assert judged(strokes) is Doubt.NOT_A_DIGIT


def test_a_torn_answer_is_not_sure_however_good_the_drawing():
    torn = Prediction(np.array([0, 0.5, 0, 0, 0, 0, 0, 0.5, 0, 0], dtype=np.float32))
    assert verdict(torn, prepare(draw(SEVEN))) is Doubt.NOT_SURE


def test_of_what_other_writers_drew_at_most_one_digit_in_a_hundred_is_refused():
    assert refused(pens.shared_test().images) <= 0.01


def test_of_the_test_digits_at_most_two_in_a_hundred_are_refused(mnist):
    assert refused(np.round(prepare(image) * 255).astype(np.uint8) for image in mnist.x_test[:2000]) <= 0.02


@pytest.mark.parametrize("doubt", Doubt)
def test_where_it_is_no_digit_no_certainty_stands_beside_it(doubt):
    sure = Prediction(np.array([0.9998] + [0.0000222] * 9, dtype=np.float32))
    shown = certainty(sure, doubt) + re.sub("<[^>]*>", "", bars(sure, doubt is not Doubt.NOT_A_DIGIT))
    assert ("%" in shown) == (doubt is not Doubt.NOT_A_DIGIT)
