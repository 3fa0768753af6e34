"""The served model is the trained one. Needs TensorFlow for the trained one."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
import pytest

from mnist_lab.config.knobs import knob
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import load
from mnist_lab.errors import RunError
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED, RunStore
from tests.conftest import slow_but

MODEL = BUNDLED / "dense-128-dropout" / "model.tflite"


@pytest.fixture(scope="module")
def predictor():
    return Predictor.load(MODEL)


@pytest.mark.parametrize(
    ("network", "scaling"),
    slow_but(
        (  # what is not trained by Keras has tests of its own, with other scalings
            (network, scaling)
            for network, scaling in product(knob("network").options, knob("scaling").options)
            if network in ("dense", "cnn") or scaling in ("unit", "standardised")
        ),
        ("dense", "unit"),
        ("cnn", "standardised"),
    ),
)
def test_the_exported_model_answers_like_the_trained_one(tmp_path, digits, network, scaling):
    from mnist_lab.training.contract import Contract
    from mnist_lab.training.loop import export_litert, train

    config = TrainConfig(
        train_images=200, network=network, filters=(4,), units=(16,), scaling=scaling, epochs=1, validation_share=0.0
    )
    model, _ = train(config, digits, Contract(lambda tick: None))
    export_litert(model, tmp_path / "model.tflite")
    images = digits.x_test / np.float32(255)
    served = Predictor.load(tmp_path / "model.tflite").probabilities(images)
    np.testing.assert_allclose(served, model.predict(images, verbose=0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("number", [0, 1, 499, 500, 501])
def test_any_number_of_images_gets_probabilities(predictor, number):
    images = np.random.default_rng(0).random((number, 28, 28), dtype=np.float32)
    probabilities = predictor.probabilities(images)
    assert (probabilities.shape, probabilities.dtype) == ((number, 10), np.float32)
    np.testing.assert_allclose(probabilities.sum(axis=1), np.ones(number), atol=1e-5)
    for place in {0, number - 1} & set(range(number)):
        np.testing.assert_allclose(predictor.predict(images[place]).probabilities, probabilities[place], atol=1e-6)


@pytest.mark.parametrize("most", [1, 3 * 784, 10 * 784])
def test_a_network_of_large_layers_gets_fewer_images_at_once_and_answers_the_same(predictor, monkeypatch, most):
    images = np.random.default_rng(0).random((20, 28, 28), dtype=np.float32)
    whole, sizes = predictor.probabilities(images), []
    monkeypatch.setattr("mnist_lab.inference.predictor.MOST_NUMBERS", most)
    smaller = Predictor.load(MODEL)
    invoke = smaller._invoke
    monkeypatch.setattr(smaller, "_invoke", lambda batch: sizes.append(len(batch)) or invoke(batch))
    np.testing.assert_allclose(smaller.probabilities(images), whole, atol=1e-6)
    assert max(sizes) == max(1, most // 784)


def test_bytes_and_floats_give_the_same(predictor, digits):
    as_floats = predictor.probabilities(digits.x_test / np.float32(255))
    np.testing.assert_allclose(predictor.probabilities(digits.x_test), as_floats, atol=1e-6)


def test_the_digit_is_the_most_probable(predictor, digits):
    prediction = predictor.predict(digits.x_test[0] / np.float32(255))
    assert prediction.probabilities[prediction.digit] == max(prediction.probabilities) == prediction.confidence


@pytest.mark.parametrize("path", sorted(BUNDLED.glob("*/model.tflite")), ids=lambda path: path.parent.name)
def test_the_bundled_models_answer_as_they_did_when_they_were_scored(path, mnist):
    store, name = RunStore("runs"), path.parent.name
    scored, images = store.evaluation(name), load(store.get(name).config.dataset).x_test[:2000]
    answers = Predictor.load(path).probabilities(images)
    np.testing.assert_allclose(answers, scored.probabilities[:2000], atol=2e-3)


@pytest.mark.parametrize(
    "content",
    [b"", b"no model", MODEL.read_bytes()[:1000], bytes(1000), MODEL.read_bytes()[: MODEL.stat().st_size // 2]],
    ids=["empty", "text", "cut", "zeros", "half"],
)
def test_a_damaged_model_is_refused(content):
    with pytest.raises(RunError, match="damaged"):
        Predictor(content)


def test_threads_share_a_predictor(predictor, digits):
    batches = [digits.x_test[start : start + 1 + start % 7] for start in range(200)]
    alone = [predictor.probabilities(batch) for batch in batches]
    with ThreadPoolExecutor(8) as pool:
        for together, expected in zip(pool.map(predictor.probabilities, batches), alone, strict=True):
            np.testing.assert_allclose(together, expected, atol=1e-6)
