"""Train a network from scratch. Imports TensorFlow, to save it like others."""

import time
from pathlib import Path

import keras
import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.datasets.augmentation import augment
from mnist_lab.datasets.mnist import Dataset
from mnist_lab.datasets.splits import split
from mnist_lab.networks import scratch
from mnist_lab.networks.scratch import Array, Layer, learn, score
from mnist_lab.store.adjustments import LONGEST_REST, adjusted, telling
from mnist_lab.store.ticks import SECONDS_BETWEEN_TICKS, Tick, steps_told
from mnist_lab.store.validation import best_epoch
from mnist_lab.training import checkpoints
from mnist_lab.training.checkpoints import Epochs
from mnist_lab.training.contract import Contract
from mnist_lab.training.keras_models import build, features, pixels_for, served, set_dense
from mnist_lab.training.stopping import check_loss, is_over


def train(config: TrainConfig, dataset: Dataset, contract: Contract) -> tuple[keras.Model, bool]:
    """Train from the start, or from the checkpoint; the model that serves, and whether it was stopped early.

    The checkpoint is that of the same network in Keras. A stop keeps the last whole epoch, early stopping the best one.
    Raises Diverged.
    """
    keep, checkpoint = contract.keep, contract.checkpoint
    parts = split(dataset, config, contract.should_stop)
    model = build(config, pixels=pixels_for(config, parts.x_train))
    steps = -(-len(parts.x_train) // config.batch_size)
    layers = scratch.start(config, features(model, parts.x_train[:1]).shape[1])
    if contract.start:
        _set(layers, keras.models.load_model(contract.start, compile=False))
    done, behind = _restore(model, layers, checkpoint)
    done //= steps
    keep(done, lambda: _weights(layers))
    before = [one for one in contract.adjusted if one.epochs <= done]
    loop = _Loop(adjusted(config, before), layers, steps, contract)
    validation = features(model, parts.x_validation), parts.y_validation
    x = features(model, parts.x_train)
    kept, losses = [*behind.best] or _weights(layers), [*behind.losses]
    for epoch in range(done + 1, config.epochs + 1):
        if is_over(losses, config.patience):
            break
        if config.augment:
            x = features(model, augment(parts.x_train, np.random.default_rng([config.seed, epoch])))
        with threadpool_limits(1):  # several threads gain nothing at this size, and wait for ever on a busy machine
            whole = loop.run(epoch, x, parts.y_train)
        if not whole:
            break
        watched = score(layers, *validation, config.loss) if len(parts.y_validation) else None
        losses += [watched[0]] if watched else []
        is_best = not config.patience or best_epoch(losses) == len(losses)
        if is_best:
            kept = _weights(layers)
        _save(model, layers, epoch * steps, checkpoint, Epochs(losses, [] if is_best else kept))
        loop.end_epoch(epoch, watched)
        keep(epoch, lambda: _weights(layers))
        if loop.stopped:
            break
    set_dense(model, [*zip(kept[::2], kept[1::2], strict=True)])
    return served(model), loop.stopped


class _Loop:
    """Goes through epochs, reports often in each and looks for a request to stop as often."""

    def __init__(self, config: TrainConfig, layers: list[Layer], steps: int, contract: Contract) -> None:
        self.stopped = False
        self._config = config
        self._layers = layers
        self._steps = steps
        self._contract = contract
        self._due = steps_told(steps)
        self._cost, self._right, self._seen = 0.0, 0, 0
        self._started = self._last = time.monotonic()

    def run(self, epoch: int, x: NDArray[np.float32], y: NDArray[np.uint8]) -> bool:
        """One epoch in the seed's order, the one that Keras's networks see; whether it was gone through to its end."""
        order = np.random.default_rng((self._config.seed, epoch - 1)).permutation(len(x))
        self._cost, self._right, self._seen = 0.0, 0, 0
        for step in range(1, self._steps + 1):
            batch = order[(step - 1) * self._config.batch_size : step * self._config.batch_size]
            cost, right = learn(self._layers, x[batch], y[batch], self._config.loss, self._config.learning_rate)
            self._cost, self._right, self._seen = (
                self._cost + cost * len(batch),
                self._right + right,
                self._seen + len(batch),
            )
            self._rest()
            is_due = step in self._due or time.monotonic() - self._last >= SECONDS_BETWEEN_TICKS
            if step < self._steps and is_due:
                self._tick(epoch, step)
                if self._stop_asked():
                    return False
        return True

    def end_epoch(self, epoch: int, watched: tuple[float, float] | None) -> None:
        """Report a whole epoch with its validation loss and accuracy."""
        self._tick(epoch, self._steps, *(watched or (None, None)))
        self._stop_asked()

    def _rest(self) -> None:
        """Take the time that a step is wished to take, which is no time of training."""
        if steps_a_second := self._contract.wish().steps_a_second:
            rest = min(1 / steps_a_second, LONGEST_REST)
            time.sleep(rest)
            self._started += rest

    def _stop_asked(self) -> bool:
        self.stopped = self.stopped or self._contract.should_stop()
        return self.stopped

    def _tick(self, epoch: int, step: int, val_loss: float | None = None, val_accuracy: float | None = None) -> None:
        """Report, and change what is wished for, unless the training is at its end."""
        self._last = time.monotonic()
        loss = self._cost / self._seen
        check_loss(loss, epoch)
        rate, seconds = self._config.learning_rate, self._last - self._started
        accuracy = self._right / self._seen
        is_last = step == self._steps and epoch == self._config.epochs
        changes = {} if is_last else self._contract.wish().changes(self._config)
        tick = Tick(epoch, step, self._steps, loss, accuracy, rate, seconds, val_loss, val_accuracy, self._seen)
        self._contract.report(telling(tick, changes))
        self._contract.show(lambda: _weights(self._layers))
        self._config = parse(changes, self._config) if changes else self._config


def _weights(layers: list[Layer]) -> list[Array]:
    """A copy of all weights and biases, in Keras's order."""
    return [array.copy() for layer in layers for array in (layer.weights, layer.biases)]


def _save(model: keras.Model, layers: list[Layer], steps: int, checkpoint: Path | None, epochs: Epochs) -> None:
    if checkpoint:
        set_dense(model, [(layer.weights, layer.biases) for layer in layers])
        model.optimizer.iterations.assign(steps)
        checkpoints.save(model, checkpoint, epochs)


def _restore(model: keras.Model, layers: list[Layer], checkpoint: Path | None) -> tuple[int, Epochs]:
    """Set the layers as `checkpoint` keeps them; the steps that they have behind them, and the epochs."""
    model.optimizer.build(model.trainable_variables)
    epochs = checkpoints.load(model, checkpoint)
    if epochs is None:
        return 0, Epochs()
    _set(layers, model)
    return int(model.optimizer.iterations.numpy()), epochs


def _set(layers: list[Layer], model: keras.Model) -> None:
    kept = iter(model.get_weights())
    for layer in layers:
        layer.weights[...], layer.biases[...] = next(kept), next(kept)
