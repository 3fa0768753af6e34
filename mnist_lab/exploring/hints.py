"""What looks wrong about a training, in a sentence from what was measured, and the one setting that may mend it.

Told from ticks while it trains, and from the network once it is over. The test set takes no part in it.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.comparing.learning import since_last
from mnist_lab.config.knobs import knob
from mnist_lab.config.settings import Optimizer
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.networks.shapes import CLASSES
from mnist_lab.networks.stages import Array, Stage, activations
from mnist_lab.store.ticks import Tick
from mnist_lab.store.validation import best, validations

USUAL_RATES: dict[Optimizer, float] = {"adam": 0.001, "adamw": 0.001, "rmsprop": 0.001, "sgd": 0.1}
"""Keras's own, but for SGD, whose 0.01 hardly moves anything in a few epochs."""
FAR = 3  # times a usual rate: further away it is to blame
CHANCE = 2 / CLASSES  # of a training accuracy: hardly better than guessing
HARDLY = 0.9  # of the first loss: what has fallen no further has hardly fallen
GROWN = 1.5  # times the least loss of an epoch
MANY_WRONG = 0.5  # of the labels
AS_GOOD = 1.1  # times the least loss of an epoch
RISEN = 1.25  # times the least validation loss
GAP = 0.01  # between two accuracies that differ
ALWAYS = 0.98  # of images for which a unit does not answer, or answers no other way
SHARE = 0.5  # of a layer's units; of healthy ones a third may be dead, where many pixels are never inked
IMAGES = 300  # that units are watched with
NEVER = 0.05  # of a digit's images that are read right
LONGER = 2  # times the epochs


class Hint(NamedTuple):
    """What looks wrong, and the value of one setting to try instead."""

    words: str
    field: str
    value: Any


def from_ticks(config: TrainConfig, ticks: Sequence[Tick]) -> Hint | None:
    """What looks wrong about the losses so far: nothing is learnt, the loss grows, or all is learnt by heart.

    Tells nothing before a whole epoch, and nothing of scikit-learn's regression, which sets its own steps.
    """
    epochs = [tick for tick in ticks if tick.ends_epoch]
    losses = [loss for loss in since_last(ticks, "loss") if not np.isnan(loss)]
    if not epochs or not losses or config.network == "logistic":
        return None
    if _learns_nothing(epochs[-1], losses):
        return _nothing(config, epochs[-1], losses)
    least = min(epochs, key=lambda tick: tick.loss)
    if epochs[-1].loss > GROWN * least.loss and epochs[-1].accuracy < least.accuracy - GAP:
        grown = f"The training loss grew from {least.loss:.3g} in epoch {least.epoch} to {epochs[-1].loss:.3g}"
        return Hint(f"{grown}: the steps are too large.", "learning_rate", _smaller(config))
    return _by_heart(config, ticks, epochs[-1]) if epochs[-1].loss < AS_GOOD * least.loss else None


def of_diverged(config: TrainConfig) -> Hint:
    """What to do where the loss became infinite."""
    return Hint("Smaller steps may keep the loss within bounds.", "learning_rate", _smaller(config))


def from_units(config: TrainConfig, stages: Sequence[Stage], images: NDArray[np.uint8]) -> Hint | None:
    """Which layer has many units that are dead or saturated for some images, uint8 (n, 28, 28) in 0..255.

    A ReLU is dead that is 0 for nearly all of them; a sigmoid or tanh saturated that is nearly at one end for them, the
    same one. (Goodfellow et al. 2016, "Deep Learning", section 6.3.)
    """
    x = images[:IMAGES].astype(np.float32) / np.float32(255)
    values = activations(stages, x)
    for stage, answers in zip(stages[:-1], values, strict=False):
        if stage.has_units and (share := _stuck(stage, answers)) >= SHARE:
            return _unfit(config, stage, round(share * stage.units))
    return None


