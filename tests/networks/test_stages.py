"""What the stages of a network give equals what Keras's layers give, for what comes with the lab and for all knobs."""

from pathlib import Path

import keras
import numpy as np
import pytest

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks.stages import Stage, activations, of_run, read
from mnist_lab.store.runs import RunStore
from mnist_lab.training.keras_models import build, served
from mnist_lab.training.loop import export_litert
from tests.conftest import slow_but

EVERY = ("relu", "sigmoid", "tanh", "gelu", "linear")
CONFIGS = {
    "every activation": {"units": (20,) * 5, "activation": EVERY},
    "every activation, normalized": {"units": (20,) * 5, "activation": EVERY, "batch_normalization": True},
    "one unit, sigmoid outputs": {"units": (1,), "output": "sigmoid", "scaling": "column-l2"},
    "no hidden layer": {"units": (), "scaling": "none"},
    "padded convolutions": {"network": "cnn", "filters": (4, 8), "convolutions": 2, "activation": ("gelu", "tanh")},
    "normalized convolutions": {
        "network": "cnn",
        "filters": (4, 8),
        "kernel": 4,
        "convolutions": 2,
        "activation": ("gelu", "linear"),
        "batch_normalization": True,
        "scaling": "standardised",
    },
    "8 x 8": {"network": "cnn", "filters": (4,), "kernel": 2, "convolutions": 3, "units": (), "scaling": "8x8"},
    "from scratch": {"network": "scratch", "units": (30,), "activation": "sigmoid", "output": "logits"},
}
IMAGES = np.random.default_rng(0).random((6, 28, 28), np.float32)


def stirred(model: keras.Model) -> keras.Model:
    """The model with no weight left where it begins: trained biases are not 0, nor are normalizations idle."""
    rng = np.random.default_rng(1)
    for layer in model.layers:
        weights = layer.get_weights()
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights(
                [rng.normal(0.4, 1, w.shape) for w in weights[:3]] + [rng.uniform(0.2, 2, weights[3].shape)]
            )
        elif weights:
            layer.set_weights([weights[0], rng.normal(0, 0.1, weights[1].shape)])
    return model


def assert_equal_to_keras(stages: list[Stage], model: keras.Model, images: np.ndarray) -> None:
    """Each stage gives what one of Keras's layers gives, and they come in the same order."""
    outputs = iter(keras.Model(model.input, [layer.output for layer in model.layers])(images))
    for stage, found in zip(stages, activations(stages, images), strict=True):
        flat = found.reshape(len(images), -1)
        same = (np.asarray(output).reshape(len(images), -1) for output in outputs)
        assert any(a.shape == flat.shape and np.allclose(a, flat, rtol=1e-5, atol=1e-5) for a in same), stage.name


@pytest.mark.parametrize("settings", slow_but(CONFIGS.values(), CONFIGS["normalized convolutions"]), ids=CONFIGS)
def test_every_network_of_the_form_gives_what_keras_gives(tmp_path: Path, settings):
    config = TrainConfig(**settings)
    model = stirred(build(config))
    model.save(tmp_path / "model.keras")
    export_litert(served(model), tmp_path / "model.tflite")
    moved = any(layer.activation == "linear" for layer in config.hidden_layers)
    archive = (tmp_path / "model.keras").read_bytes() if moved else None
    stages = of_run(config, (tmp_path / "model.tflite").read_bytes(), archive)
    assert_equal_to_keras(stages, served(model), IMAGES)


def test_every_bundled_run_gives_what_keras_gives_or_at_least_what_it_answers(tmp_path: Path):
    store = RunStore(tmp_path / "runs")
    for run in store.listing().runs:
        content = store.read(run.id, "model.tflite")
        stages = read(content, run.config.scaling)
        if store.has(run.id, "model.keras"):
            (tmp_path / "model.keras").write_bytes(store.read(run.id, "model.keras"))
            assert_equal_to_keras(stages, served(keras.models.load_model(tmp_path / "model.keras")), IMAGES)
        answers = activations(stages, IMAGES)[-1]
        np.testing.assert_allclose(answers, Predictor(content).probabilities(IMAGES), atol=1e-5, err_msg=run.id)


def test_stages_are_named_for_what_they_are(tmp_path: Path):
    stages = read(RunStore(tmp_path).read("small-cnn", "model.tflite"), "unit")
    names = ["scaling", "convolution 1", "pooling 1", "convolution 2", "pooling 2", "outputs"]
    assert [stage.name for stage in stages] == names
    assert [stage.units for stage in stages] == [0, 32, 0, 64, 0, 10]
    assert [stage.activation for stage in stages] == ["linear", "relu", "linear", "relu", "linear", "softmax"]
