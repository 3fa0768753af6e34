"""How networks read corrupted images: that what is kept, what is counted and what is shown belong together."""

import numpy as np
import pytest

from mnist_lab.datasets.corruptions import CORRUPTIONS
from mnist_lab.datasets.mnist import load_test_part
from mnist_lab.exploring import findings
from mnist_lab.exploring.findings import Robustness
from mnist_lab.exploring.robustness import STRENGTHS, accuracies, chosen, misread, robustness
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED

PREDICTOR = Predictor.load(BUNDLED / "dense-128-dropout" / "model.tflite")


@pytest.fixture(scope="module")
def test_part(digits):
    return load_test_part("digits")


@pytest.fixture(scope="module")
def found(test_part):
    kept = findings.to_bytes(robustness(PREDICTOR, test_part))
    return findings.from_bytes(Robustness, kept)


def test_accuracy_is_known_at_each_strength_and_begins_with_that_on_clean_images(found, test_part):
    images, labels = chosen(test_part)
    clean = (PREDICTOR.probabilities(images).argmax(axis=1) == labels).mean()
    read = accuracies(found, test_part)
    assert list(read) == list(CORRUPTIONS)
    for by_strength in read.values():
        assert len(by_strength) == 1 + len(STRENGTHS)
        assert by_strength[0] == pytest.approx(clean)
    assert np.mean([by_strength[-1] for by_strength in read.values()]) < clean - 0.1


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_images_that_are_shown_as_misread_are_misread(found, test_part, name):
    strength = STRENGTHS[-1]
    shown = misread(found, test_part, name, strength, most=1000)
    assert len(shown) == round((1 - accuracies(found, test_part)[name][-1]) * len(chosen(test_part).labels))
    answers = PREDICTOR.probabilities(np.array([one.image for one in shown])).argmax(axis=1)
    assert answers.tolist() == [one.answer for one in shown]
    assert all(one.label != one.answer for one in shown)
    assert len(misread(found, test_part, name, strength, most=3)) == min(3, len(shown))


def test_the_chosen_images_are_a_thousand_of_mnists_and_always_the_same(mnist):
    test = load_test_part("mnist")
    first, again = chosen(test), chosen(test)
    assert len(first.labels) == 1000
    np.testing.assert_array_equal(first.images, again.images)
