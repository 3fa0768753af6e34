"""Train one network. Imports TensorFlow: for the training side only."""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_lab.augmentation import augment
from mnist_lab.config import TrainConfig
from mnist_lab.datasets import Dataset, split
from mnist_lab.errors import Diverged
from mnist_lab.networks.keras_models import build, wants_one_hot
from mnist_lab.networks.shapes import CLASSES
from mnist_lab.runs import Tick

log = logging.getLogger(__name__)

Report = Callable[[Tick], None]
ShouldStop = Callable[[], bool]

SECONDS_BETWEEN_TICKS = 0.25
IMAGES_PER_EXECUTION = 1024  # enough that Keras's work between executions hardly counts, little enough to stop at once


def train(
    config: TrainConfig,
    dataset: Dataset,
    report: Report,
    should_stop: ShouldStop = lambda: False,
    checkpoint: Path | None = None,
) -> tuple[keras.Model, bool]:
    """Train from the start, or from `checkpoint` where that file exists; the model, and whether it was stopped early.

    `report` gets a tick a few times a second and at the end of each epoch. `should_stop` is asked as often; after it
    says yes the model is that of the last whole epoch, or of the moment where none was completed. `checkpoint` is
    written whole after each epoch. The same seed gives the same training on the same machine. Raises Diverged.
    """
    parts = split(dataset, config)
    steps = -(-len(parts.x_train) // config.batch_size)
    keras.backend.clear_session()
    model = _model(config, steps, checkpoint)
    done = int(model.optimizer.iterations.numpy()) // steps
    epoch = tf.Variable(done, dtype=tf.int64)
    next_order = keras.callbacks.LambdaCallback(on_epoch_begin=lambda number, logs: epoch.assign(number))
    reporter = Reporter(steps, done, report, should_stop, checkpoint)
    if done < config.epochs:
        model.fit(
            _batches(parts.x_train, parts.y_train, config, epoch),
            validation_data=_validation(parts.x_validation, parts.y_validation, config),
            initial_epoch=done,
            epochs=config.epochs,
            callbacks=[next_order, reporter],
            shuffle=False,  # the batches come shuffled
            verbose=0,
        )
    if reporter.stopped and checkpoint and checkpoint.exists():
        model.load_weights(checkpoint)
    return model, reporter.stopped


def _model(config: TrainConfig, steps: int, checkpoint: Path | None) -> keras.Model:
    """The model at its start, or as `checkpoint` keeps it; a damaged checkpoint is as good as none."""
    at_once = max(1, min(steps, IMAGES_PER_EXECUTION // config.batch_size))
    model = build(config, steps * config.epochs, steps_per_execution=at_once)
    model.optimizer.build(model.trainable_variables)
    if checkpoint and checkpoint.exists():
        try:
            model.load_weights(checkpoint)
        except (OSError, ValueError, KeyError) as error:
            log.warning("The checkpoint is damaged, so the training starts anew: %s", error)
            checkpoint.unlink()
            return _model(config, steps, None)
    return model


class Reporter(keras.callbacks.Callback):
    """Turns Keras's callbacks into ticks, stops on request and keeps a checkpoint of each epoch."""

    def __init__(
        self, steps: int, epochs_done: int, report: Report, should_stop: ShouldStop, checkpoint: Path | None
    ) -> None:
        super().__init__()
        self.stopped = False
        self._steps = steps
        self._epoch = epochs_done + 1
        self._report = report
        self._should_stop = should_stop
        self._checkpoint = checkpoint
        self._started = self._last = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Remember which epoch it is."""
        self._epoch = epoch + 1

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Report and look for a request to stop, a few times a second."""
        now = time.monotonic()
        if now - self._last < SECONDS_BETWEEN_TICKS:
            return
        self._last = now
        if batch + 1 < self._steps:
            self._tick(batch + 1, logs or {})
        self._stop_if_asked()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Keep the epoch's weights, then report it with its validation."""
        if self.stopped:
            return
        if self._checkpoint:
            partial = self._checkpoint.with_name("partial.weights.h5")
            self.model.save_weights(partial)
            partial.replace(self._checkpoint)
        self._tick(self._steps, logs or {})
        self._stop_if_asked()

    def _tick(self, step: int, logs: dict[str, Any]) -> None:
        loss = float(logs["loss"])
        if not np.isfinite(loss):
            raise Diverged(
                f"The loss became {loss} in epoch {self._epoch}: the steps were too large. Try a smaller learning rate."
            )
        tick = Tick(
            epoch=self._epoch,
            step=step,
            steps=self._steps,
            loss=loss,
            accuracy=float(logs["accuracy"]),
            learning_rate=float(self.model.optimizer.learning_rate),
            seconds=time.monotonic() - self._started,
            val_loss=_optional(logs.get("val_loss")),
            val_accuracy=_optional(logs.get("val_accuracy")),
        )
        self._report(tick)

    def _stop_if_asked(self) -> None:
        if self._should_stop():
            self.stopped = self.model.stop_training = True


def export_litert(model: keras.Model, path: Path) -> None:
    """Write the model as `model.tflite`, the file that everything predicts with."""
    model.export(path, format="litert", verbose=False)


def _batches(
    images: NDArray[np.uint8], labels: NDArray[np.uint8], config: TrainConfig, epoch: tf.Variable
) -> tf.data.Dataset:
    """The batches of one pass, in the seeded order of `epoch`, gathered from tensors that stay in memory.

    They are gathered, and augmented, on a thread of their own while the network trains on the ones before.
    """
    pixels, answers = tf.constant(images), tf.constant(_targets(labels, config))

    def one_pass(_: tf.Tensor) -> tf.data.Dataset:
        number = epoch.read_value()
        seed = tf.stack([tf.cast(config.seed, tf.int64), number])
        order = tf.random.experimental.stateless_shuffle(tf.range(len(images)), seed=seed)
        batches = tf.data.Dataset.from_tensor_slices(order).batch(config.batch_size).enumerate()
        return batches.map(lambda step, order: (tf.stack([tf.cast(config.seed, tf.int64), number, step]), order))

    def gather(seed: tf.Tensor, order: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        batch = tf.gather(pixels, order)
        return _augmented(batch, seed) if config.augment else _to_unit(batch), tf.gather(answers, order)

    return tf.data.Dataset.range(1).flat_map(one_pass).map(gather).prefetch(4)


def _validation(images: NDArray[np.uint8], labels: NDArray[np.uint8], config: TrainConfig) -> tf.data.Dataset | None:
    if not len(images):
        return None
    batches = tf.data.Dataset.from_tensor_slices((images, _targets(labels, config))).batch(1000)
    return batches.map(lambda pixels, answers: (_to_unit(pixels), answers)).cache()


def _targets(labels: NDArray[np.uint8], config: TrainConfig) -> NDArray[Any]:
    return np.eye(CLASSES, dtype=np.float32)[labels] if wants_one_hot(config.loss) else labels


def _augmented(pixels: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
    """Another variant of each image for each seed: uint8 (n, 28, 28) to float32 in [0, 1]."""

    def new_variants(images: NDArray[np.uint8], seed: NDArray[np.int64]) -> NDArray[np.float32]:
        return augment(images, np.random.default_rng(seed))

    return tf.ensure_shape(tf.numpy_function(new_variants, [pixels, seed], tf.float32), pixels.shape)


def _to_unit(pixels: tf.Tensor) -> tf.Tensor:
    return tf.cast(pixels, tf.float32) / 255.0


def _optional(value: Any) -> float | None:
    return None if value is None else float(value)
