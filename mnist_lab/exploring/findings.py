"""What a worker finds out about a network, as values that travel and are kept as one file."""

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets.arrays import MB, pack, unpack
from mnist_lab.errors import RunError
from mnist_lab.images.preprocessing import SIDE, FloatImage

Array = NDArray[np.float32]


class Why(NamedTuple):
    """What the pixels of one image do for the score of one digit, each float32 (28, 28).

    A score is the sum below the softmax. `gradient` is gradient x input, `integrated` the integrated gradients, in
    units of the score; `camera` is Grad-CAM, from 0 on, and all 0 where the network has no convolutions. `scores` are
    that of the image and that of a black one.
    """

    digit: int
    scores: Array
    gradient: FloatImage
    integrated: FloatImage
    camera: FloatImage

    @property
    def missing(self) -> float:
        """What the integrated gradients leave unexplained, as a share of the difference between the two scores."""
        difference = float(self.scores[0] - self.scores[1])
        return abs(float(self.integrated.sum()) - difference) / max(abs(difference), 1e-6)


class Dreams(NamedTuple):
    """Images that excite units: float32 (n, 28, 28) in [0, 1], what each unit gives on black and on its image (n, 2),
    and the ten probabilities of each image (n, 10)."""

    images: Array
    excitement: Array
    probabilities: Array


class GradientNorms(NamedTuple):
    """How steep the loss is at several moments of a training, by the weights of each layer.

    `epochs` int (n,), `layers` their names, `norms` float32 (n, layers): the L2 norm of the gradient by a layer's
    weights and biases; `losses` float32 (n,), both on the same training images.
    """

    epochs: NDArray[np.int64]
    layers: tuple[str, ...]
    norms: Array
    losses: Array


class Sweep(NamedTuple):
    """A range test: the rates that were tried, one a batch, and the loss of the batch before its step."""

    rates: Array
    losses: Array


class Robustness(NamedTuple):
    """The answers to test images, uint8 (n,), and to the same after corruptions, (corruptions, strengths, n)."""

    clean: NDArray[np.uint8]
    answers: NDArray[np.uint8]


Finding = Why | Dreams | GradientNorms | Sweep | Robustness
FindingT = TypeVar("FindingT", Why, Dreams, GradientNorms, Sweep, Robustness)

Shape = tuple[str, tuple[str | int, ...]]
MOST_BYTES = 20 * MB  # of an array
PICTURE: Shape = ("f", (SIDE, SIDE))
SHAPES: dict[type[Finding], dict[str, Shape]] = {
    Why: {"digit": ("iu", ()), "scores": ("f", (2,)), "gradient": PICTURE, "integrated": PICTURE, "camera": PICTURE},
    Dreams: {"images": ("f", ("n", SIDE, SIDE)), "excitement": ("f", ("n", 2)), "probabilities": ("f", ("n", 10))},
    GradientNorms: {
        "epochs": ("iu", ("n",)),
        "layers": ("U", ("layers",)),
        "norms": ("f", ("n", "layers")),
        "losses": ("f", ("n",)),
    },
    Sweep: {"rates": ("f", ("n",)), "losses": ("f", ("n",))},
    Robustness: {"clean": ("u", ("n",)), "answers": ("u", ("corruptions", "strengths", "n"))},
}
"""The kinds of numbers, and the size along each axis, where equal words mean equal sizes."""


def to_bytes(finding: Finding) -> bytes:
    """The finding as the content of an `.npz`."""
    return pack(finding._asdict())


def from_bytes(kind: type[FindingT], content: bytes) -> FindingT:
    """The finding of that kind. Raises RunError where the content is damaged."""
    try:
        arrays = unpack(content, dict.fromkeys(kind._fields, MOST_BYTES))
        _check(arrays, SHAPES[kind])
    except ValueError as error:
        raise RunError(f"What was kept of a look into the network is damaged ({error}).") from error
    return kind(**{field: _plain(array) for field, array in arrays.items()})


def _check(arrays: Mapping[str, NDArray[Any]], shapes: Mapping[str, Shape]) -> None:
    """Raise ValueError where an array is of another kind or shape than its name says."""
    sizes: dict[str | int, int] = {}
    for name, (kinds, shape) in shapes.items():
        found = arrays[name]
        wanted = [
            size if isinstance(size, int) else sizes.setdefault(size, there)
            for size, there in zip(shape, found.shape, strict=False)
        ]
        if found.dtype.kind not in kinds or found.ndim != len(shape) or [*found.shape] != wanted or not found.size:
            raise ValueError(f"its {name} are none")


def _plain(array: NDArray[Any]) -> Any:
    """Numbers and names as Python has them; arrays as they are."""
    if array.dtype.kind == "U":
        return tuple(array.tolist())
    return array.item() if array.ndim == 0 else array
