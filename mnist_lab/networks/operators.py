"""What the operators that this lab writes into a `model.tflite` make of the shapes they are given.

Each rule takes what goes in and the operator's options, and raises ValueError for what no network of this lab does.
"""

from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from mnist_lab.errors import demand
from mnist_lab.images.preprocessing import LONGEST
from mnist_lab.networks.shapes import EIGHT, POOL

BATCH = 1_000_003  # represents the number of images: a prime, so large that no other size is mistaken for it
MOST_RANK = 5


class Value(NamedTuple):
    """A tensor: its shape, the images first where it is computed of them. float32, or `numbers` that tell a shape."""

    shape: tuple[int, ...]
    numbers: tuple[int, ...] | None = None
    is_constant: bool = False


Given = Sequence[Value]
Rule = Callable[[Given, Any], Value]


def _convolution(given: Given, options: Any) -> Value:
    x, constants = _of_images(given, 4)
    filters, height, width, channels = _weights(constants)
    demand(channels == x[3], "the weights of a convolution do not fit")
    steps = options.StrideH(), options.StrideW(), options.DilationHFactor(), options.DilationWFactor()
    demand(steps == (1, 1, 1, 1), "a convolution skips pixels")
    lost = (0, 0) if options.Padding() == schema.Padding.SAME else (height - 1, width - 1)
    return _of_size(x[1] - lost[0], x[2] - lost[1], filters)


def _dense(given: Given, options: Any) -> Value:
    x, constants = _of_images(given, 2)
    units, inputs = _weights(constants)
    demand(inputs == x[1], "the weights of a layer do not fit")
    demand(not (options.WeightsFormat() or options.KeepNumDims()), "a layer is of another kind")
    return _of_size(units)


def _weights(constants: Given) -> tuple[int, ...]:
    """The shape of a layer's weights, the units first; its biases, where it has any, are one a unit."""
    weights, *biases = constants
    demand(weights.numbers is None and biases in ([], [Value(weights.shape[:1], None, True)]), "weights do not fit")
    return weights.shape


