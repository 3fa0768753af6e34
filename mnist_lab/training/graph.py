"""Many steps of training in one call. Imports TensorFlow: for the training side only.

Keras's `fit` goes back to Python for every batch, and its optimizers are a dozen small operations for each variable.
Here a loop over batches runs inside one graph, and a variable's update is one kernel.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mnist_lab.images.preprocessing import SIDE
from mnist_lab.networks.shapes import CLASSES

SCORED_AT_ONCE = 1000

turn = threading.Lock()
"""Held while a training runs, for a tenth of a second, or a range test takes a step: of two at once in one process, the
small operations of one would wait for the large ones of the other, since TensorFlow's threads are shared."""

_ending = threading.Lock()


@contextmanager
def at_the_end() -> Iterator[None]:
    """While a run is saved and scored, which a visitor who pressed Stop waits for: everything else here pauses."""
    with turn, _ending:
        yield


def give_way() -> None:
    """Pause while a run of this process is at its end. For answers to questions, before each piece of work."""
    with _ending:
        return


Variables = Sequence[keras.Variable]
Update = Callable[[Any, tf.Tensor, list[tf.Tensor], Variables], None]


class Score(NamedTuple):
    """Sums over images: of their losses, of the right answers, and how many they are."""

    loss: float = 0.0
    right: int = 0
    images: int = 0

    @property
    def mean_loss(self) -> float:
        return self.loss / self.images

    @property
    def accuracy(self) -> float:
        """The share of right answers, in [0, 1]."""
        return self.right / self.images


class Steps(NamedTuple):
    """Some steps on end, float64 (n,) each: the sums of a batch's losses and right answers that the network had ahead
    of the step, the batch's images, and the learning rate after it."""

    losses: NDArray[np.float64]
    right: NDArray[np.float64]
    images: NDArray[np.float64]
    rates: NDArray[np.float64]

    def scores(self, before: Score) -> list[Score]:
        """The score after each step, on top of that of the steps before.

        Sums go on batch by batch, so that how many come in a call changes no bit of them.
        """
        sums = np.cumsum([(start, *steps) for start, steps in zip(before, self[:3], strict=True)], axis=1)[:, 1:]
        return [Score(loss, int(right), int(images)) for loss, right, images in sums.T.tolist()]


