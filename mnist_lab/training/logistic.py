"""scikit-learn's logistic regression, with the contract of `training.train`. Imports TensorFlow, to save it like all
others: it is a dense layer with softmax.

lbfgs sees what the model's scaling gives. For `logistic-digits` that is the `8x8` scaling: the lab's datasets hold
28 x 28 images, so that what people draw reaches every model. scikit-learn's digits fill 20 x 20 of them, enlarged
and centred by mass, and the scaling averages the middle 20 x 20 back to 8 x 8 values in [0, 1]. Those are the published
inputs, pixels / 16, moved by the centring and a little smoothed, not bit for bit; `docs/reproduction.md` has the
accuracy on the untouched ones next to it.
"""

import time
import warnings
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from mnist_lab.config.settings import Loss
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import Dataset
from mnist_lab.datasets.splits import Split, split
from mnist_lab.networks.scratch import Layer, score
from mnist_lab.networks.shapes import CLASSES
from mnist_lab.store.ticks import SECONDS_BETWEEN_TICKS, Tick
from mnist_lab.training.contract import Contract
from mnist_lab.training.keras_models import build, features, pixels_for, set_dense

NEVER = -1e4  # a digit that was never seen: its softmax is 0 in any company
SHARE_FOR_TICKS = 0.1  # of the time at most, in a fit that is over within moments
LOSS: Loss = "sparse-cross-entropy"


class Stopped(Exception):
    """A stop was asked for; scikit-learn's callbacks know no other way out of lbfgs."""


def train(config: TrainConfig, dataset: Dataset, contract: Contract) -> tuple[keras.Model, bool]:
    """Fit until lbfgs has converged or did `max_iterations`; the model, and whether it was stopped.

    An iteration of lbfgs is one epoch of one step. A stop keeps the last iteration. lbfgs cannot be resumed, so there
    is no checkpoint, and no `start` either: a run that was interrupted starts over, and ends with the same weights.
    """
    parts = split(dataset, config, contract.should_stop)
    model = build(config, pixels=pixels_for(config, parts.x_train))
    x = features(model, parts.x_train).astype(np.float64)
    watcher = _Watcher(config, parts, features(model, parts.x_validation), contract)
    contract.keep(0, model.get_weights)
    regression = regression_for(config).set_callbacks(watcher)
    try:
        with warnings.catch_warnings(), threadpool_limits(1):  # more threads gain little, and stall on a busy machine
            warnings.simplefilter("ignore", ConvergenceWarning)  # ending at the limit is what was asked for
            regression.fit(x, parts.y_train)
        watcher.end(regression, x, parts.y_train)
        found = regression
    except Stopped:
        found = watcher.latest
    set_dense(model, [as_dense(found, x.shape[1])])
    return model, found is not regression


def regression_for(config: TrainConfig) -> LogisticRegression:
    """scikit-learn's regression with its defaults, lbfgs among them, but for what was asked."""
    return LogisticRegression(C=config.c, max_iter=config.max_iterations)


def as_dense(regression: LogisticRegression, inputs: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights float32 (inputs, 10) and biases (10,) of the dense layer whose softmax is the regression's answer.

    Of two digits scikit-learn keeps one row, for the second; the first's is 0. Digits never seen get no chance.
    """
    rows, intercepts = regression.coef_, regression.intercept_
    if len(rows) == 1:
        rows, intercepts = np.vstack([np.zeros_like(rows), rows]), np.append(np.zeros(1), intercepts)
    weights, biases = np.zeros((inputs, CLASSES), np.float32), np.full(CLASSES, NEVER, np.float32)
    weights[:, regression.classes_], biases[regression.classes_] = rows.T, intercepts
    return weights, biases


class _Watcher:
    """scikit-learn's callback: reports several times a second, and leaves the fit when a stop is asked for."""

    def __init__(
        self,
        config: TrainConfig,
        parts: Split,
        watched: NDArray[np.float32],
        contract: Contract,
    ) -> None:
        self._contract = contract
        self._rate = config.learning_rate
        self._watched = watched, parts.y_validation
        self._started = self._last = time.monotonic()
        self._iteration = 0
        self._takes = 0.0  # seconds that the last tick took
        self.latest: Any = None

    def setup(self, estimator: Any, context: Any) -> None:
        """Nothing to prepare."""

    def teardown(self, estimator: Any, context: Any) -> None:
        """Nothing to clear away."""

    def on_fit_task_begin(self, estimator: Any, context: Any) -> None:
        """Nothing happens at the beginning of an iteration."""

    def on_fit_task_end(
        self,
        estimator: Any,
        context: Any,
        *,
        X: Any = None,  # noqa: N803
        y: Any = None,
        fitted_estimator: Any = None,
    ) -> None:
        """An iteration is over, unless it is the whole fit, or one without data that was never done."""
        if context.parent is None or X is None:
            return
        self._iteration += 1
        self._contract.keep(self._iteration, lambda: list(as_dense(fitted_estimator, X.shape[1])))
        is_doubled = self._iteration.bit_count() == 1  # 1, 2, 4, 8, …: a curve however soon the fit is over
        if is_doubled or time.monotonic() - self._last >= min(SECONDS_BETWEEN_TICKS, self._takes / SHARE_FOR_TICKS):
            self._tick(fitted_estimator, X, y)
            if self._contract.should_stop():
                self.latest = fitted_estimator
                raise Stopped

    def end(self, regression: LogisticRegression, x: NDArray[np.float64], y: NDArray[np.uint8]) -> None:
        self._iteration = max(int(regression.n_iter_[0]), 1)
        self._tick(regression, x, y)

    def _tick(self, regression: Any, x: Any, y: Any) -> None:
        begun = time.monotonic()
        layers = [Layer(*as_dense(regression, x.shape[1]), "softmax")]
        y = np.asarray(y, dtype=np.uint8)
        val_loss, val_accuracy = score(layers, *self._watched, LOSS) if len(self._watched[1]) else (None, None)
        cost, accuracy = score(layers, np.asarray(x, np.float32), y, LOSS)
        self._last = time.monotonic()
        self._takes = self._last - begun
        seconds = self._last - self._started
        tick = Tick(self._iteration, 1, 1, cost, accuracy, self._rate, seconds, val_loss, val_accuracy, len(y))
        self._contract.report(tick)
