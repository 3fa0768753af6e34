"""What the Explore page keeps in memory of a network's past."""

from functools import lru_cache

import numpy as np

from mnist_lab.config.settings import DatasetName
from mnist_lab.datasets.mnist import load
from mnist_lab.exploring.history import images_scored, scored, stages_then, told
from mnist_lab.images.preprocessing import SIDE
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.networks.stages import Array, Stage, tried
from mnist_lab.store import snapshots
from mnist_lab.ui import resources
from mnist_lab.ui.explore import data


def epochs_kept(run_id: str) -> list[int]:
    """The epochs of a run whose weights were kept; none of most runs."""
    return _epochs(run_id) if resources.store().get(run_id).config.snapshots else []


@lru_cache(maxsize=32)
def _epochs(run_id: str) -> list[int]:
    return snapshots.epochs_of(resources.store(), run_id)


@lru_cache(maxsize=64)
def network_then(run_id: str, epoch: int) -> list[Stage]:
    """The stages of a run's network as it was after an epoch. Raises RunError."""
    weights = snapshots.read(resources.store(), run_id, epoch)
    return tried(stages_then(resources.store().get(run_id).config, weights, data.network(run_id)[0]))


@lru_cache(maxsize=32)
def told_then(run_id: str, image: bytes) -> Array:
    """What a run's network said after each epoch to an image, float32 (28, 28) as bytes: float32 (epochs, 10)."""
    then = [network_then(run_id, epoch) for epoch in epochs_kept(run_id)]
    return told(then, np.frombuffer(image, np.float32).reshape(SIDE, SIDE))


def scored_then(run_id: str, epoch: int) -> Evaluation:
    """The answers of a run's network, as it was after an epoch, to the first test images."""
    return _scored(run_id, epoch, data.dataset().name)


@lru_cache(maxsize=128)
def _scored(run_id: str, epoch: int, name: DatasetName) -> Evaluation:
    images = load(name)
    count = images_scored(resources.store().get(run_id).config, len(images.y_test))
    return scored(network_then(run_id, epoch), images.x_test[:count], images.y_test[:count])
