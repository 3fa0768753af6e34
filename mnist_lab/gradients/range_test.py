"""The learning-rate range test. Imports TensorFlow: for the training side only.

Smith 2017, "Cyclical learning rates for training neural networks": train a new network while the rate grows from far
too small to far too large, a batch at each rate, and see where the loss falls and where it explodes.
"""

import math
import time
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import Dataset
from mnist_lab.datasets.splits import split
from mnist_lab.errors import ConfigError
from mnist_lab.exploring.findings import Sweep
from mnist_lab.exploring.learning_rates import HIGHEST, LOWEST
from mnist_lab.networks import scratch
from mnist_lab.training.graph import Execution, turn
from mnist_lab.training.keras_models import build, exclusive, features, pixels_for, wants_one_hot

MOST_STEPS = 240
FEWEST_STEPS = 80
TRIED = 3  # steps at the lowest rate, to see how long one takes
SECONDS = 10.0
EXPLODED = 4.0  # times the lowest loss so far: then it is over
LAST = 5  # batches whose losses are taken together for that

Images: TypeAlias = NDArray[np.uint8]
Labels: TypeAlias = NDArray[np.int32]
Step = Callable[[NDArray[np.int64], float], float]  # which images and a rate: the loss before the step


def sweep(config: TrainConfig, dataset: Dataset, is_crowded: Callable[[], bool] = lambda: False) -> Sweep:
    """Train a new network of this configuration on up to MOST_STEPS batches, each with a larger rate than the last.

    Fewer where a step takes long, and no more once the loss has exploded. Pen digits and dirt are left out, and nothing
    is augmented: none of that changes which steps are too large, and all take long. Each step takes its turn with a
    training in the same process; while `is_crowded` says so, it rests afterwards as long as waiting and working took.
    Raises ConfigError for a regression.
    """
    if config.network == "logistic":
        raise ConfigError("A logistic regression is fitted by lbfgs, which finds the size of its steps itself.")
    parts = split(dataset, config.model_copy(update={"pens": False, "dirt": "none"}))
    some = np.random.default_rng(config.seed).permutation(len(parts.x_train))[: MOST_STEPS * config.batch_size]
    size = min(config.batch_size, len(some))

    def step(chosen: NDArray[np.int64], rate: float) -> float:
        with turn:
            return learn(chosen, rate)

    with exclusive:
        made = STEPS.get(config.network, _keras_step)
        learn = made(config, parts.x_train[some], parts.y_train[some].astype(np.int32))
        step(np.arange(size), LOWEST)  # the first one makes much ready that all others use
    rates, losses = np.geomspace(LOWEST, HIGHEST, _affordable(lambda: step(np.arange(size), LOWEST))), list[float]()
    for number, rate in enumerate(rates.tolist()):
        began = time.monotonic()
        losses.append(step(np.arange(number * size, (number + 1) * size) % len(some), rate))
        if is_crowded():
            time.sleep(time.monotonic() - began)
        if has_exploded(losses):
            break
    seen = [loss for loss in losses if math.isfinite(loss)]
    return Sweep(rates[: len(seen)].astype(np.float32), np.array(seen, np.float32))


def has_exploded(losses: list[float]) -> bool:
    """Whether the loss is no number any more, or that of the last batches is far above that of any before."""
    if not math.isfinite(losses[-1]):
        return True
    means = np.convolve(losses, np.ones(LAST) / LAST, "valid") if len(losses) >= LAST else np.array(losses)
    return bool(means[-1] > EXPLODED * means.min())


def _affordable(step: Callable[[], float]) -> int:
    """How many steps there is time for."""
    began = time.monotonic()
    for _ in range(TRIED):
        step()
    each = (time.monotonic() - began) / TRIED
    return int(np.clip(SECONDS / max(each, 1e-4), FEWEST_STEPS, MOST_STEPS))


def _keras_step(config: TrainConfig, x: Images, y: Labels) -> Step:
    model = build(config.model_copy(update={"schedule": "constant"}), pixels=pixels_for(config, x))
    model.optimizer.build(model.trainable_variables)
    execution = Execution(model, config.batch_size, wants_one_hot(config.loss), np.uint8)

    def step(chosen: NDArray[np.int64], rate: float) -> float:
        model.optimizer.learning_rate = rate
        return execution.step(x[chosen], y[chosen])

    return step


def _scratch_step(config: TrainConfig, x: Images, y: Labels) -> Step:
    scaled = features(build(config, pixels=pixels_for(config, x)), x)
    layers = scratch.start(config, scaled.shape[1])

    def step(chosen: NDArray[np.int64], rate: float) -> float:
        with threadpool_limits(1):
            return scratch.learn(layers, scaled[chosen], y[chosen], config.loss, rate)[0]

    return step


STEPS: dict[str, Callable[[TrainConfig, Images, Labels], Step]] = {"scratch": _scratch_step}
