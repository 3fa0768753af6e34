"""Train one network. Imports TensorFlow: for the training side only."""

import math
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.datasets.mnist import Dataset
from mnist_lab.datasets.splits import split
from mnist_lab.store.adjustments import LONGEST_REST, telling
from mnist_lab.store.ticks import SECONDS_BETWEEN_TICKS, Tick, steps_told
from mnist_lab.store.validation import best_epoch
from mnist_lab.training import checkpoints, logistic, scratch
from mnist_lab.training.batches import Batches
from mnist_lab.training.checkpoints import Epochs
from mnist_lab.training.contract import Contract
from mnist_lab.training.graph import Score, Steps
from mnist_lab.training.keras_models import exclusive, pixels_for, served
from mnist_lab.training.learner import Learner
from mnist_lab.training.stopping import check_loss
from mnist_lab.training.stopping import is_over as no_longer_better

TRAINERS = {"scratch": scratch.train, "logistic": logistic.train}  # networks that Keras does not train

SECONDS_AT_ONCE = 0.1  # in one call: enough that what happens between calls hardly counts, little enough to stop soon
SECONDS_BETWEEN_CHECKPOINTS = 5.0
FIRST_STEPS = 8
NOTHING: Mapping[str, float] = {}


def train(config: TrainConfig, dataset: Dataset, contract: Contract) -> tuple[keras.Model, bool]:
    """Train from the start, or from the checkpoint where there is one; the model, and whether it was stopped early.

    The same seed gives the same bytes, interrupted or not, with the same packages on the same kind of machine and with
    as many threads, where nothing is changed meanwhile. Raises Diverged.
    """
    return TRAINERS.get(config.network, _train)(config, dataset, contract)


def _train(config: TrainConfig, dataset: Dataset, contract: Contract) -> tuple[keras.Model, bool]:
    """Train a network of Keras."""
    parts = split(dataset, config, contract.should_stop)
    batches = Batches(parts.x_train, parts.y_train, config)
    with exclusive:
        keras.backend.clear_session()
    learner = Learner(config, batches, pixels_for(config, parts.x_train), contract)
    course, pace = Course(config, batches.steps, learner, contract), Pace()
    watched = parts.x_validation, parts.y_validation.astype(np.int32)
    contract.keep(learner.done, learner.weights)
    to_come = range(0) if course.is_over else range(learner.done, config.epochs)
    for chunk in batches.chunks(to_come, lambda: pace.steps):
        course.go_on(chunk.epoch, chunk.first, learner.train(chunk))
        wish, is_last = contract.wish(), chunk.stop == batches.steps and chunk.epoch + 1 == config.epochs
        course.rested(pace.took(chunk.stop - chunk.first, wish.steps_a_second))
        contract.show(learner.weights)
        changes = {} if is_last else wish.changes(learner.config)
        if chunk.stop == batches.steps:
            course.end_epoch(chunk.epoch, learner.score(*watched), changes)
            contract.keep(chunk.epoch + 1, learner.weights)
        elif changes:
            course.tell(chunk.epoch, chunk.stop, changes)
        if course.is_over:
            break
        if changes:
            learner.adjust(parse(changes, learner.config))
    course.end()
    return served(learner.model), course.stopped


class Course:
    """The course of a training: turns it into ticks, stops it in time and keeps the epoch that counts."""

    def __init__(
        self,
        config: TrainConfig,
        steps: int,
        learner: Learner,
        contract: Contract,
    ) -> None:
        self.stopped = False
        self._config = config
        self._steps = steps
        self._learner = learner
        self._contract = contract
        behind = learner.behind or Epochs()
        self._kept: list[NDArray[Any]] = []
        if learner.behind:
            self._kept = [*behind.best] if learner.fits(behind.best) else learner.values()
        self._val_losses: list[float] = [*behind.losses]
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

    def tell(self, epoch: int, step: int, changes: Mapping[str, float]) -> None:
        """Report what is changed after a step in the middle of an epoch."""
        self._tick(epoch, step, time.monotonic(), changes=changes)

    def rested(self, seconds: float) -> None:
        """Note that nothing was done for so long, which is no time of training."""
        self._began += seconds
        self._noted += seconds

    def end_epoch(self, epoch: int, validation: Score | None, changes: Mapping[str, float]) -> None:
        """Keep what the epoch made of the network, then report it with its validation and what is changed after it."""
        if validation:
            self._val_losses.append(validation.mean_loss)
        is_best = not self._config.patience or best_epoch(self._val_losses) == len(self._val_losses)
        if is_best:
            self._kept = self._learner.values()
        due = epoch + 1 == self._config.epochs or time.monotonic() - self._saved > SECONDS_BETWEEN_CHECKPOINTS
        if self._contract.checkpoint and due:
            epochs = Epochs(self._val_losses, [] if is_best else self._kept)
            checkpoints.save(self._learner.model, self._contract.checkpoint, epochs)
            self._saved = time.monotonic()
        self._tick(epoch, self._steps, time.monotonic(), validation, changes)
        self._score, self._noted = Score(), time.monotonic()
        self.stopped = self._contract.should_stop()

    @property
    def is_over(self) -> bool:
        """Whether there is a reason not to go on: a request, or too many epochs that brought nothing."""
        return self.stopped or no_longer_better(self._val_losses, self._config.patience)

    def end(self) -> None:
        """Bring back the epoch to keep: the best one where the training may stop early, otherwise the last whole."""
        if self._kept:
            self._learner.set_values(self._kept)

    def _tick(
        self,
        epoch: int,
        step: int,
        when: float,
        validation: Score | None = None,
        changes: Mapping[str, float] = NOTHING,
    ) -> None:
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
        self._contract.report(telling(tick, changes))


class Pace:
    """How many steps to take in one call, so that it takes about a tenth of a second, or slowly on demand."""

    def __init__(self) -> None:
        self.steps = FIRST_STEPS
        self._last = time.monotonic()

    def took(self, steps: int, steps_a_second: float | None) -> float:
        """Note that a call with so many steps has just come back; rest where that was too fast, and say how long."""
        took, rest = time.monotonic() - self._last, 0.0
        if steps_a_second:
            rest = min(max(steps / steps_a_second - took, 0.0), LONGEST_REST)
            time.sleep(rest)
            self.steps = max(1, round(steps_a_second * SECONDS_AT_ONCE))
        else:
            self.steps = max(1, round(steps * min(SECONDS_AT_ONCE / took, 8.0)))
        self._last = time.monotonic()
        return rest


def export_litert(model: keras.Model, path: Path) -> None:
    """Write the model as `model.tflite`, the file that everything predicts with."""
    model.export(path, format="litert", verbose=False)
