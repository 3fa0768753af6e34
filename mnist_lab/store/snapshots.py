"""The weights of a network as they were at some moments of its training: small, to be looked at only.

They are kept as float16, in Keras's order of weights, in a run's folder `snapshots`, a file for each epoch. Epoch 0 is
before the training. Read with NumPy alone.
"""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.arrays import pack, unpack
from mnist_lab.errors import RunError
from mnist_lab.networks.shapes import NORMALIZATION, count_parameters, layer_shapes
from mnist_lab.store.runs import RunStore

FOLDER = "snapshots"
MOST = 24  # epochs
MOST_BYTES = 60_000_000  # of one run
FEWEST = 2  # epochs, however large the network is
BYTES = 2  # of a number
FILE = re.compile(r"\d{5}\.npz")
ARRAYS = {"Conv2D": 2, "Dense": 2, "BatchNormalization": NORMALIZATION}  # of a layer


def epochs_kept(config: TrainConfig) -> tuple[int, ...]:
    """The epochs whose weights are kept: all of a short training, of a long one as many as there is room for.

    The first and the last are among them. A regression's iterations are kept more and more rarely, since it may have
    converged long before the last one that it may do.
    """
    affordable = MOST_BYTES // (BYTES * count_parameters(config)) - 1
    count = int(np.clip(affordable, FEWEST, MOST))
    spaced = np.geomspace if config.network == "logistic" else np.linspace
    rounds = spaced(1, config.rounds, min(count, config.rounds))
    return (0, *sorted({round(epoch) for epoch in rounds.tolist()}))


def size(config: TrainConfig) -> int:
    """About the bytes that the snapshots of a whole training take."""
    return BYTES * count_parameters(config) * len(epochs_kept(config))


def name(epoch: int) -> str:
    """The file of an epoch in the run's folder."""
    return f"{FOLDER}/{epoch:05}.npz"


def rounded(weights: Iterable[NDArray[Any]]) -> list[NDArray[np.float16]]:
    """The weights as they are kept."""
    limit = np.finfo(np.float16).max
    return [np.clip(array, -limit, limit).astype(np.float16) for array in weights]


def to_bytes(weights: Iterable[NDArray[np.float16]]) -> bytes:
    """The content of a file."""
    return pack({f"arr_{place}": array for place, array in enumerate(weights)}, compressed=False)


def epochs_of(store: RunStore, run_id: str) -> list[int]:
    """The epochs of a run whose weights are there, in their order."""
    return [int(file.removesuffix(".npz")) for file in store.files(run_id, FOLDER) if FILE.fullmatch(file)]


def read(store: RunStore, run_id: str, epoch: int) -> list[NDArray[np.float32]]:
    """The weights after an epoch, in Keras's order. Raises RunError where they are missing, damaged or another's."""
    layers = layer_shapes(store.get(run_id).config)
    count = sum(ARRAYS.get(layer.kind, 0) for layer in layers)
    parameters = sum(layer.parameters for layer in layers)
    names = [f"arr_{place}" for place in range(count)]
    try:
        arrays = unpack(store.read(run_id, name(epoch)), dict.fromkeys(names, BYTES * parameters))
    except ValueError as error:
        raise RunError(f"The weights of epoch {epoch} of the run {run_id} are damaged ({error}).") from error
    weights = [arrays[one].astype(np.float32) for one in names if arrays[one].dtype == np.float16]
    if sum(array.size for array in weights) != parameters or not all(np.isfinite(array).all() for array in weights):
        raise RunError(f"The weights of epoch {epoch} of the run {run_id} are damaged: they are none of this network.")
    return weights
