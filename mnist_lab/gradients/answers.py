"""A worker's answers to questions about a run. Imports TensorFlow: for the training side only."""

import tempfile
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

import keras
import numpy as np

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import load, load_test_part
from mnist_lab.datasets.splits import split
from mnist_lab.errors import RunError
from mnist_lab.exploring.findings import Dreams, Finding, GradientNorms, Robustness, Sweep, Why, to_bytes
from mnist_lab.exploring.questions import KINDS, Question
from mnist_lab.exploring.robustness import robustness
from mnist_lab.gradients.attribution import why
from mnist_lab.gradients.dreams import dreams
from mnist_lab.gradients.norms import gradient_norms
from mnist_lab.gradients.range_test import sweep
from mnist_lab.images.preprocessing import SIDE
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks import litert
from mnist_lab.networks.stages import read
from mnist_lab.store import snapshots
from mnist_lab.store.models import keras_file_of, model_of
from mnist_lab.store.run import KERAS_MODEL, MODEL, Run
from mnist_lab.store.runs import RunStore
from mnist_lab.training.keras_models import build, exclusive, pixels_for, served

AT_ONCE = 10  # units whose dreams are asked for together
OWN_STAGE = (keras.layers.Conv2D, keras.layers.MaxPooling2D, keras.layers.Dense)
CLOSE = 1e-3  # how far the probabilities of a rebuilt model may be from those of the file


def answer(store_url: str, question: Question, is_training: Callable[[], bool]) -> bytes:
    """The finding that is asked for. Raises MnistLabError where there is none.

    `is_training` tells whether a training shares the core at the moment, for what measures how long it takes itself.
    """
    store = RunStore(store_url)
    run = store.get(question.run)
    if question.kind == KINDS[Sweep]:
        return to_bytes(sweep(run.config, load(run.config.dataset), is_training))
    return to_bytes(ANSWERS[question.kind](store, run, question))


def _why(store: RunStore, run: Run, question: Question) -> Finding:
    with exclusive:
        return why(network(store.folder.url, run.id), run.config.scaling, question.pixels, int(question.details[0]))


def _dreams(store: RunStore, run: Run, question: Question) -> Finding:
    layer, first, count, smooth = question.details
    with exclusive:
        units = range(int(first), int(first) + min(int(count), AT_ONCE))
        return dreams(network(store.folder.url, run.id), str(layer), units, bool(smooth))


def _norms(store: RunStore, run: Run, question: Question) -> Finding:
    slow = {} if run.config.scaling == "standardised" else {"pens": False, "dirt": "none"}  # unless all pixels count
    parts = split(load(run.config.dataset), run.config.model_copy(update=slow))
    epochs = snapshots.epochs_of(store, run.id)
    with exclusive:
        model = build(run.config, pixels=pixels_for(run.config, parts.x_train))
        moments = [(epoch, snapshots.read(store, run.id, epoch)) for epoch in epochs]
        last = run.summary.epochs if run.summary else 0
        moments = moments or [(last, network(store.folder.url, run.id).get_weights())]
        return gradient_norms(model, run.config.loss, parts, moments)


def _robustness(store: RunStore, run: Run, question: Question) -> Finding:
    return robustness(model_of(store, run.id), load_test_part(run.config.dataset))


ANSWERS: dict[str, Callable[[RunStore, Run, Question], Finding]] = {
    KINDS[Why]: _why,
    KINDS[Dreams]: _dreams,
    KINDS[GradientNorms]: _norms,
    KINDS[Robustness]: _robustness,
}


@lru_cache(maxsize=4)
def network(store_url: str, run_id: str) -> keras.Model:
    """The model of a run that is over, as it is served. Raises RunError where it cannot be had."""
    store = RunStore(store_url)
    config = store.get(run_id).config
    if not store.has(run_id, KERAS_MODEL):
        return rebuilt(config, store.read(run_id, MODEL, litert.most_bytes(config)))
    content = keras_file_of(store, run_id)
    with tempfile.TemporaryDirectory(prefix="mnist-lab-") as folder:
        path = Path(folder) / KERAS_MODEL
        path.write_bytes(content)
        try:
            return keras.models.load_model(path, compile=False)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise RunError(f"The run's model.keras cannot be read ({error}).") from error


def rebuilt(config: TrainConfig, content: bytes) -> keras.Model:
    """A served model from its configuration, with the weights out of its `model.tflite`.

    The file has worked batch normalization into the layer before it, or made it a scale and a shift: a normalization
    of mean 0 and variance 1 does what is left of it. Raises RunError where that does not give the same answers.
    """
    litert.check(content, config)
    model = served(build(config))
    stages = iter(read(content, config.scaling)[1:])
    try:
        for layer in model.layers:
            if isinstance(layer, OWN_STAGE):
                stage = next(stages)
                layer.set_weights([stage.weights, stage.biases] if stage.has_units else [])
            elif isinstance(layer, keras.layers.BatchNormalization):
                channels = layer.gamma.shape
                scale, shift = (np.broadcast_to(each, channels) for each in (stage.scale, stage.shift))
                layer.set_weights([scale * np.sqrt(1 + layer.epsilon), shift, np.zeros(channels), np.ones(channels)])
    except (ValueError, StopIteration) as error:
        raise RunError(UNREADABLE) from error
    images = np.random.default_rng(0).random((4, SIDE, SIDE), np.float32)
    if np.abs(np.asarray(model(images)) - Predictor(content).probabilities(images)).max() > CLOSE:
        raise RunError(UNREADABLE)
    return model


UNREADABLE = (
    "This run keeps only its model.tflite, and its weights could not be put together again from that, so there are no "
    "gradients. Train the network again, or choose another one."
)
