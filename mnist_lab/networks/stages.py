"""A run's network as a list of stages in NumPy, read from the file that answers, so that nothing needs TensorFlow.

`model.tflite` holds the weights and the order of the operations. Exporting has worked batch normalization into the
weights and biases of the layer before it, or made it a scale and a shift after a pooling, so every stage below is
what that layer does to an image, normalization and all.
"""

import io
from collections.abc import Sequence
from itertools import count, takewhile, zip_longest
from typing import Any, Literal, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray
from scipy.special import softmax

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import DAMAGE, RunError
from mnist_lab.images.preprocessing import LONGEST, SIDE
from mnist_lab.networks import operators
from mnist_lab.networks.keras_files import check_weights, weights_in
from mnist_lab.networks.litert import FUSED, OPERATORS, check
from mnist_lab.networks.scratch import ACTIVATIONS
from mnist_lab.networks.shapes import CLASSES, EIGHT, POOL

Array = NDArray[np.float32]
Kind = Literal["scaling", "convolution", "pooling", "dense"]

EPSILON = 1e-3  # of Keras's batch normalization
BLOCK = 16  # images at a time: more spill the processor's caches
OPTIONS = {
    "CONV_2D": schema.Conv2DOptions,
    "MAX_POOL_2D": schema.Pool2DOptions,
    "FULLY_CONNECTED": schema.FullyConnectedOptions,
    "MUL": schema.MulOptions,
    "ADD": schema.AddOptions,
}


class Stage(NamedTuple):
    """One step of a network: sums of what the stage before gives, and their activation.

    `weights` are float32 (inputs, units) of a dense stage, (k, k, channels, filters) of a convolution, and empty
    elsewhere; `biases` are (units,). After its own work a stage multiplies by `scale` and adds `shift`, each a number
    or one a channel. `scaling` is the name of the kind of scaling. Kernels that are `padded` keep an image's size.
    """

    kind: Kind
    name: str
    weights: Array = np.empty(0, np.float32)
    biases: Array = np.empty(0, np.float32)
    activation: str = "linear"
    padded: bool = False
    scale: Array = np.array(1.0, np.float32)
    shift: Array = np.array(0.0, np.float32)
    scaling: str = "unit"

    @property
    def has_units(self) -> bool:
        """Whether it has weights of its own."""
        return self.weights.size > 0

    @property
    def units(self) -> int:
        """How many units or filters it has; 0 where it has no weights."""
        return int(self.weights.shape[-1]) if self.has_units else 0


def sums(stage: Stage, x: Array) -> Array:
    """What a stage makes of its input before its activation: z, float32 (n, units) or (n, h, w, filters).

    `x` is (n, 28, 28) in [0, 1] for a scaling, (n, h, w, channels) or (n, h, w) for a convolution or a pooling, and for
    a dense stage anything that is (n, inputs) once it is flat.
    """
    return WORK[stage.kind](stage, x) * stage.scale + stage.shift


def activate(stage: Stage, z: Array) -> Array:
    """The activation of a stage's sums, in their shape; softmax goes over the last axis."""
    return softmax(z, axis=-1) if stage.activation == "softmax" else ACTIVATIONS[stage.activation].value(z)


def activations(stages: Sequence[Stage], x: Array) -> list[Array]:
    """What each stage gives for its input `x`, one after the other."""
    found = []
    for stage in stages:
        x = activate(stage, sums(stage, x))
        found.append(x)
    return found


