"""Test images as points: near each other where a layer of a network makes much the same of them."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.networks.stages import Array, Stage, activations

IMAGES = 500  # at a time
DIMENSIONS = 30
MOST_NUMBERS = 1024  # of an image: larger maps are averaged to smaller ones first
ROUNDS, SPARE = 5, 10  # of the search for the principal components


class Space(NamedTuple):
    """Points by their principal components: float32 `places` (n, 30), and how to place another one.

    `mean` (d,) and `directions` (d, 30) are those of the features of `features`; `shares` (30,) are the parts of their
    whole variance that lie along each direction.
    """

    mean: Array
    directions: Array
    places: Array
    shares: Array

    def place(self, features: Array) -> Array:
        """The places, float32 (n, 30), of features (n, d)."""
        return np.matmul(features - self.mean, self.directions, dtype=np.float32)


def features(stages: Sequence[Stage], number: int, images: NDArray[np.uint8] | Array) -> Array:
    """What stage `number` makes of images (n, 28, 28), uint8 or float32 in [0, 1], one row an image; 0 is the pixels.

    Maps of more numbers than MOST_NUMBERS are averaged over squares.
    """
    full = np.float32(255 if images.dtype == np.uint8 else 1)
    parts = []
    for start in range(0, len(images), IMAGES):
        block = images[start : start + IMAGES].astype(np.float32) / full
        found = activations(stages[: number + 1], block)[-1] if number else block
        parts.append(_smaller(found).reshape(len(block), -1))
    return np.concatenate(parts)


def _smaller(maps: Array) -> Array:
    if maps.ndim < 4:
        return maps
    n, height, width, channels = maps.shape
    step = 1
    while (height // step) * (width // step) * channels > MOST_NUMBERS and step < height:
        step += 1
    rows, columns = height // step, width // step
    cut = maps[:, : rows * step, : columns * step]
    return cut.reshape(n, rows, step, columns, step, channels).mean(axis=(2, 4))


def span(points: Array) -> Space:
    """The space of the principal components of features (n, d), found by subspace iteration.

    Halko, Martinsson and Tropp 2011, "Finding structure with randomness", algorithm 4.4.
    """
    mean = points.mean(axis=0)
    centred = points - mean
    wanted = min(DIMENSIONS, points.shape[1])
    basis = np.random.default_rng(0).standard_normal(
        (points.shape[1], min(wanted + SPARE, points.shape[1])), np.float32
    )
    for _ in range(ROUNDS):
        basis, _ = np.linalg.qr(centred.T @ (centred @ basis))
    _, _, turns = np.linalg.svd(centred @ basis, full_matrices=False)
    directions = basis @ turns.T[:, :wanted]
    places = centred @ directions
    return Space(mean, directions, places, places.var(axis=0) / max(float(centred.var(axis=0).sum()), 1e-12))


def nearest(places: Array, place: Array, count: int = 8) -> NDArray[np.intp]:
    """Which of the places (n, d) are nearest to one, (d,), the nearest first."""
    distances = ((places - place) ** 2).sum(axis=1)
    found = np.argpartition(distances, count)[:count]
    return found[np.argsort(distances[found])]


def among(places: Array, flat: Array, place: Array, count: int = 5) -> Array:
    """Where a new point lies in a `flat` map (n, 2) that cannot place it: in the middle of its nearest neighbours.

    `places` (n, d) and `place` (d,) are those of the space that the map was made from; a nearer neighbour counts more.
    """
    near = nearest(places, place, count)
    weights = 1 / (1e-6 + np.sqrt(((places[near] - place) ** 2).sum(axis=1)))
    return (flat[near] * (weights / weights.sum())[:, np.newaxis]).sum(axis=0)
