"""What a `model.keras` would have Keras build, held to the run's configuration before Keras reads it.

Keras builds anything that a file asks for: some of its classes run what the file holds, and a layer can be larger than
the machine's memory. So a file is let through only where its layers are those that the configuration builds,
one by one, and its weights have the sizes of these layers. What is free are seeds, and the numbers of the optimizer.
"""

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.arrays import MB, read_entry
from mnist_lab.errors import DAMAGE, ArchiveError, RunError, demand
from mnist_lab.networks.layers import Layer, Shape, layers
from mnist_lab.networks.shapes import FLOAT, SLOTS, count_parameters

OVERHEAD = 2 * MB  # bytes of a file that are no weights
LARGEST_NUMBER, MOST_VALUES = 1e9, 10
MOST_LINKS = 10_000  # in a file of weights, which could also lead in circles
NAME = re.compile(r"\w{1,60}", re.ASCII)
WORDS = {"accuracy", "float32", "sum_over_batch_size"}
OBJECT = {"module", "class_name", "config", "registered_name", "shared_object_id"}
LAYER = OBJECT - {"shared_object_id"} | {"name", "build_config", "inbound_nodes"}
NUMBERS = {"trainable", "rate", "seed", "scale", "offset", "momentum", "epsilon", "renorm_momentum"}  # of a layer
CLASSES_OF: dict[str, set[str]] = {
    "keras": {"DTypePolicy"},
    "keras.src.models.functional": {"Functional"},
    "keras.src.ops.numpy": {"Maximum", "Sqrt", "Square", "Sum", "TrueDivide"},
    "keras.layers": {
        *("Activation", "AveragePooling2D", "BatchNormalization", "Conv2D", "Cropping2D", "Dense", "Dropout"),
        *("Flatten", "Identity", "InputLayer", "MaxPooling2D", "Rescaling", "Reshape", "UpSampling2D"),
    },
    "keras.initializers": {"GlorotUniform", "HeNormal", "Ones", "RandomNormal", "Zeros"},
    "keras.regularizers": {"L2"},
    "keras.losses": {"CategoricalCrossentropy", "MeanSquaredError", "SparseCategoricalCrossentropy"},
    "keras.optimizers": {"SGD", "Adam", "AdamW", "RMSprop"},
    "keras.optimizers.schedules": {"CosineDecay", "PiecewiseConstantDecay", "PolynomialDecay"},
    "mnist_lab.training.keras_models": {"QuadraticCost"},
    "mnist_lab.networks.keras_models": {"QuadraticCost"},  # where it stood in older files
}
"""What the lab's own models are made of, by module."""

LAYERED = {"keras.src.models.functional", "keras.src.ops.numpy", "keras.layers"}  # what appears in no other object


def most_bytes(config: TrainConfig) -> int:
    """A `model.keras` of that configuration has no more bytes, with the optimizer's memory."""
    return FLOAT * count_parameters(config) * (1 + max(SLOTS.values())) + OVERHEAD


def check(content: bytes, config: TrainConfig) -> None:
    """Refuse a `model.keras` that is anything but what the configuration builds. Raises RunError."""
    check_layers(content, config)
    check_weights(weights_in(content, config), config)


def check_layers(content: bytes, config: TrainConfig) -> None:
    """Refuse a `model.keras` whose layers are not those that the configuration builds. Raises RunError."""
    try:
        model = json.loads(_unpacked(content, config, "metadata.json", "config.json")["config.json"])
        for module, name in _classes(model):
            if not isinstance(name, str) or name not in CLASSES_OF.get(module, ()):
                raise RunError(
                    f"The run's model.keras holds {module}.{name}, which this lab does not train and will not run."
                )
        reasons = [_unlike(model, list(layers(config, late))) for late in (False, True)]
    except (ArchiveError, *DAMAGE) as error:
        raise RunError(f"The run's model.keras is damaged ({error}).") from error
    if all(reasons):
        raise RunError(f"The run's model.keras is of another network than its configuration ({reasons[0]}).")


