"""Train one network. Imports TensorFlow: for the training side only."""

import math
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import Dataset
from mnist_lab.datasets.splits import PixelStatistics, split
from mnist_lab.store.ticks import SECONDS_BETWEEN_TICKS, Tick, steps_told
from mnist_lab.store.validation import best_epoch
from mnist_lab.training import checkpoints, logistic, scratch
from mnist_lab.training.batches import Batches
from mnist_lab.training.checkpoints import Epochs
from mnist_lab.training.contract import Contract, Keep, Report, ShouldStop
from mnist_lab.training.graph import Execution, Score, Steps
from mnist_lab.training.keras_models import build, exclusive, pixels_for, served, wants_one_hot
from mnist_lab.training.stopping import check_loss
from mnist_lab.training.stopping import is_over as no_longer_better

TRAINERS = {"scratch": scratch.train, "logistic": logistic.train}  # networks that Keras does not train

SECONDS_AT_ONCE = 0.1  # in one call: enough that what happens between calls hardly counts, little enough to stop soon
SECONDS_BETWEEN_CHECKPOINTS = 5.0
FIRST_STEPS = 8


def train(
    config: TrainConfig,
    dataset: Dataset,
    report: Report,
    should_stop: ShouldStop = lambda: False,
    checkpoint: Path | None = None,
    start: Path | None = None,
    keep: Keep = lambda epoch, weights: None,
) -> tuple[keras.Model, bool]:
    """Train from the start, or from `checkpoint` where that file exists; the model, and whether it was stopped early.

    What the others of these mean, `Contract` says. The same seed gives the same bytes, interrupted or not, with the
    same packages on the same kind of machine and with as many threads. Raises Diverged.
    """
    contract = Contract(report, should_stop, checkpoint, start, keep)
    return TRAINERS.get(config.network, _train)(config, dataset, contract)


def _train(config: TrainConfig, dataset: Dataset, contract: Contract) -> tuple[keras.Model, bool]:
    """Train a network of Keras."""
    parts = split(dataset, config, contract.should_stop)
    batches = Batches(parts.x_train, parts.y_train, config)
    with exclusive:
        keras.backend.clear_session()
    pixels = pixels_for(config, parts.x_train)
    model, done, behind = _model(config, batches.steps, pixels, contract.checkpoint, contract.start)
    execution = Execution(model, config.batch_size, wants_one_hot(config.loss), batches.dtype)
    course, pace = Course(config, batches.steps, model, behind, contract), Pace()
    watched = parts.x_validation, parts.y_validation.astype(np.int32)
    contract.keep(done, model.get_weights)
    to_come = range(0) if course.is_over else range(done, config.epochs)
    for chunk in batches.chunks(to_come, lambda: pace.steps):
        course.go_on(chunk.epoch, chunk.first, execution.train(chunk.images, chunk.labels))
        pace.took(chunk.stop - chunk.first)
        if chunk.stop == batches.steps:
            course.end_epoch(chunk.epoch, execution.score(*watched) if len(watched[0]) else None)
            contract.keep(chunk.epoch + 1, model.get_weights)
        if course.is_over:
            break
    course.end()
    return served(model), course.stopped


def _model(
    config: TrainConfig, steps: int, pixels: PixelStatistics, checkpoint: Path | None, start: Path | None
) -> tuple[keras.Model, int, Epochs | None]:
    """The model to go on with, how many of its epochs are behind, and what is known of them; None where there are none.

    A damaged checkpoint is as good as none.
    """
    model = build(config, steps * config.epochs, pixels=pixels)
    model.optimizer.build(model.trainable_variables)
    if start:
        _go_on_from(model, keras.models.load_model(start), config)
    first = int(model.optimizer.iterations.numpy())
    interrupted = checkpoint is not None and checkpoint.exists()
    behind = checkpoints.load(model, checkpoint)
    if interrupted and behind is None:
        return _model(config, steps, pixels, None, start)
    return model, (int(model.optimizer.iterations.numpy()) - first) // steps, behind


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


