"""The models of runs, each seen to be what the configuration of its run builds before anybody uses it."""

from mnist_lab.errors import RunError
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks import keras_files, litert
from mnist_lab.store.run import KERAS_MODEL, MODEL
from mnist_lab.store.runs import RunStore


def model_of(store: RunStore, run_id: str, threads: int = 1) -> Predictor:
    """What a run answers with. Raises RunError where it has no model, or one that its configuration does not build."""
    content = model_file_of(store, run_id)
    try:
        return Predictor.tried(content, threads)
    except RunError as error:
        raise RunError(f"The run {run_id} cannot be asked: {error}") from error


def model_file_of(store: RunStore, run_id: str) -> bytes:
    """The file that a run answers with. Raises RunError as `model_of` does."""
    config = store.get(run_id).config
    content = store.read(run_id, MODEL, litert.most_bytes(config))
    try:
        litert.check(content, config)
    except RunError as error:
        raise RunError(f"The run {run_id} cannot be asked: {error}") from error
    return content


def keras_file_of(store: RunStore, run_id: str) -> bytes:
    """The file of the model that a run trained. Raises RunError as `model_of` does."""
    config = store.get(run_id).config
    content = store.read(run_id, KERAS_MODEL, keras_files.most_bytes(config))
    keras_files.check(content, config)
    return content