class Execution:
    """Trains and scores a compiled Keras model whose optimizer is built: `fit` and `evaluate`, many batches a call.

    Images are uint8 in 0..255 or float32 in [0, 1], (n, 28, 28), by `dtype`; labels int32 (n,).
    """

    def __init__(self, model: keras.Model, batch_size: int, one_hot: bool, dtype: Any) -> None:
        self._model = model
        self._batch_size = batch_size
        self._one_hot = one_hot
        labels = tf.TensorSpec((None,), tf.int32)
        self._train = tf.function(self._train_all, input_signature=[tf.TensorSpec((None, SIDE, SIDE), dtype), labels])
        self._score = tf.function(
            self._score_batch, input_signature=[tf.TensorSpec((None, SIDE, SIDE), tf.uint8), labels]
        )

    def train(self, images: NDArray[Any], labels: NDArray[np.int32]) -> Steps:
        """Take a step for each batch, in order."""
        with turn:
            losses, right, rates = np.asarray(self._train(images, labels), np.float64).T
        left = len(labels) - self._batch_size * np.arange(len(losses))
        return Steps(losses, right, np.minimum(left, self._batch_size).astype(np.float64), rates)

    def step(self, images: NDArray[Any], labels: NDArray[np.int32]) -> float:
        """Take one step for one batch, outside of any graph; the mean loss of an image before it."""
        loss, _ = self._step(tf.convert_to_tensor(images), tf.convert_to_tensor(labels))
        return float(loss) / len(labels)

    def score(self, images: NDArray[np.uint8], labels: NDArray[np.int32]) -> Score:
        """How well the network does on these images in its current state."""
        total = Score()
        for at in range(0, len(images), SCORED_AT_ONCE):
            part = slice(at, at + SCORED_AT_ONCE)
            with turn:
                loss, right = self._score(images[part], labels[part])
            total = Score(total.loss + float(loss), total.right + int(right), total.images + len(labels[part]))
        return total

    def _train_all(self, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        steps = (len(labels) + self._batch_size - 1) // self._batch_size
        told = tf.TensorArray(tf.float32, steps, element_shape=(3,))
        for number in tf.range(steps):
            part = slice(number * self._batch_size, (number + 1) * self._batch_size)
            loss, right = self._step(images[part], labels[part])
            rate = tf.convert_to_tensor(self._model.optimizer.learning_rate)
            told = told.write(number, tf.stack([loss, tf.cast(right, tf.float32), rate]))
        return told.stack()

    def _step(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        variables = self._model.trainable_variables
        with tf.GradientTape() as tape:
            answers = self._model(_to_unit(images), training=True)
            loss = self._model.compute_loss(y=self._targets(labels), y_pred=answers)
        update(self._model.optimizer, tape.gradient(loss, variables), variables)
        return loss * tf.cast(len(labels), tf.float32), _right(answers, labels)

    def _score_batch(self, images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        answers = self._model(_to_unit(images), training=False)
        loss = self._model.compute_loss(y=self._targets(labels), y_pred=answers)
        return loss * tf.cast(len(labels), tf.float32), _right(answers, labels)

    def _targets(self, labels: tf.Tensor) -> tf.Tensor:
        return tf.one_hot(labels, CLASSES) if self._one_hot else labels


def update(optimizer: keras.optimizers.Optimizer, gradients: list[tf.Tensor], variables: Variables) -> None:
    """What `optimizer.apply` does for a plain optimizer, with one kernel for each variable where there is one."""
    kernel = KERNELS.get(type(optimizer))
    if kernel is None:
        optimizer.apply(gradients, variables)
        return
    kernel(optimizer, tf.convert_to_tensor(optimizer.learning_rate), gradients, variables)
    optimizer.iterations.assign_add(1)


def _adam(optimizer: Any, rate: tf.Tensor, gradients: list[tf.Tensor], variables: Variables) -> None:
    step = tf.cast(optimizer.iterations, tf.float32) + 1.0
    first, second = (tf.pow(beta, step) for beta in (optimizer.beta_1, optimizer.beta_2))
    momenta, velocities = (_slots(optimizer, variables, name) for name in ("momentum", "velocity"))
    for variable, momentum, velocity, gradient in zip(variables, momenta, velocities, gradients, strict=True):
        tf.raw_ops.ResourceApplyAdam(
            var=variable.value.handle,
            m=momentum.value.handle,
            v=velocity.value.handle,
            beta1_power=first,
            beta2_power=second,
            lr=rate,
            beta1=optimizer.beta_1,
            beta2=optimizer.beta_2,
            epsilon=optimizer.epsilon,
            grad=gradient,
        )


def _adamw(optimizer: Any, rate: tf.Tensor, gradients: list[tf.Tensor], variables: Variables) -> None:
    for variable in variables:
        variable.value.assign_sub(variable.value * (optimizer.weight_decay * rate))
    _adam(optimizer, rate, gradients, variables)


def _rmsprop(optimizer: Any, rate: tf.Tensor, gradients: list[tf.Tensor], variables: Variables) -> None:
    for variable, velocity, gradient in zip(
        variables, _slots(optimizer, variables, "velocity"), gradients, strict=True
    ):
        square = velocity.value.assign(optimizer.rho * velocity.value + (1 - optimizer.rho) * tf.square(gradient))
        variable.value.assign_sub(rate * gradient * tf.math.rsqrt(square + optimizer.epsilon))


def _sgd(optimizer: Any, rate: tf.Tensor, gradients: list[tf.Tensor], variables: Variables) -> None:
    if not optimizer.momentum:
        for variable, gradient in zip(variables, gradients, strict=True):
            tf.raw_ops.ResourceApplyGradientDescent(var=variable.value.handle, alpha=rate, delta=gradient)
        return
    momenta = _slots(optimizer, variables, "momentum")
    for variable, momentum, gradient in zip(variables, momenta, gradients, strict=True):
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.value.handle,
            accum=momentum.value.handle,
            lr=rate,
            grad=gradient,
            momentum=optimizer.momentum,
            use_nesterov=optimizer.nesterov,
        )


KERNELS: dict[type[keras.optimizers.Optimizer], Update] = {
    keras.optimizers.Adam: _adam,
    keras.optimizers.AdamW: _adamw,
    keras.optimizers.RMSprop: _rmsprop,
    keras.optimizers.SGD: _sgd,
}


def _slots(optimizer: keras.optimizers.Optimizer, variables: Variables, name: str) -> list[keras.Variable]:
    """The optimizer's own variable of that name for each of the model's."""
    slots = {slot.name: slot for slot in optimizer.variables}
    return [slots[f"{variable.path.replace('/', '_')}_{name}"] for variable in variables]


def _to_unit(images: tf.Tensor) -> tf.Tensor:
    return images if images.dtype == tf.float32 else tf.cast(images, tf.float32) / 255.0


def _right(answers: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.cast(tf.argmax(answers, axis=1, output_type=tf.int32) == labels, tf.int32))