class Course:
    """The course of a training: turns it into ticks, stops it in time and keeps the epoch that counts."""

    def __init__(
        self,
        config: TrainConfig,
        steps: int,
        model: keras.Model,
        behind: Epochs | None,
        contract: Contract,
    ) -> None:
        self.stopped = False
        self._config = config
        self._steps = steps
        self._model = model
        self._contract = contract
        self._kept: list[NDArray[Any]] = [*behind.best] or self._values() if behind else []
        self._val_losses: list[float] = [*behind.losses] if behind else []
        self._score = Score()
        self._rate = 0.0
        self._due = steps_told(steps)
        self._began = self._ticked = self._noted = time.monotonic()
        self._saved = -math.inf

    def go_on(self, epoch: int, first: int, steps: Steps) -> None:
        """Note what came of some steps of `epoch` from `first` on; report it, and look for a stop."""
        now, scores = time.monotonic(), steps.scores(self._score)
        last, is_late = first + len(scores), now - self._ticked >= SECONDS_BETWEEN_TICKS
        for step, score, rate in zip(range(first + 1, last + 1), scores, steps.rates.tolist(), strict=True):
            if step < self._steps and (step in self._due or (is_late and step == last)):
                self._score, self._rate = score, rate
                self._tick(epoch, step, self._noted + (now - self._noted) * (step - first) / len(scores))
        self._score, self._rate, self._noted = scores[-1], float(steps.rates[-1]), now
        self.stopped = last < self._steps and self._contract.should_stop()

    def end_epoch(self, epoch: int, validation: Score | None) -> None:
        """Keep what the epoch made of the network, then report it with its validation."""
        if validation:
            self._val_losses.append(validation.mean_loss)
        is_best = not self._config.patience or best_epoch(self._val_losses) == len(self._val_losses)
        if is_best:
            self._kept = self._values()
        due = epoch + 1 == self._config.epochs or time.monotonic() - self._saved > SECONDS_BETWEEN_CHECKPOINTS
        if self._contract.checkpoint and due:
            epochs = Epochs(self._val_losses, [] if is_best else self._kept)
            checkpoints.save(self._model, self._contract.checkpoint, epochs)
            self._saved = time.monotonic()
        self._tick(epoch, self._steps, time.monotonic(), validation)
        self._score, self._noted = Score(), time.monotonic()
        self.stopped = self._contract.should_stop()

    @property
    def is_over(self) -> bool:
        """Whether there is a reason not to go on: a request, or too many epochs that brought nothing."""
        return self.stopped or no_longer_better(self._val_losses, self._config.patience)

    def end(self) -> None:
        """Bring back the epoch to keep: the best one where the training may stop early, otherwise the last whole."""
        for variable, value in zip(self._variables(), self._kept, strict=False):
            variable.assign(value)

    def _tick(self, epoch: int, step: int, when: float, validation: Score | None = None) -> None:
        check_loss(self._score.mean_loss, epoch + 1)
        self._ticked = when
        tick = Tick(
            epoch=epoch + 1,
            step=step,
            steps=self._steps,
            loss=self._score.mean_loss,
            accuracy=self._score.accuracy,
            learning_rate=self._rate,
            seconds=when - self._began,
            val_loss=validation and validation.mean_loss,
            val_accuracy=validation and validation.accuracy,
            images=self._score.images,
        )
        self._contract.report(tick)

    def _values(self) -> list[NDArray[Any]]:
        return [variable.numpy() for variable in self._variables()]

    def _variables(self) -> list[keras.Variable]:
        return [*self._model.variables, *self._model.optimizer.variables]


class Pace:
    """How many steps to take in one call, so that it takes about a tenth of a second."""

    def __init__(self) -> None:
        self.steps = FIRST_STEPS
        self._last = time.monotonic()

    def took(self, steps: int) -> None:
        """Note that a call with so many steps has just come back."""
        now = time.monotonic()
        self.steps = max(1, round(steps * min(SECONDS_AT_ONCE / (now - self._last), 8.0)))
        self._last = now


def export_litert(model: keras.Model, path: Path) -> None:
    """Write the model as `model.tflite`, the file that everything predicts with."""
    model.export(path, format="litert", verbose=False)
