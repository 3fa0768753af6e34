"""A network and what trains it, which can change in the middle. Imports TensorFlow: for the training side only."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.splits import PixelStatistics
from mnist_lab.store.adjustments import adjusted
from mnist_lab.training import checkpoints
from mnist_lab.training.batches import Batches, Chunk
from mnist_lab.training.checkpoints import Epochs
from mnist_lab.training.contract import Contract
from mnist_lab.training.graph import Execution, Score, Steps
from mnist_lab.training.keras_models import build, wants_one_hot

Arrays = list[NDArray[Any]]


class Learner:
    """A network that learns from `batches`, with the settings of the moment.

    It begins as the contract says. `done` is how many of its epochs are behind, and `behind` what is known of them, or
    None where there are none.
    """

    def __init__(self, config: TrainConfig, batches: Batches, pixels: PixelStatistics, contract: Contract) -> None:
        self._batches = batches
        self._pixels = pixels
        first = self._begin(config, contract.start)
        interrupted = contract.checkpoint is not None and contract.checkpoint.exists()
        self.behind: Epochs | None = checkpoints.load(self.model, contract.checkpoint)
        if interrupted and self.behind is None:  # it was damaged, so the model may be half of it
            first = self._begin(config, contract.start)
        self.done = (int(self.model.optimizer.iterations.numpy()) - first) // batches.steps
        if before := [one for one in contract.adjusted if one.epochs <= self.done]:
            self.adjust(adjusted(config, before))

    def train(self, chunk: Chunk) -> Steps:
        """Take a step for each batch of the chunk, in order."""
        return self._execution.train(chunk.images, chunk.labels)

    def score(self, images: NDArray[np.uint8], labels: NDArray[np.int32]) -> Score | None:
        """How well the network does on these images in its current state; None where there are none."""
        return self._execution.score(images, labels) if len(images) else None

    def weights(self) -> Arrays:
        """The weights of the moment, in Keras's order."""
        arrays: Arrays = self.model.get_weights()
        return arrays

    def values(self) -> Arrays:
        """All that training changes: weights, the optimizer's memory, and where random generators are."""
        return [variable.numpy() for variable in self._variables()]

    def set_values(self, values: Sequence[NDArray[Any]]) -> None:
        """Go back to what `values` gave, if it was before dropout was switched on or off."""
        for variable, value in zip(self._variables(), values, strict=False):
            variable.assign(value)

    def fits(self, values: Sequence[NDArray[Any]]) -> bool:
        """Whether these are values of such a network."""
        pairs = zip(values, self._variables(), strict=False)
        return bool(values) and all(value.shape == tuple(variable.shape) for value, variable in pairs)

    def adjust(self, config: TrainConfig) -> None:
        """Go on with another learning rate or dropout: the same weights and memory in a graph that is made again."""
        values = self.values()
        self._build(config)
        self.set_values(values)
        if config.schedule == "constant":
            self.model.optimizer.learning_rate = config.learning_rate

    def _begin(self, config: TrainConfig, start: Path | None) -> int:
        """Build the network as it is before the first step; the steps that its optimizer has taken before."""
        self._build(config)
        if start:
            _go_on_from(self.model, keras.models.load_model(start), config)
        return int(self.model.optimizer.iterations.numpy())

    def _build(self, config: TrainConfig) -> None:
        self.config = config
        self.model = build(config, self._batches.steps * config.epochs, pixels=self._pixels)
        self.model.optimizer.build(self.model.trainable_variables)
        self._execution = Execution(self.model, config.batch_size, wants_one_hot(config.loss), self._batches.dtype)

    def _variables(self) -> list[keras.Variable]:
        return [*self.model.weights, *self.model.optimizer.variables, *checkpoints.random_states(self.model)]


def _go_on_from(model: keras.Model, parent: keras.Model, config: TrainConfig) -> None:
    """Take over the parent's weights, and its optimizer's memory where it is an optimizer of the same kind.

    A schedule starts over, so the steps are then counted from 0.
    """
    model.set_weights(parent.get_weights())
    mine, its = model.optimizer, getattr(parent, "optimizer", None)
    if its is None or type(mine) is not type(its) or len(mine.variables) != len(its.variables):
        return
    rate = float(mine.learning_rate)
    for variable, value in zip(mine.variables, its.variables, strict=True):
        variable.assign(value)
    if config.schedule == "constant":
        mine.learning_rate = rate
    else:
        mine.iterations.assign(0)
