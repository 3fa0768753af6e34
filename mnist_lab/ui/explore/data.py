"""What the Explore page keeps in memory: networks, the test images, and what was found in both."""

from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

from mnist_lab.datasets import Dataset, find_mnist, load, sha256
from mnist_lab.errors import DatasetError, RunError
from mnist_lab.evaluation import Evaluation
from mnist_lab.exploring.network import Stage, read, with_true_biases
from mnist_lab.exploring.units import Strongest
from mnist_lab.exploring.units import strongest as find_strongest
from mnist_lab.ui import resources

_background = ThreadPoolExecutor(max_workers=1, thread_name_prefix="explore")


def dataset() -> Dataset:
    """MNIST where it is on this machine, scikit-learn's small digits elsewhere; the same for all runs."""
    try:
        return load("mnist" if find_mnist() else "digits")
    except DatasetError:
        return load("digits")


@lru_cache(maxsize=32)
def evaluation(run_id: str) -> Evaluation:
    """A run's answers to the test images of `dataset`, from its own evaluation where that is of the same images."""
    data = dataset()
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
    try:
        stages = read(store.read(run_id, "model.tflite"), config.scaling)
        moved = any(layer.activation == "linear" for layer in config.hidden_layers)
        if moved and store.has(run_id, "model.keras"):
            return with_true_biases(stages, store.read(run_id, "model.keras"))
    except ValueError as error:
        raise RunError(f"The model file is damaged ({error}).") from error
    return stages


@lru_cache(maxsize=64)
def strongest(run_id: str, number: int) -> Future[Strongest]:
    """The test images that excite each unit of a stage most, looked for in the background."""
    return _background.submit(find_strongest, network(run_id), dataset().x_test, number)
