"""What the Explore page keeps in memory: networks, the test images, and what was found in both."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from threading import Lock, Thread
from typing import Any

import numpy as np

from mnist_lab.config.settings import DatasetName
from mnist_lab.datasets.arrays import array
from mnist_lab.datasets.mnist import Dataset, load, sha256
from mnist_lab.errors import DatasetError, RunError
from mnist_lab.exploring import tsne
from mnist_lab.exploring.spaces import Space, features, span
from mnist_lab.exploring.units import Strongest
from mnist_lab.exploring.units import strongest as find_strongest
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.networks import keras_files, litert
from mnist_lab.networks.stages import Array, Stage, of_run
from mnist_lab.store import explored
from mnist_lab.store.run import KERAS_MODEL, MODEL
from mnist_lab.ui import resources

_one_at_a_time = Lock()
_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="explore")


def dataset() -> Dataset:
    """MNIST, or scikit-learn's small digits where it cannot be read; the same for all runs."""
    try:
        return load("mnist")
    except DatasetError:
        return load("digits")


def evaluation(run_id: str) -> Evaluation:
    """A run's answers to the test images of `dataset`, from its own evaluation where that is of the same images."""
    return _evaluation(run_id, dataset().name)


@lru_cache(maxsize=32)
def _evaluation(run_id: str, name: DatasetName) -> Evaluation:
    data = load(name)
    try:
        own = resources.store().evaluation(run_id)
        if own.test_set == sha256(data.y_test):
            return own
    except RunError:  # it has none; the model can still be asked
        pass
    return Evaluation(resources.predictor(run_id).probabilities(data.x_test), data.y_test)


@lru_cache(maxsize=32)
def network(run_id: str) -> list[Stage]:
    """The stages of a run's network. Raises RunError where it has none."""
    store = resources.store()
    config = store.get(run_id).config
    moved = any(layer.activation == "linear" for layer in config.hidden_layers)
    most = keras_files.most_bytes(config)
    archive = store.read(run_id, KERAS_MODEL, most) if moved and store.has(run_id, KERAS_MODEL) else None
    return of_run(config, store.read(run_id, MODEL, litert.most_bytes(config)), archive)


def strongest(run_id: str, number: int) -> Future[Strongest]:
    """The test images that excite each unit of a stage most, looked for in the background."""
    return _strongest(run_id, number, dataset().name)


@lru_cache(maxsize=64)
def _strongest(run_id: str, number: int, name: DatasetName) -> Future[Strongest]:
    return _background.submit(_find, run_id, number, name)


def _find(run_id: str, number: int, name: DatasetName) -> Strongest:
    return find_strongest(network(run_id), load(name).x_test, number)


def space(run_id: str, number: int) -> Space:
    """The space of the test images as a stage sees them; of stage 0, the pixels, it is the same for all runs."""
    return _space(run_id if number else "", number, dataset().name)


@lru_cache(maxsize=32)
def _space(run_id: str, number: int, name: DatasetName) -> Space:
    return span(features(network(run_id) if number else [], number, load(name).x_test))


def every(count: int) -> int:
    """One in so many of `count` test images are on a map by t-SNE."""
    return max(1, -(-count // tsne.MOST))


def flattened(run_id: str, number: int) -> Future[Array]:
    """The places of every few test images by t-SNE, float32 (n, 2): computed once, then kept with the runs."""
    return _flattened(run_id if number else "", number, dataset().name)


@lru_cache(maxsize=32)
def _flattened(run_id: str, number: int, name: DatasetName) -> Future[Array]:
    return _later(_flatten, run_id, number, name)


def _flatten(run_id: str, number: int, name: DatasetName) -> Array:
    folder, file = resources.store().folder, explored.apart(run_id or "pixels", f"{name}-{number}.npy")
    count = len(load(name).y_test)
    step = every(count)
    if folder.exists(file) and (kept := _kept(folder.read(file), -(-count // step))) is not None:
        return kept
    flat = tsne.flatten(_space(run_id, number, name).places[::step])
    folder.write(file, tsne.to_bytes(flat))
    return flat


def _kept(content: bytes, count: int) -> Array | None:
    """A map of so many points that was kept; None where it is damaged, so that it is made again."""
    try:
        flat = array(content)
    except ValueError:
        return None
    return flat if flat.dtype == np.float32 and flat.shape == (count, 2) and np.isfinite(flat).all() else None


def _later(function: Callable[..., Array], *args: Any) -> Future[Array]:
    """The result of a call on a thread that nothing waits for when the server ends, one such call after the other."""
    future: Future[Array] = Future()

    def work() -> None:
        with _one_at_a_time:
            try:
                future.set_result(function(*args))
            except Exception as error:  # raised again where the result is read
                future.set_exception(error)

    Thread(target=work, name="explore-map", daemon=True).start()
    return future
