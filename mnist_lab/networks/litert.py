"""What a `model.tflite` would do, worked out from the file without running it, and held to the run's configuration.

A file that comes from elsewhere could do anything that LiteRT can: loop for ever, or ask for all memory, and only for
an image with ink. What this lab writes has no loops, takes few operators, and its layers follow from the configuration.
So each operator is gone through once, with the shapes that it makes. What is let through computes every layer once.
"""

from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from math import prod
from typing import Any, NamedTuple

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import DAMAGE, RunError, demand
from mnist_lab.images.preprocessing import LONGEST, SIDE
from mnist_lab.networks.operators import ACTIVATIONS, BATCH, LAYERS, MOST_RANK, OPTIONS, RULES, Value
from mnist_lab.networks.shapes import CLASSES, FLOAT, count_parameters, layer_shapes

MOST_OPERATORS, MOST_TENSORS = 150, 300  # the deepest networks have 74 and 139
FINE = (2 * LONGEST) ** 2  # pixels that the 8x8 scaling averages
OVERHEAD = 100_000  # bytes of a file that are no weights
METADATA = (b"min_runtime_version", b"CONVERSION_METADATA")
IMAGES = Value((BATCH, SIDE, SIDE))

OPERATORS = {number: name for name, number in vars(schema.BuiltinOperator).items() if isinstance(number, int)}
FUSED = {schema.ActivationFunctionType.NONE: None, schema.ActivationFunctionType.RELU: "relu"}


class Layer(NamedTuple):
    """A layer: Keras's name for its kind, the shape of what it makes of an image, and that of its weights."""

    kind: str
    shape: tuple[int, ...]
    weights: tuple[int, ...]


Step = Layer | str  # or the name of an activation


def most_bytes(config: TrainConfig) -> int:
    """A `model.tflite` of that configuration has no more bytes."""
    return FLOAT * count_parameters(config) + OVERHEAD


def check(content: bytes, config: TrainConfig) -> None:
    """Refuse a `model.tflite` that would do anything but what the configuration builds. Raises RunError."""
    if len(content) > most_bytes(config):
        raise RunError("The model file is larger than the network of the run's configuration.")
    most = max(FINE, *(prod(layer.output_shape) for layer in layer_shapes(config)))
    try:
        steps = _pooled_last(_steps(schema.Model.GetRootAs(content, 0), most))
    except DAMAGE as error:
        raise RunError(f"The model file is damaged, or of no network of this lab ({error}).") from error
    if steps != list(_expected(config)):
        raise RunError("The model file is of another network than the run's configuration.")


def _expected(config: TrainConfig) -> Iterator[Step]:
    """The layers of a configuration and their activations, each before a pooling."""
    dense = iter([*(layer.activation for layer in config.hidden_layers), "softmax"])
    for (_, before, *_), (kind, shape, *_) in pairwise(layer_shapes(config)):
        activation, weights = "linear", tuple[int, ...]()
        if kind == "Conv2D":
            activation, channels = config.convolution_activation, before[2:] or (1,)
            weights = (shape[2], config.kernel, config.kernel, *channels)
        elif kind == "Dense":
            activation, weights = next(dense), shape + before
        if kind in LAYERS.values():
            yield Layer(kind, (*shape, 1) if kind == "AveragePooling2D" else shape, weights)
        if activation != "linear":
            yield activation


def _pooled_last(steps: Iterable[Step]) -> list[Step]:
    """The same steps, each pooling after its activation: with batch normalization, earlier labs put it before."""
    found: list[Step] = []
    for step in steps:
        behind = isinstance(step, str) and found and isinstance(found[-1], Layer) and found[-1].kind == "MaxPooling2D"
        found.insert(len(found) - 1 if behind else len(found), step)
    return found


def _steps(model: Any, most: int) -> Iterator[Step]:
    """The layers of a file and their activations, in their order; no tensor has more than `most` numbers of an image.

    Raises ValueError, and others of DAMAGE, for what no network of this lab has.
    """
    graph = _only_graph(model)
    place = _only(graph.InputsAsNumpy())
    values = {place: IMAGES}
    _agree(_tensor(graph, place), IMAGES)
    for number in range(_few(graph.OperatorsLength(), MOST_OPERATORS)):
        name, options = _operator(model, graph.Operators(number))
        places = graph.Operators(number).InputsAsNumpy().tolist()
        given = [_value(model, graph, place, values) for place in (places[:-1] if places[-1] == -1 else places)]
        made, place = RULES[name](given, options), _only(graph.Operators(number).OutputsAsNumpy())
        demand(prod(made.shape[1:]) <= most, "a tensor is too large")
        demand(place not in values and not _data(model, _tensor(graph, place)), "a tensor is made twice")
        _agree(_tensor(graph, place), made)
        values[place] = made
        if name in LAYERS:
            yield Layer(LAYERS[name], made.shape[1:], given[1].shape if len(given) > 1 else ())
        yield from _activation(name, options)
    demand(
        place == _only(graph.OutputsAsNumpy()) and values[place].shape == (BATCH, CLASSES), "it gives no ten numbers"
    )