def weights_in(content: bytes, config: TrainConfig) -> bytes:
    """The file of weights in a `model.keras`. Raises RunError."""
    try:
        return _unpacked(content, config, "model.weights.h5")["model.weights.h5"]
    except (ArchiveError, *DAMAGE) as error:
        raise RunError(f"The run's model.keras is damaged ({error}).") from error


def check_weights(content: bytes, config: TrainConfig) -> None:
    """Refuse weights that are not of the sizes that the configuration builds, or lie elsewhere. Raises RunError."""
    import h5py

    expected = dict(_weights(list(layers(config))))
    left = most_bytes(config)
    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            for path, array in _arrays(file):
                left -= array.nbytes
                if path in expected:
                    demand(array.shape == expected.pop(path) and array.dtype == "float32", f"{path} is of another size")
                demand(left >= 0 and array.chunks is None and array.dtype.kind in "iuf", f"{path[:80]} is too large")
    except DAMAGE as error:
        raise RunError(f"The run's model.keras holds other weights than its network has ({error}).") from error
    if expected:
        raise RunError(f"The run's model.keras lacks {next(iter(expected))}.")


def _unpacked(content: bytes, config: TrainConfig, *names: str) -> dict[str, bytes]:
    """Some files of a `model.keras`, each of no more bytes than it needs. Raises ArchiveError, and others of DAMAGE."""
    limits = {"metadata.json": 10_000, "config.json": OVERHEAD, "model.weights.h5": most_bytes(config)}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        held = archive.namelist()
        for name in held:
            demand(name in limits, f"it holds {name[:80]!r}")
            demand(held.count(name) == 1, f"it holds {name} twice")
        return {name: read_entry(archive, archive.getinfo(name), limits[name]) for name in names if name in held}


def _classes(model: Any) -> Iterator[tuple[Any, Any]]:
    """The module and the name of every object that a model's configuration would make, but for its tensors."""
    waiting = [model]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            about = value.get("module"), value.get("class_name")
            if ("class_name" in value or "registered_name" in value) and about != (None, "__keras_tensor__"):
                yield str(about[0]), about[1]
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _unlike(model: Any, expected: list[Layer]) -> str | None:
    """What tells a model's configuration from those layers; None where nothing does."""
    try:
        own = model["config"]
        demand(set(model) <= OBJECT | {"build_config", "compile_config"}, "it has more than layers")
        demand(model["class_name"] == "Functional" == model["registered_name"], "it is of another kind")
        demand(model.get("build_config") in (None, {"input_shape": None}), "it is built for other images")
        demand(_is_plain(model.get("compile_config")), "it is compiled in another way")
        demand(len(own["layers"]) == len(expected), "it has more layers, or fewer")
        for layer, (kind, settings, _) in zip(own["layers"], expected, strict=True):
            demand(_is_same(layer, kind, settings), f"its {kind} {str(layer['name'])[:60]} is another")
        demand(_are_joined(own["layers"], [layer.shape for layer in expected]), "its layers are joined in another way")
        ends = [own["layers"][0]["name"], 0, 0], [own["layers"][-1]["name"], 0, 0]
        demand((own["input_layers"], own["output_layers"]) == ends, "it has other inputs or outputs")
        demand(set(own) <= {"name", "trainable", "layers", "input_layers", "output_layers"}, "it has more than layers")
    except DAMAGE as error:
        return str(error)
    return None


def _is_same(layer: Any, kind: str, settings: Mapping[str, Any]) -> bool:
    own = layer["config"]
    loose = {name: value for name, value in own.items() if name not in settings}
    return (
        layer["class_name"] == kind
        and layer["registered_name"] in (None, kind)
        and set(layer) <= LAYER
        and NAME.fullmatch(layer["name"]) is not None
        and own.get("name") == layer["name"]
        and all(type(own[name]) is type(value) and own[name] == value for name, value in settings.items())
        and all(_is_loose(name, value) for name, value in loose.items())
    )


