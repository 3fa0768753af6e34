"""Whatever the form can ask for passes the checks that models from elsewhere have to pass."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mnist_lab.config.knobs import knob
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.errors import ConfigError, RunError
from mnist_lab.networks import keras_files, litert
from mnist_lab.store.archives import pack, take_in
from mnist_lab.store.models import model_of
from mnist_lab.store.runs import RunStore

TRAINED: dict[str, dict[str, Any]] = {
    "dense": {"units": (20, 10), "activation": ("gelu", "tanh"), "batch_normalization": True, "scaling": "column-l2"},
    "linear": {"units": (12, 11), "activation": "linear", "scaling": "none", "optimizer": "rmsprop"},
    "cnn": {"network": "cnn", "filters": (3, 4), "convolutions": 2, "batch_normalization": True, "l2": 1e-4},
    "8x8": {"network": "cnn", "filters": 5, "scaling": "8x8", "output": "logits", "schedule": "cosine"},
    "logistic": {"network": "logistic", "max_iterations": 3},
    "scratch": {"network": "scratch", "units": 7, "activation": "sigmoid", "scaling": "standardised"},
    "sigmoid": {"units": 9, "output": "sigmoid", "loss": "quadratic-cost", "optimizer": "adamw", "dropout": 0.0},
}


def of(field: str) -> st.SearchStrategy[str]:
    return st.sampled_from(knob(field).options)


@st.composite
def configurations(draw: st.DrawFn) -> TrainConfig:
    """Any network that the form can ask for, but with few units and filters."""
    fields = "network", "initialization", "output", "scaling", "loss", "optimizer", "schedule"
    asked: dict[str, Any] = {field: draw(of(field)) for field in fields}
    asked["units"] = draw(st.lists(st.integers(1, 20), max_size=4))
    asked["filters"] = draw(st.lists(st.integers(1, 9), min_size=1, max_size=3))
    asked["kernel"], asked["convolutions"] = draw(st.integers(2, 7)), draw(st.integers(1, 3))
    layers = len(asked["units"]) + (asked["network"] == "cnn")
    for field, values in (("activation", of("activation")), ("dropout", st.sampled_from([0.0, 0.3]))):
        asked[field] = draw(st.one_of(values, st.lists(values, min_size=layers, max_size=layers)) if layers else values)
    asked["batch_normalization"], asked["l2"] = draw(st.booleans()), draw(st.sampled_from([0.0, 0.01]))
    asked["momentum"] = draw(st.sampled_from([0.0, 0.9]))
    try:
        return parse(asked)
    except ConfigError:
        assume(False)
        raise


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.mark.slow
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(config=configurations(), seed=st.integers(0, 9), share=st.sampled_from([0.0, 0.5, 1.0]))
def test_any_network_of_the_form_passes_once_it_is_exported(folder, config, seed, share):
    import keras

    from mnist_lab.training.keras_models import build, served
    from mnist_lab.training.loop import export_litert

    keras.backend.clear_session()
    rng = np.random.default_rng(seed)
    model = served(build(config))
    weights = [rng.random(value.shape) if rng.random() < share else value for value in model.get_weights()]
    model.set_weights(weights)
    model.save(folder / "model.keras")
    export_litert(model, folder / "model.tflite")
    litert.check((folder / "model.tflite").read_bytes(), config)
    keras_files.check((folder / "model.keras").read_bytes(), config)


@pytest.mark.parametrize("name", TRAINED)
def test_a_trained_run_passes_and_is_taken_in_but_not_as_another_network(tmp_path, name):
    from mnist_lab.engine.worker import execute

    small = {"dataset": "digits", "train_images": 200, "epochs": 1, "validation_share": 0.0}
    store, other = (RunStore(tmp_path / place, bundled=None) for place in ("one", "other"))
    run = execute(store, store.create(parse(small | TRAINED[name]), name).id)
    assert run.summary, run.status.reason
    model_of(store, run.id)
    keras_files.check(store.read(run.id, "model.keras"), run.config)
    assert take_in(other, pack(store, [run]))[0].config == run.config
    for another in {"units": (21, 10)}, {"units": 3, "activation": "relu"}:
        for check, file in ((litert.check, "model.tflite"), (keras_files.check, "model.keras")):
            with pytest.raises(RunError):
                check(store.read(run.id, file), parse(another))