def _only_graph(model: Any) -> Any:
    """The one graph of a file that contains nothing else."""
    demand(model.SubgraphsLength() == 1, "it has more than one graph")
    demand(not (model.ExternalBuffersLength() or model.ExternalBufferGroupsLength()), "it needs other files")
    graph = model.Subgraphs(0)
    _few(graph.TensorsLength(), MOST_TENSORS)
    for number in range(_few(model.MetadataLength(), len(METADATA))):
        demand(model.Metadata(number).Name() in METADATA, "it has other metadata")
    for number in range(_few(model.SignatureDefsLength(), 1)):
        signature = model.SignatureDefs(number)
        demand(signature.InputsLength() == signature.OutputsLength() == 1, "it has other inputs")
        asked = signature.SubgraphIndex(), signature.Inputs(0).TensorIndex(), signature.Outputs(0).TensorIndex()
        demand(asked == (0, _only(graph.InputsAsNumpy()), _only(graph.OutputsAsNumpy())), "it has other inputs")
    return graph


def _operator(model: Any, operator: Any) -> tuple[str, Any]:
    """An operator's name, which is one of RULES, and its options where they matter."""
    demand(operator.OpcodeIndex() < model.OperatorCodesLength(), "an operator is missing")
    code = model.OperatorCodes(operator.OpcodeIndex())
    name = OPERATORS[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
    demand(name in RULES, f"it holds {name}")
    extras = operator.CustomOptionsLength(), operator.MutatingVariableInputsLength(), operator.IntermediatesLength()
    demand(not any((*extras, operator.BuiltinOptions2Type(), operator.LargeCustomOptionsSize())), f"{name} has more")
    if name not in OPTIONS:
        return name, None
    options, table = OPTIONS[name](), operator.BuiltinOptions()
    kind = getattr(schema.BuiltinOptions, OPTIONS[name].__name__)
    demand(table is not None and operator.BuiltinOptionsType() == kind, f"{name} has other options")
    options.Init(table.Bytes, table.Pos)
    return name, options


def _activation(name: str, options: Any) -> Iterator[str]:
    """The activation that an operator is, or that it ends in; nothing for most."""
    activation = ACTIVATIONS.get(name)
    if hasattr(options, "FusedActivationFunction"):
        activation = FUSED[options.FusedActivationFunction()]
    if activation:
        yield activation


def _value(model: Any, graph: Any, place: int, values: dict[int, Value]) -> Value:
    """What an operator is given: made before it, or a constant of the file."""
    if place in values:
        return values[place]
    tensor = _tensor(graph, place)
    data, shape = _data(model, tensor), _sizes(tensor.ShapeAsNumpy, tensor.ShapeLength())
    demand(data and min(shape, default=1) > 0 and data.DataLength() == FLOAT * prod(shape), "a tensor has no numbers")
    if tensor.Type() == schema.TensorType.FLOAT32:
        return Value(shape, None, True)
    demand(tensor.Type() == schema.TensorType.INT32 and len(shape) < 2, "a tensor is of another type")
    _few(prod(shape), MOST_RANK)
    return Value(shape, tuple(data.DataAsNumpy().view(np.int32).tolist()), True)


def _tensor(graph: Any, place: int) -> Any:
    """A tensor that is neither quantized nor sparse, and is kept nowhere else."""
    demand(0 <= place < graph.TensorsLength(), "a tensor is missing")
    tensor = graph.Tensors(place)
    quantized = tensor.Quantization()
    demand(not quantized or not (quantized.ScaleLength() or quantized.DetailsType()), "a tensor is quantized")
    unlike = tensor.IsVariable() or tensor.Sparsity() or tensor.VariantTensorsLength() or tensor.ExternalBuffer()
    demand(not unlike, "a tensor is of another kind")
    return tensor


def _data(model: Any, tensor: Any) -> Any:
    """What the file holds of a tensor; None for one that is computed."""
    demand(tensor.Buffer() < model.BuffersLength(), "a tensor is missing")
    data = model.Buffers(tensor.Buffer())
    demand(not (data.Offset() or data.Size()), "a tensor lies elsewhere")
    return data if data.DataLength() else None


def _agree(tensor: Any, made: Value) -> None:
    """Hold what the file says of a tensor to what is known of it: sizes that it leaves open are given as 1."""
    shape = _sizes(tensor.ShapeAsNumpy, tensor.ShapeLength())
    signed = _sizes(tensor.ShapeSignatureAsNumpy, tensor.ShapeSignatureLength()) or shape
    kind = schema.TensorType.FLOAT32 if made.numbers is None else schema.TensorType.INT32
    demand(tensor.Type() == kind and len(shape) == len(signed) == len(made.shape), "a tensor is of another kind")
    for size, sign, true in zip(shape, signed, made.shape, strict=True):
        demand(size == 1 if sign == -1 else size == sign == true, "a tensor is of another shape than it says")


def _sizes(read: Callable[[], Any], length: int) -> tuple[int, ...]:
    return tuple(read().tolist()) if _few(length, MOST_RANK) else ()


def _few(number: int, most: int) -> int:
    """The number. Raises ValueError where it is larger than it may be."""
    demand(number <= most, "it has too many parts")
    return number


def _only(places: Any) -> int:
    (place,) = places
    return int(place)