def _is_loose(name: str, value: Any) -> bool:
    """Whether a setting of a layer may have that value, which changes nothing of what the layer makes or takes."""
    if name == "name" or (isinstance(value, dict) and "class_name" in value):
        return _is_plain(value, name)
    return value is None or value is False or (name in NUMBERS and isinstance(value, int | float) and _is_plain(value))


def _are_joined(own: list[Any], shapes: list[Shape]) -> bool:
    """Whether each layer takes what the one before it makes; a division takes the image, too."""
    made = [_tensor(layer["name"], shape) for layer, shape in zip(own, shapes, strict=True)]
    joined = own[0]["inbound_nodes"] == []
    for layer, tensor, shape in zip(own[1:], made, shapes, strict=False):
        (node,) = layer["inbound_nodes"]
        image = made[:1] if layer["class_name"] == "TrueDivide" else []
        given = [one for one in node["args"] if isinstance(one, dict)] == [*image, tensor]
        plain = all(isinstance(one, dict) or _is_plain(one) for one in node["args"])
        called = set(node) == {"args", "kwargs"} and not any(node["kwargs"].values())
        built = layer.get("build_config") in (None, {"input_shape": [None, *shape]})
        joined = joined and given and plain and called and built
    return joined


def _tensor(name: str, shape: Shape) -> dict[str, Any]:
    about = {"shape": [None, *shape], "dtype": "float32", "keras_history": [name, 0, 0]}
    return {"class_name": "__keras_tensor__", "config": about}


def _is_plain(value: Any, name: str = "") -> bool:
    """Whether a value is nothing but numbers, words of this lab, and objects that are so, too."""
    if isinstance(value, str):
        return value in WORDS or (name == "name" and NAME.fullmatch(value) is not None)
    if isinstance(value, int | float):
        return abs(value) <= LARGEST_NUMBER  # which nan is not
    if isinstance(value, list):
        return len(value) <= MOST_VALUES and all(map(_is_plain, value))
    if isinstance(value, dict) and "class_name" in value:
        registered = (None, value["class_name"], f"mnist_lab>{value['class_name']}")
        shares = value["class_name"] == "DTypePolicy"
        whole = set(value) <= (OBJECT if shares else OBJECT - {"shared_object_id"}) and value["module"] not in LAYERED
        return whole and value.get("registered_name") in registered and _is_plain(value["config"])
    return value is None or (isinstance(value, dict) and all(_is_plain(one, key) for key, one in value.items()))


def _weights(expected: list[Layer]) -> Iterator[tuple[str, Shape]]:
    """The place and the shape of every weight in the file of a model of these layers."""
    names = {"Conv2D": "conv2d", "Dense": "dense", "BatchNormalization": "batch_normalization"}
    counts = dict.fromkeys(names, 0)
    for before, (kind, settings, shape) in pairwise(expected):
        if kind not in names:
            continue
        place = f"layers/{names[kind]}{f'_{counts[kind]}' if counts[kind] else ''}/vars"
        counts[kind] += 1
        if kind == "BatchNormalization":
            yield from ((f"{place}/{number}", shape[-1:]) for number in range(4))
        else:
            yield f"{place}/0", (*settings.get("kernel_size", ()), before.shape[-1], shape[-1])
            yield f"{place}/1", shape[-1:]


def _arrays(file: Any) -> Iterator[tuple[str, Any]]:
    """All arrays of a file of weights, by their paths. Raises ValueError for one that lies elsewhere."""
    import h5py

    groups, count = [("", file)], 0
    while groups:
        path, group = groups.pop()
        for name in group:
            count += 1
            demand(count <= MOST_LINKS, "it has too many parts")
            demand(isinstance(group.get(name, getlink=True), h5py.HardLink), f"{path}{name[:80]} lies elsewhere")
            thing = group[name]
            if isinstance(thing, h5py.Group):
                groups.append((f"{path}{name}/", thing))
            else:
                demand(not (thing.external or thing.is_virtual), f"{path}{name[:80]} lies elsewhere")
                yield f"{path}{name}", thing
