"""Some of a network's weights, few enough to be drawn again each second while it trains."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.arrays import pack, unpack
from mnist_lab.errors import RunError
from mnist_lab.networks.shapes import CLASSES, count_parameters, layer_shapes
from mnist_lab.store.run import CHECKPOINTS
from mnist_lab.store.runs import RunStore
from mnist_lab.store.snapshots import ARRAYS

FILE = f"{CHECKPOINTS}/seen.npz"  # of a run: gone with its checkpoint when it is over
MOST_PARAMETERS = 2_000_000  # to copy more each second would slow the training down
NODES = 9  # of a layer that are drawn; where it has more, the middle one is a gap
BANDS = 5  # of an image or a map, from top to bottom, that are drawn as one node each
STEPS = 127  # of a weight on either side of 0
MOST_BYTES = 20_000  # of an array

Weights = dict[str, NDArray[np.int8]]
"""What is drawn, in -127..127, shares of the largest weight of an array:

- `tiles`: (units, side, side), what the first layer weighs of an image, for a convolution of its kernel's part;
- `lines_0` and on, one for each dense layer: (nodes, units), from unit to unit, or means over BANDS of rows.
"""


def is_shown(config: TrainConfig) -> bool:
    """Whether a training of such a network shows its weights."""
    return count_parameters(config) <= MOST_PARAMETERS


def shown(count: int) -> list[int]:
    """The units, or filters, of a layer that are drawn: all of few, or else the first and the last. Of outputs all."""
    half = NODES // 2
    return [*range(count)] if count <= NODES else [*range(half), *range(count - half, count)]


def glimpse(config: TrainConfig, weights: Sequence[NDArray[Any]]) -> Weights:
    """What is drawn of a network's weights, which are in Keras's order."""
    layers, arrays = layer_shapes(config), iter(weights)
    owned = [(layer.kind, [next(arrays) for _ in range(ARRAYS.get(layer.kind, 0))]) for layer in layers]
    convolutions = [own[0] for kind, own in owned if kind == "Conv2D"]
    dense = [own[0] for kind, own in owned if kind == "Dense"]
    flat = [layer.kind for layer in layers].index("Flatten")
    drawn = [*(shown(kernel.shape[1]) for kernel in dense[:-1]), [*range(CLASSES)]]
    maps = dense[0].reshape(*layers[flat - 1].output_shape, -1)[..., drawn[0]]
    rows = [(len(maps) * band // BANDS, -(-len(maps) * (band + 1) // BANDS)) for band in range(BANDS)]
    tiles = convolutions[0][:, :, 0, shown(convolutions[0].shape[-1])] if convolutions else maps
    means = [maps[first:stop].mean(axis=(*range(maps.ndim - 1),)) for first, stop in rows]
    found = {"tiles": np.moveaxis(tiles, -1, 0), "lines_0": np.array(means)}
    for place, kernel in enumerate(dense[1:], start=1):
        found[f"lines_{place}"] = kernel[np.ix_(drawn[place - 1], drawn[place])]
    return {name: _rounded(array) for name, array in found.items()}


def to_bytes(weights: Weights) -> bytes:
    """The content of FILE."""
    return pack(weights, compressed=False)


def read(store: RunStore, run_id: str, config: TrainConfig) -> Weights | None:
    """What a run that trains such a network shows; None where it shows nothing, or nothing yet, or is gone."""
    names = ["tiles", *(f"lines_{place}" for place in range(len(config.units) + 1))]
    try:
        arrays = unpack(store.read(run_id, FILE), dict.fromkeys(names, MOST_BYTES))
    except (RunError, ValueError):
        return None
    return arrays if all(array.dtype == np.int8 for array in arrays.values()) else None


def _rounded(array: NDArray[Any]) -> NDArray[np.int8]:
    largest = float(np.abs(array).max()) or 1.0
    return np.round(np.nan_to_num(array / largest) * STEPS).astype(np.int8)