def _pooling(side: int) -> Rule:
    def pooled(given: Given, options: Any) -> Value:
        x, constants = _of_images(given, 4)
        sides = options.FilterHeight(), options.FilterWidth(), options.StrideH(), options.StrideW()
        demand(sides == (side,) * 4 and options.Padding() == schema.Padding.VALID, "it pools in another way")
        demand(not constants, "it pools in another way")
        return _of_size(x[1] // side, x[2] // side, x[3])

    return pooled


def _each(given: Given, options: Any) -> Value:
    (value,) = given
    return Value(_computed(value))


def _both(given: Given, options: Any) -> Value:
    """One number for each element of the larger input and the element of the smaller that meets it."""
    small, large = sorted(given, key=lambda value: prod(value.shape))
    demand(small.numbers is None, "a number is no number")
    demand(np.broadcast_shapes(large.shape, small.shape) == _computed(large), "two inputs do not fit")
    return Value(large.shape)


def _sum(given: Given, options: Any) -> Value:
    x, (axes,) = _of_images(given, 3)
    demand(axes.numbers == (1,) and options.KeepDims(), "it sums in another way")
    return _of_size(1, x[2])


def _shape(given: Given, options: Any) -> Value:
    (value,) = given
    demand(options.OutType() == schema.TensorType.INT32, "a shape is of another type")
    return _row(value.shape)


def _slice(given: Given, options: Any) -> Value:
    value, *constants = given
    begin, end, strides = map(_constant, constants)
    demand(not (options.EllipsisMask() or options.NewAxisMask() or options.Offset()), "it slices in another way")
    demand(len(begin) == len(end) == len(value.shape) and {*strides} == {1}, "it slices in another way")
    parts = [
        range(size)[
            slice(None if _bit(options.BeginMask(), axis) else first, None if _bit(options.EndMask(), axis) else stop)
        ]
        for axis, (size, first, stop) in enumerate(zip(value.shape, begin, end, strict=True))
    ]
    if value.numbers is None:
        demand(not options.ShrinkAxisMask() and len(parts[0]) == BATCH, "it slices in another way")
        return _of_size(*map(len, parts[1:]))
    found = _row([value.numbers[place] for place in parts[0]])
    demand(not options.ShrinkAxisMask() or found.shape == (1,), "it slices in another way")
    return found._replace(shape=()) if options.ShrinkAxisMask() else found


def _bit(mask: int, axis: int) -> int:
    return mask >> axis & 1


def _joined(given: Given, options: Any) -> Value:
    demand(options.Axis() == 0, "it joins in another way")
    return _row([number for value in given for number in _whole(value)])


def _reshaped(given: Given, options: Any) -> Value:
    value, shape = given
    demand(len(shape.shape) == 1, "a shape does not fit")
    known = prod(size for size in _whole(shape) if size != -1)
    sizes = [prod(_computed(value)) // known if size == -1 else size for size in _whole(shape)]
    demand(sizes[0] == BATCH and prod(sizes) == prod(value.shape), "a shape does not fit")
    return _of_size(*sizes[1:])


def _expanded(given: Given, options: Any) -> Value:
    value, place = given
    shape, (axis,) = _computed(value), _constant(place)
    demand(0 < axis <= len(shape), "a shape does not fit")
    return _of_size(*shape[1:axis], 1, *shape[axis:])


def _tiled(given: Given, options: Any) -> Value:
    value, times = given
    demand(_constant(times)[0] == 1, "it repeats images")
    sizes = zip(_computed(value), _constant(times), strict=True)
    return _of_size(*[size * many for size, many in sizes][1:])


def _computed(value: Value) -> tuple[int, ...]:
    demand(not value.is_constant and value.numbers is None, "an operator gets another input")
    return value.shape


def _of_images(given: Given, rank: int) -> tuple[tuple[int, ...], Given]:
    """The shape of what is computed of the images, of so many dimensions, and the constants it is computed with."""
    shape = _computed(given[0])
    demand(len(shape) == rank and all(value.is_constant for value in given[1:]), "an operator gets another input")
    return shape, given[1:]


def _of_size(*sizes: int) -> Value:
    """What is computed of each image and has that shape."""
    demand(len(sizes) < MOST_RANK and min(sizes) > 0, "a shape does not fit")
    return Value((BATCH, *sizes))


def _row(numbers: Sequence[int]) -> Value:
    demand(len(numbers) <= MOST_RANK, "a shape does not fit")
    return Value((len(numbers),), tuple(numbers))


def _whole(value: Value) -> tuple[int, ...]:
    if value.numbers is None:
        raise ValueError("a shape is of another type")
    return value.numbers


def _constant(value: Value) -> tuple[int, ...]:
    demand(value.is_constant, "a constant is computed")
    return _whole(value)


ACTIVATIONS = {"RELU": "relu", "LOGISTIC": "sigmoid", "TANH": "tanh", "GELU": "gelu", "SOFTMAX": "softmax"}
LAYERS = {
    "CONV_2D": "Conv2D",
    "FULLY_CONNECTED": "Dense",
    "MAX_POOL_2D": "MaxPooling2D",
    "AVERAGE_POOL_2D": "AveragePooling2D",
}
RULES: dict[str, Rule] = {
    "CONV_2D": _convolution,
    "FULLY_CONNECTED": _dense,
    "MAX_POOL_2D": _pooling(POOL),
    "AVERAGE_POOL_2D": _pooling(2 * LONGEST // EIGHT),
    **dict.fromkeys((*ACTIVATIONS, "SQUARE", "SQRT"), _each),
    **dict.fromkeys(("MUL", "ADD", "DIV", "MAXIMUM"), _both),
    "SUM": _sum,
    "SHAPE": _shape,
    "STRIDED_SLICE": _slice,
    **dict.fromkeys(("PACK", "CONCATENATION"), _joined),
    "RESHAPE": _reshaped,
    "EXPAND_DIMS": _expanded,
    "TILE": _tiled,
}
OPTIONS: dict[str, Any] = {
    "CONV_2D": schema.Conv2DOptions,
    "FULLY_CONNECTED": schema.FullyConnectedOptions,
    "MAX_POOL_2D": schema.Pool2DOptions,
    "AVERAGE_POOL_2D": schema.Pool2DOptions,
    "MUL": schema.MulOptions,
    "ADD": schema.AddOptions,
    "DIV": schema.DivOptions,
    "SUM": schema.ReducerOptions,
    "SHAPE": schema.ShapeOptions,
    "STRIDED_SLICE": schema.StridedSliceOptions,
    "PACK": schema.PackOptions,
    "CONCATENATION": schema.ConcatenationOptions,
}
"""Of the operators that have any which matter."""
