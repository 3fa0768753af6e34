import numpy as np
import pytest

from mnist_lab.exploring.counterfactuals import LENGTHS, flip, strokes
from mnist_lab.exploring.findings import Sweep
from mnist_lab.exploring.learning_rates import suggest
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load(BUNDLED / "small-cnn" / "model.tflite")


@pytest.mark.parametrize("add", [True, False])
def test_a_flip_changes_ink_in_one_direction_and_the_answer(add, predictor, digits):
    found = 0
    for image in digits.x_test[:6].astype(np.float32) / 255:
        flipped = flip(image, predictor, add)
        if flipped is None:
            continue
        found += 1
        change = flipped.image - image
        assert ((change if add else -change) >= 0).all()
        assert change.sum() == pytest.approx(flipped.change, abs=1e-3)
        assert predictor.predict(flipped.image).digit == flipped.prediction.digit != predictor.predict(image).digit
    assert found


def test_what_never_changes_its_mind_is_told(digits):
    class Sure:
        def probabilities(self, images):
            return np.tile(np.eye(10, dtype=np.float32)[3], (len(images), 1))

        def predict(self, image):
            from mnist_lab.inference.predictor import Prediction

            return Prediction(self.probabilities(image[None])[0])

    assert flip(digits.x_test[0] / np.float32(255), Sure(), add=True) is None


def test_strokes_are_as_long_and_wide_as_they_say():
    for length in LENGTHS:
        ink = strokes(length).sum(axis=(1, 2))
        assert strokes(length).max() <= 1
        assert ink.max() == pytest.approx(2.4 * length + 2.4**2 * np.pi / 4, rel=0.15)


def test_a_rate_is_suggested_between_the_steepest_fall_and_the_turn():
    rates = np.geomspace(1e-5, 10, 200).astype(np.float32)
    losses = 0.3 + 2 / (1 + (rates / 1e-3) ** 1.5) + np.maximum(0, np.log10(rates / 0.1)) ** 2
    suggestion = suggest(Sweep(rates, losses.astype(np.float32)))
    assert 1e-3 <= suggestion.rate <= 0.05
    assert f"{suggestion.rate:g}" in suggestion.reason


def test_where_the_loss_never_falls_nothing_is_suggested():
    rates = np.geomspace(1e-5, 10, 50).astype(np.float32)
    assert suggest(Sweep(rates, np.full(50, 2.3, np.float32))).rate is None
