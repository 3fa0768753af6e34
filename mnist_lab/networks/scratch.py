"""Dense networks written out in NumPy, to be read: forward, loss, backward, update.

Letters as in textbooks: x the inputs (n, features), z a layer's sums, a its activations, W and b its weights and
biases, y the labels, C the mean cost of the n images, δ its gradient by the sums, ∂C/∂z. Everything is float32, or
for any weights and inputs.
"""

from collections.abc import Callable, Sequence
from math import pi, sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, expit, logsumexp, softmax

from mnist_lab.config.settings import Activation, Initialization, Loss, Output
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.networks.shapes import CLASSES

Array = NDArray[Any]


class Layer(NamedTuple):
    """A dense layer: weights W (inputs, units), biases b (units,), and the name of its activation f."""

    weights: Array
    biases: Array
    activation: Activation | Output


class Function(NamedTuple):
    """An activation a = f(z), and its slope f'(z) written with both z and a, whichever is shorter."""

    value: Callable[[Array], Array]
    slope: Callable[[Array, Array], Array]


class Gradient(NamedTuple):
    """∂C/∂W and ∂C/∂b of one layer, in the shapes of its weights and biases."""

    weights: Array
    biases: Array


def _gelu_slope(z: Array, a: Array) -> Array:
    """Φ(z) + z φ(z), with the normal distribution's Φ and density φ."""
    return (1 + erf(z / sqrt(2))) / 2 + z * np.exp(-(z**2) / 2) / sqrt(2 * pi)


ACTIVATIONS: dict[str, Function] = {
    "relu": Function(lambda z: np.maximum(z, 0), lambda z, a: a > 0),
    "sigmoid": Function(expit, lambda z, a: a * (1 - a)),
    "tanh": Function(np.tanh, lambda z, a: 1 - a**2),
    "gelu": Function(lambda z: z * (1 + erf(z / sqrt(2))) / 2, _gelu_slope),
    "linear": Function(lambda z: z, lambda z, a: np.ones_like(z)),
    "logits": Function(lambda z: z, lambda z, a: np.ones_like(z)),
}

INITIALIZATIONS: dict[Initialization, Callable[[np.random.Generator, int, int], tuple[Array, Array]]] = {
    "glorot-uniform": lambda rng, n, m: (rng.uniform(-1, 1, (n, m)) * np.sqrt(6 / (n + m)), np.zeros(m)),
    "he-normal": lambda rng, n, m: (rng.normal(size=(n, m)) * np.sqrt(2 / n), np.zeros(m)),
    "normal": lambda rng, n, m: (rng.normal(size=(n, m)), rng.normal(size=m)),
    "zeros": lambda rng, n, m: (np.zeros((n, m)), np.zeros(m)),
}


def start(config: TrainConfig, inputs: int) -> list[Layer]:
    """The layers with their start weights, float32, drawn by the seed."""
    rng = np.random.default_rng(config.seed)
    layers = []
    for units, activation in [*((units, name) for units, name, _ in config.hidden_layers), (CLASSES, config.output)]:
        weights, biases = INITIALIZATIONS[config.initialization](rng, inputs, units)
        layers.append(Layer(weights.astype(np.float32), biases.astype(np.float32), activation))
        inputs = units
    return layers


def forward(layers: Sequence[Layer], x: Array) -> tuple[list[Array], list[Array]]:
    """a⁰ = x, zˡ = aˡ⁻¹ Wˡ + bˡ, aˡ = f(zˡ): what goes into each layer, and its sums; the output's f is the loss's."""
    inputs, sums = [x], []
    for layer in layers:
        sums.append(inputs[-1] @ layer.weights + layer.biases)
        if len(sums) < len(layers):
            inputs.append(ACTIVATIONS[layer.activation].value(sums[-1]))
    return inputs, sums


def cross_entropy(z: Array, y: Array, output: str) -> tuple[Array, Array]:
    """C = mean of -ln softmax(z)_y, and δ = (softmax(z) - one-hot y) / n; of a sigmoid output too."""
    rows = np.arange(len(y))
    losses = logsumexp(z, axis=1) - z[rows, y]
    delta = softmax(z, axis=1)
    delta[rows, y] -= 1
    return losses.mean(), delta / len(y)


def quadratic_cost(z: Array, y: Array, output: str) -> tuple[Array, Array]:
    """C = 1/(2n) Σ (a - one-hot y)², and δ = (a - one-hot y) f'(z) / n; softmax mixes: δ = a (e - Σ a e) / n."""
    a = softmax(z, axis=1) if output == "softmax" else ACTIVATIONS[output].value(z)
    error = a - np.eye(CLASSES, dtype=z.dtype)[y]
    if output == "softmax":
        delta = a * (error - (a * error).sum(axis=1, keepdims=True))
    else:
        delta = error * ACTIVATIONS[output].slope(z, a)
    return (error**2).sum() / (2 * len(y)), delta / len(y)


def mean_squared_error(z: Array, y: Array, output: str) -> tuple[Array, Array]:
    """C = 1/(10 n) Σ (a - one-hot y)²: a fifth of the quadratic cost."""
    cost, delta = quadratic_cost(z, y, output)
    return cost * 2 / CLASSES, delta * (2 / CLASSES)


LOSSES: dict[Loss, Callable[[Array, Array, str], tuple[Array, Array]]] = {
    "sparse-cross-entropy": cross_entropy,
    "one-hot-cross-entropy": cross_entropy,
    "mean-squared-error": mean_squared_error,
    "quadratic-cost": quadratic_cost,
}


def backward(layers: Sequence[Layer], inputs: list[Array], sums: list[Array], delta: Array) -> list[Gradient]:
    """∂C/∂Wˡ = (aˡ⁻¹)ᵀ δˡ, ∂C/∂bˡ = Σ δˡ over the images, and a layer down δˡ⁻¹ = δˡ (Wˡ)ᵀ ⊙ f'(zˡ⁻¹)."""
    gradients: list[Gradient] = []
    for number in reversed(range(len(layers))):
        gradients.insert(0, Gradient(inputs[number].T @ delta, delta.sum(axis=0)))
        if number:
            slope = ACTIVATIONS[layers[number - 1].activation].slope(sums[number - 1], inputs[number])
            delta = delta @ layers[number].weights.T * slope
    return gradients


def update(layers: Sequence[Layer], gradients: Sequence[Gradient], learning_rate: float) -> None:
    """W ← W - η ∂C/∂W, b ← b - η ∂C/∂b, in place."""
    for layer, gradient in zip(layers, gradients, strict=True):
        layer.weights[...] -= learning_rate * gradient.weights
        layer.biases[...] -= learning_rate * gradient.biases


def learn(layers: Sequence[Layer], x: Array, y: Array, loss: Loss, learning_rate: float) -> tuple[float, int]:
    """One step of gradient descent on a batch; its mean cost, and how many of its images were answered rightly."""
    inputs, sums = forward(layers, x)
    cost, delta = LOSSES[loss](sums[-1], y, layers[-1].activation)
    update(layers, backward(layers, inputs, sums, delta), learning_rate)
    return float(cost), int((sums[-1].argmax(axis=1) == y).sum())


def score(layers: Sequence[Layer], x: Array, y: Array, loss: Loss) -> tuple[float, float]:
    """The mean cost and the accuracy in [0, 1] on images that nothing is learned from."""
    z = forward(layers, x)[1][-1]
    return float(LOSSES[loss](z, y, layers[-1].activation)[0]), float((z.argmax(axis=1) == y).mean())
