"""What a training can go on from as if it had never been interrupted, as one file.

It is a file of Keras's weights: those of the network and the optimizer's memory. Beside them it holds where the random
generators of dropout are, and for early stopping the epochs so far. The order of images and their variants need no
place in it: they follow from the seed and the epoch.

A checkpoint of an earlier lab holds Keras's weights alone. A training goes on from it with random generators that begin
again, and looks for the best epoch among those since.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import h5py
import keras
import numpy as np
from numpy.typing import NDArray

log = logging.getLogger(__name__)

RANDOM, LOSSES, BEST = "mnist_lab/random", "mnist_lab/losses", "mnist_lab/best"  # next to Keras's own groups


class Epochs(NamedTuple):
    """The epochs behind: the validation loss of each, and what there was after the best of them.

    `best` is in the trainer's own order; empty where the last epoch is the one to keep.
    """

    losses: Sequence[float] = ()
    best: Sequence[NDArray[Any]] = ()


def save(model: keras.Model, checkpoint: Path, epochs: Epochs) -> None:
    """Write the checkpoint atomically: no reader ever finds half of one."""
    partial = checkpoint.with_name("partial.weights.h5")
    model.save_weights(partial)
    with h5py.File(partial, "a") as file:
        _write(file, RANDOM, [state.numpy() for state in random_states(model)])
        _write(file, BEST, epochs.best)
        file[LOSSES] = np.array(epochs.losses, np.float64)
    partial.replace(checkpoint)


def load(model: keras.Model, checkpoint: Path | None) -> Epochs | None:
    """Set the model, its optimizer built, as the checkpoint keeps it; the epochs behind.

    None where there is no checkpoint; one that is damaged is deleted, and is as good as none, but the model is then to
    be built again.
    """
    if not checkpoint or not checkpoint.exists():
        return None
    try:
        model.load_weights(checkpoint)
        with h5py.File(checkpoint) as file:
            if RANDOM not in file:
                return Epochs()
            states, values = random_states(model), _read(file, RANDOM)
            if len(states) == len(values):  # otherwise dropout was switched on or off in the middle of the training
                for state, value in zip(states, values, strict=True):
                    state.assign(value)
            return Epochs(file[LOSSES][()].tolist(), _read(file, BEST))
    except (OSError, ValueError, KeyError) as error:
        log.warning("The checkpoint is damaged, so the training starts over: %s", error)
        checkpoint.unlink()
        return None


def random_states(model: keras.Model) -> list[keras.Variable]:
    """Where the random generators of the model's layers are: what it has besides weights."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def _write(file: h5py.File, name: str, arrays: Sequence[NDArray[Any]]) -> None:
    group = file.create_group(name)
    for place, array in enumerate(arrays):
        group[str(place)] = array


def _read(file: h5py.File, name: str) -> list[NDArray[Any]]:
    group = file[name]
    return [group[str(place)][()] for place in range(len(group))]
