import numpy as np
import pytest
from PIL import Image

from mnist_lab.datasets import pens
from mnist_lab.images import strokes
from mnist_lab.images.preprocessing import prepare
from mnist_lab.images.segmentation import segments
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED
from tests.drawings import draw

HEIGHT = 200


@pytest.fixture(scope="module")
def digits():
    return pens.load()


def side_by_side(digits, random, gaps=(8, 40)):
    """Digits written in a row, some higher than others, none touching: uint8 (HEIGHT, w), ink bright."""
    row = [np.zeros((HEIGHT, 40), np.uint8)]
    for digit in digits:
        drawn = strokes.draw(strokes.resized(digit.strokes, random.uniform(0.55, 0.7)), HEIGHT, 14)
        inked = np.flatnonzero(drawn.any(axis=0))
        row += [np.roll(drawn[:, inked[0] : inked[-1] + 1], random.integers(-12, 13), axis=0)]
        row += [np.zeros((HEIGHT, int(random.uniform(*gaps))), np.uint8)]
    return np.concatenate([*row, row[0]], axis=1)


def test_digits_side_by_side_are_told_apart_and_read_as_well_as_alone(digits):
    random, model = np.random.default_rng(0), Predictor.load(BUNDLED / "small-cnn" / "model.tflite")
    counted, together, alone = [], [], []
    for _ in range(120):
        written = [digits[index] for index in random.integers(0, len(digits), random.integers(2, 6))]
        found = segments(side_by_side(written, random))
        counted.append(len(found) == len(written))
        if counted[-1]:
            labels = [digit.label for digit in written]
            cut = np.stack([prepare(segment.image) for segment in found])
            whole = np.stack([prepare(strokes.draw(digit.strokes)) for digit in written])
            together += (model.probabilities(cut).argmax(axis=1) == labels).tolist()
            alone += (model.probabilities(whole).argmax(axis=1) == labels).tolist()
    assert np.mean(counted) >= 0.97
    assert np.mean(together) >= np.mean(alone) - 0.02


def test_a_single_digit_stays_whole_whatever_the_pen(digits):
    random = np.random.default_rng(0)
    counts = [len(segments(pens.draw_somehow(digit.strokes, random))) for digit in digits[::10]]
    assert np.mean(np.array(counts) != 1) < 0.01


def test_a_single_digit_is_seen_as_without_segmentation(digits):
    for digit in digits[:20]:
        drawn = strokes.draw(digit.strokes)
        (segment,) = segments(drawn)
        assert np.abs(prepare(segment.image) - prepare(drawn)).mean() < 0.01


def test_boxes_lie_around_the_ink_in_the_image_own_pixels():
    canvas = np.zeros((400, 2000), np.uint8)
    canvas[100:300, 200:240] = canvas[120:320, 1500:1530] = 255
    for image in (canvas, Image.fromarray(canvas), Image.fromarray(255 - canvas).convert("RGB")):  # shrunk to work on
        boxes = [segment.box for segment in segments(image)]
        np.testing.assert_allclose(boxes, [(200, 100, 40, 200), (1500, 120, 30, 200)], atol=6)


def test_a_part_apart_belongs_to_its_digit_and_a_speck_to_none():
    five = np.zeros((200, 400), np.uint8)
    five[40:160, 60:75] = five[100:115, 60:120] = five[40:54, 85:130] = 255  # the bar beside the body
    five[20:24, 300:304] = 255
    (segment,) = segments(five)
    assert segment.box == (60, 40, 70, 120)


def test_two_digits_that_touch_are_cut():
    ones = np.concatenate(
        [np.asarray(draw(0, box=(50, 50, 180)))[:, 60:], np.asarray(draw(0, box=(50, 50, 180)))], axis=1
    )
    inked = np.flatnonzero(ones.any(axis=0))
    gap = np.flatnonzero(~ones[:, inked[0] : inked[-1]].any(axis=0)) + inked[0]
    assert len(segments(np.delete(ones, gap, axis=1))) == len(segments(ones)) == 2


@pytest.mark.parametrize("level", [0, 255])
def test_a_blank_image_has_no_segment(level):
    assert segments(np.full((200, 800), level, np.uint8)) == []


def test_noise_is_worked_through_in_good_time():
    noise = (np.random.default_rng(0).random((560, 560)) > 0.7).astype(np.float32)
    assert len(segments(noise)) <= 60
