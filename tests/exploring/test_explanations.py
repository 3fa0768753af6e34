import time
from itertools import pairwise

import numpy as np
import pytest

from mnist_lab.datasets import pens
from mnist_lab.exploring.occlusion import log_odds, occlusion
from mnist_lab.exploring.replay import decided, growth, replay
from mnist_lab.exploring.sensitivity import CHANGES, rotate, shift, thicken, wobble
from mnist_lab.images.preprocessing import prepare
from mnist_lab.images.strokes import CANVAS_SIDE, draw
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED

MODELS = {path.parent.name: Predictor.load(path) for path in sorted(BUNDLED.glob("*/model.tflite"))}
MODEL = MODELS["small-cnn"]


@pytest.fixture(scope="module")
def digits():
    return pens.load()[:6]


@pytest.fixture(scope="module")
def images(digits):
    return [prepare(draw(digit.strokes)) for digit in digits]


def in_pixels(digit):
    return [(stroke * CANVAS_SIDE).tolist() for stroke in digit.strokes]


@pytest.mark.parametrize("patch", [1, 5])
def test_the_map_is_what_blanking_patch_by_patch_gives(images, patch):
    found = occlusion(images[0], MODEL, patch=patch)
    before = MODEL.predict(images[0])
    assert found.digit == before.digit
    expected = np.zeros((28, 28), np.float32)
    for row, column in np.ndindex(28, 28):
        field = np.pad(images[0], patch)
        middle = row + patch, column + patch
        field[tuple(slice(at - patch // 2, at + patch // 2 + 1) for at in middle)] = 0.0
        after = MODEL.predict(field[patch:-patch, patch:-patch]).probabilities
        both = log_odds(np.stack([before.probabilities, after]), before.digit)
        expected[row, column] = both[0] - both[1]
    np.testing.assert_allclose(found.importance, expected, atol=2e-3)


def test_far_from_ink_nothing_matters_and_a_blank_image_has_no_map(images):
    found = occlusion(images[0], MODEL, patch=1).importance
    assert not found[images[0] == 0].any()
    assert not occlusion(np.zeros((28, 28), np.float32), MODEL).importance.any()


def test_another_digit_can_be_asked_for(images):
    answer = MODEL.predict(images[0]).digit
    other = occlusion(images[0], MODEL, digit=(answer + 1) % 10)
    assert other.digit == (answer + 1) % 10
    assert (other.importance != occlusion(images[0], MODEL).importance).any()


def test_a_map_takes_no_longer_than_a_person_notices(images):
    def seconds():
        start = time.perf_counter()
        occlusion(images[0], MODEL)
        return time.perf_counter() - start

    assert min(seconds() for _ in range(5)) < 0.2


@pytest.mark.parametrize("kind", CHANGES)
def test_an_unchanged_drawing_keeps_its_probability_on_every_model(images, kind):
    curves = wobble(images[1], MODELS, 3, kind)
    assert [curve.model for curve in curves] == list(MODELS)
    for curve in curves:
        unchanged = curve.x.index(1.0 if kind == "thicken" else 0.0)
        assert curve.y[unchanged] == pytest.approx(MODELS[curve.model].predict(images[1]).probabilities[3], abs=1e-5)
        assert len(curve.x) == len(curve.y) and curve.x == sorted(curve.x)


def test_changes_change_what_they_say(images):
    image = images[0]
    np.testing.assert_array_equal(shift(image, 2, 1)[1:, 2:], image[:-1, :-2])
    np.testing.assert_array_equal(shift(shift(image, -3), 3), image)
    ink = [float(thicken(image, factor).sum()) for factor in CHANGES["thicken"].amounts]
    assert ink == sorted(ink)
    quarter = rotate(image, 90)[1:, 1:]  # around (14, 14)
    np.testing.assert_allclose(quarter, np.rot90(image[1:, 1:], -1), atol=0.02)
    for change in CHANGES.values():
        for amount in change.amounts:
            changed = change.apply(image, amount)
            assert (changed.shape, changed.dtype) == ((28, 28), np.float32)
            assert changed.min() >= 0 and changed.max() <= 1


def test_the_last_moment_is_the_whole_drawing(digits, images):
    for digit, image in zip(digits, images, strict=True):
        frames = list(growth(in_pixels(digit), steps=12))
        np.testing.assert_array_equal(frames[-1], draw(digit.strokes))
        moments = replay(frames, MODEL)
        np.testing.assert_allclose(moments[-1].probabilities, MODEL.predict(image).probabilities, atol=1e-5)
        shares = [moment.share for moment in moments]
        assert len(moments) == 12 and shares == sorted(shares) and shares[-1] == 1.0


def test_a_drawing_only_grows_and_dots_are_drawn_too():
    frames = list(growth([[(50, 50)], [(100, 50), (200, 50)], [(250, 250)]], steps=10))
    assert all(after.sum(dtype=int) > before.sum(dtype=int) for before, after in pairwise(frames))
    assert frames[0][50, 50] == frames[-1][250, 250] == 255
    assert not frames[-2][250, 250]
    assert frames[4][50, 140] and not frames[4][50, 170]


def test_the_answer_is_decided_when_it_no_longer_changes(digits):
    moments = replay(list(growth(in_pixels(digits[0]), steps=12)), MODEL)
    blank = replay([np.zeros((280, 280), np.uint8)], MODEL)
    assert blank[0].probabilities is None and blank[0].share == 0.0
    index = decided(moments)
    answers = [int(moment.probabilities.argmax()) for moment in moments]
    assert 0 < index < len(answers) - 1
    assert set(answers[index:]) == {answers[-1]}
    assert answers[index - 1] != answers[-1]
    assert decided(blank + moments) == index + 1
    assert decided(blank) is decided([]) is decided(moments + blank) is None