def padding(stage: Stage) -> tuple[int, int]:
    """How many pixels are added before the first and after the last, of rows and of columns alike."""
    side = stage.weights.shape[0]
    return ((side - 1) // 2, side // 2) if stage.padded else (0, 0)


def _scale(stage: Stage, x: Array) -> Array:
    return SCALINGS[stage.scaling](x)


def _convolve(stage: Stage, x: Array) -> Array:
    x = x if x.ndim == 4 else x[..., np.newaxis]
    side = stage.weights.shape[0]
    if stage.padded:
        x = np.pad(x, ((0, 0), padding(stage), padding(stage), (0, 0)))
    kernel = stage.weights.reshape(-1, stage.units)
    parts = []
    for start in range(0, len(x), BLOCK):
        windows = np.lib.stride_tricks.sliding_window_view(x[start : start + BLOCK], (side, side), axis=(1, 2))
        windows = windows.transpose(0, 1, 2, 4, 5, 3)
        parts.append(windows.reshape(*windows.shape[:3], -1) @ kernel + stage.biases)
    return np.concatenate(parts)


def _pool(stage: Stage, x: Array) -> Array:
    n, height, width, channels = x.shape
    height, width = height // POOL, width // POOL
    x = x[:, : height * POOL, : width * POOL]
    return x.reshape(n, height, POOL, width, POOL, channels).max(axis=(2, 4))


def _dense(stage: Stage, x: Array) -> Array:
    return x.reshape(len(x), -1) @ stage.weights + stage.biases


WORK = {"scaling": _scale, "convolution": _convolve, "pooling": _pool, "dense": _dense}


def _column_l2(x: Array) -> Array:
    return x / np.maximum(np.sqrt((x**2).sum(axis=1, keepdims=True)), np.float32(1e-6))


def _eight_by_eight(x: Array) -> Array:
    """The mean of 2.5 x 2.5 pixels each of the middle 20 x 20."""
    edge, fine = (SIDE - LONGEST) // 2, 2 * LONGEST // EIGHT
    middle = x[:, edge : edge + LONGEST, edge : edge + LONGEST]
    halves = middle.repeat(2, axis=1).repeat(2, axis=2)
    return halves.reshape(-1, EIGHT, fine, EIGHT, fine).mean(axis=(2, 4))


SCALINGS = {"column-l2": _column_l2, "8x8": _eight_by_eight} | dict.fromkeys(
    ("unit", "none", "standardised"), lambda x: x
)


def read(content: bytes | bytearray, scaling: str) -> list[Stage]:
    """The stages of a `model.tflite` whose scaling is of that name, the scaling first and the ten outputs last.

    The weights are views into `content`: of a bytearray, who writes to them changes the model. Raises ValueError for a
    file that holds no network of this lab.
    """
    model = schema.Model.GetRootAs(content, 0)
    graph = model.Subgraphs(0)
    stages = [Stage("scaling", "scaling", scaling=scaling)]
    for number in range(graph.OperatorsLength()):
        operator = graph.Operators(number)
        code = model.OperatorCodes(operator.OpcodeIndex())
        name = OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        constants = [_constant(model, graph, place) for place in operator.InputsAsNumpy()[1:]]
        _read_operator(stages, name, constants, _options(name, operator))
    return _named(stages)


def of_run(config: TrainConfig, content: bytes, archive: bytes | None = None) -> list[Stage]:
    """The stages of a run from its `model.tflite`, with the true biases of its `model.keras` where that is given.

    Raises RunError where a file is damaged, or of another network than the configuration.
    """
    check(content, config)
    try:
        stages = read(content, config.scaling)
        stages = stages if archive is None else with_true_biases(stages, archive, config)
    except DAMAGE as error:
        raise RunError(f"The model file is damaged ({error}).") from error
    return tried(stages)


def tried(stages: list[Stage]) -> list[Stage]:
    """The stages, which make ten numbers of a blank image. Raises RunError where they do not, as damaged ones."""
    try:
        answer = activations(stages, np.zeros((1, SIDE, SIDE), np.float32))[-1]
    except DAMAGE as error:
        raise RunError(f"The weights of this network do not fit together ({error}).") from error
    if answer.shape != (1, CLASSES) or not np.isfinite(answer).all():
        raise RunError("The weights of this network are damaged: it does not answer with ten probabilities.")
    return stages


def with_true_biases(stages: Sequence[Stage], archive: bytes, config: TrainConfig) -> list[Stage]:
    """The stages with the dense weights of a `model.keras`, its batch normalization worked into them.

    Exporting moves what a layer without an activation adds, and its normalization, on into the next layer. The answers
    stay the same, but what the layer itself gives does not. Raises RunError where the weights are none of the
    configuration's.
    """
    import h5py

    weights = weights_in(archive, config)
    check_weights(weights, config)
    with h5py.File(io.BytesIO(weights)) as file:
        dense = _saved(file, "dense")
        normalizations = _saved(file, "batch_normalization")
    hidden = len(dense) - 1
    normalizations = normalizations[-hidden:] if normalizations and hidden else []
    folded = (_fold(*pair) for pair in zip_longest(dense, normalizations))
    return [_with_weights(stage, *next(folded)) if stage.kind == "dense" else stage for stage in stages]


def _with_weights(stage: Stage, weights: Array, biases: Array) -> Stage:
    return stage._replace(weights=weights, biases=biases)


def _saved(file: Any, kind: str) -> list[list[Array]]:
    """The variables of all layers of a kind, in the order of the layers, from a `model.weights.h5`."""
    layers = file["layers"]
    names = (f"{kind}_{number}" if number else kind for number in count())
    found = takewhile(lambda name: name in layers, names)
    return [[np.asarray(layers[name]["vars"][part]) for part in sorted(layers[name]["vars"])] for name in found]


def _fold(layer: list[Array], normalization: list[Array] | None) -> tuple[Array, Array]:
    """A dense layer and the normalization of its sums as one dense layer (Ioffe and Szegedy 2015, section 3.1)."""
    weights, biases = layer
    if normalization is None:
        return weights, biases
    gamma, beta, mean, variance = normalization
    factor = gamma / np.sqrt(variance + EPSILON)
    return weights * factor, (biases - mean) * factor + beta


def _read_operator(stages: list[Stage], name: str, constants: list[Array | None], options: Any) -> None:
    """Add what one operator of the file does to the stages; shapes and the parts of a scaling do nothing new."""
    if name in ("CONV_2D", "FULLY_CONNECTED"):
        weights, biases = (*constants, None)[:2]
        if weights is None:
            raise ValueError("A layer has no weights of its own.")
        weights = np.moveaxis(weights, 0, -1)
        biases = np.zeros(weights.shape[-1], np.float32) if biases is None else biases
        padded = name == "CONV_2D" and options.Padding() == schema.Padding.SAME
        stages.append(Stage("convolution" if name == "CONV_2D" else "dense", "", weights, biases, padded=padded))
    elif name == "MAX_POOL_2D":
        stages.append(Stage("pooling", ""))
    elif name == "MUL" and constants[0] is not None:
        stages[-1] = stages[-1]._replace(scale=constants[0])
    elif name == "ADD" and constants[0] is not None:
        stages[-1] = stages[-1]._replace(shift=constants[0])
    activation = FUSED.get(options.FusedActivationFunction()) if options else operators.ACTIVATIONS.get(name)
    if activation:
        stages[-1] = stages[-1]._replace(activation=activation)


def _constant(model: Any, graph: Any, place: int) -> Array | None:
    """A constant of the file as float32 in its shape, without a copy; None for what is computed, or is no float."""
    if place < 0:
        return None
    tensor = graph.Tensors(place)
    data = model.Buffers(tensor.Buffer())
    if tensor.Type() != schema.TensorType.FLOAT32 or not data.DataLength():
        return None
    shape = tensor.ShapeAsNumpy() if tensor.ShapeLength() else ()
    return data.DataAsNumpy().view(np.float32).reshape(shape)


def _options(name: str, operator: Any) -> Any:
    if name not in OPTIONS:
        return None
    options, table = OPTIONS[name](), operator.BuiltinOptions()
    options.Init(table.Bytes, table.Pos)
    return options


def _named(stages: list[Stage]) -> list[Stage]:
    """The stages with their names: convolution 1, pooling 1, hidden 1 and so on, and outputs for the last."""
    counts: dict[str, int] = {}
    named = stages[:1]
    for stage in stages[1:-1]:
        word = "hidden" if stage.kind == "dense" else stage.kind
        counts[word] = counts.get(word, 0) + 1
        named.append(stage._replace(name=f"{word} {counts[word]}"))
    return [*named, stages[-1]._replace(name="outputs")]