def from_answers(config: TrainConfig, answers: Iterable[int], labels: NDArray[np.uint8]) -> Hint | None:
    """Which digit is never read, of images of all digits, by what they are and what the network answers."""
    read = np.fromiter(answers, dtype=np.int64)
    if (read == labels).mean() < CHANCE:
        return None
    for digit in np.unique(labels).tolist():
        if (read[labels == digit] == digit).mean() > NEVER:
            continue
        if digit in config.leave_out:
            others = tuple(one for one in config.leave_out if one != digit)
            return Hint(f"It never reads a {digit}, since it has never seen one.", "leave_out", others)
        longer = min(LONGER * config.epochs, int(knob("epochs").bounds[1]))
        if longer > config.epochs and config.network != "logistic":
            return Hint(f"It never reads a {digit} yet: that takes longer.", "epochs", longer)
    return None


def _learns_nothing(last: Tick, losses: Sequence[float]) -> bool:
    return last.accuracy < CHANCE or (last.loss > HARDLY * losses[0] and last.accuracy < 0.5)


def _nothing(config: TrainConfig, last: Tick, losses: Sequence[float]) -> Hint:
    behind = "an epoch" if last.epoch == 1 else f"{last.epoch} epochs"
    measured = f"It learns nothing: {last.accuracy:.0%} of the training images are right after {behind}"
    if config.spoiled_labels >= MANY_WRONG:
        return Hint(f"{measured}, and most labels are wrong.", "spoiled_labels", 0.0)
    if config.scaling == "none" and losses[0] > FAR * math.log(CLASSES):
        return Hint(f"{measured}, and pixels up to 255 are too much for it.", "scaling", "unit")
    usual = USUAL_RATES[config.optimizer]
    grew = max(losses) > GROWN * losses[0]
    if config.learning_rate > FAR * usual or (grew and config.learning_rate >= usual / FAR):
        return Hint(f"{measured}, and the steps are too large.", "learning_rate", _smaller(config))
    return Hint(f"{measured}, and the steps are small.", "learning_rate", _larger(config))


def _smaller(config: TrainConfig) -> float:
    usual, low = USUAL_RATES[config.optimizer], knob("learning_rate").bounds[0]
    return usual if config.learning_rate > FAR * usual else max(_rounded(config.learning_rate / 10), low)


def _larger(config: TrainConfig) -> float:
    usual, high = USUAL_RATES[config.optimizer], knob("learning_rate").bounds[1]
    return usual if config.learning_rate < usual / FAR else min(_rounded(config.learning_rate * 10), high)


def _rounded(rate: float) -> float:
    return float(f"{rate:.3g}")


def _by_heart(config: TrainConfig, ticks: Sequence[Tick], last: Tick) -> Hint | None:
    curve = validations(ticks)
    least = best(curve)
    if least is None or config.patience or curve[-1].loss < RISEN * least.loss:
        return None
    if last.accuracy < curve[-1].accuracy + GAP:
        return None
    return Hint(
        f"It learns by heart: since epoch {least.number} the validation loss has risen from {least.loss:.3g} to "
        f"{curve[-1].loss:.3g}, while training got to {last.accuracy:.1%}.",
        "patience",
        2,
    )


def _stuck(stage: Stage, answers: Array) -> float:
    """The share of units that answer all images the same way; answers are (n, units) or maps (n, h, w, filters)."""
    by_unit = answers.reshape(len(answers), -1, answers.shape[-1])
    if stage.activation == "relu":
        is_silent = (by_unit <= 0).all(axis=1)
        return float((is_silent.mean(axis=0) >= ALWAYS).mean())
    if stage.activation in ("sigmoid", "tanh"):
        low = 0.0 if stage.activation == "sigmoid" else -1.0
        ends = np.stack([by_unit < low + 0.02 * (1 - low), by_unit > 1 - 0.02 * (1 - low)])
        return float((ends.mean(axis=(1, 2)).max(axis=0) >= ALWAYS).mean())
    return 0.0


def _unfit(config: TrainConfig, stage: Stage, units: int) -> Hint:
    is_dead = stage.activation == "relu"
    what = "are dead, 0 for every image" if is_dead else "are saturated, the same for every image"
    words = f"{units} of {stage.units} units of {stage.name} {what}"
    if config.scaling == "none":
        return Hint(f"{words}: pixels up to 255 are too much for them.", "scaling", "unit")
    if config.learning_rate > FAR * USUAL_RATES[config.optimizer]:
        return Hint(f"{words}: the steps are too large.", "learning_rate", _smaller(config))
    return Hint(f"{words}.", "activation", "gelu" if is_dead else "relu")
