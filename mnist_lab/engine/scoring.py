"""What a trained model is asked once, at the end of its run, so that no page has to: pen digits, and how fast it is."""

import logging
import time
from collections.abc import Iterable
from statistics import median

import numpy as np

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets import pens
from mnist_lab.errors import MnistLabError
from mnist_lab.images.preprocessing import SIDE
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.own_drawings import OwnSet
from mnist_lab.store.own_scores import OwnScores

log = logging.getLogger(__name__)

TIMED = 50  # predictions, of one image each
WARM_UP = 5


def prediction_seconds(model: bytes) -> float:
    """The median time of one prediction of one image on one core, in seconds; what is in the image does not matter."""
    predictor, times = Predictor(model), []
    for image in np.random.default_rng(0).random((WARM_UP + TIMED, 1, SIDE, SIDE), dtype=np.float32):
        begun = time.perf_counter()
        predictor.probabilities(image)
        times.append(time.perf_counter() - begun)
    return median(times[WARM_UP:])


def pen_accuracy(predictor: Predictor, trained: Iterable[TrainConfig]) -> float | None:
    """The accuracy, in [0, 1], on the pen digits of the test's writers.

    None for a model that has learnt from these writers. `trained` are all configurations that the model was trained
    with, one after the other. Raises DatasetError.
    """
    if any(_has_seen_the_writers(config) for config in trained):
        return None
    test = pens.shared_test()
    return float((predictor.probabilities(test.images).argmax(axis=1) == test.labels).mean())


def answer_own(run_id: str, predictor: Predictor, owner: str | None) -> None:
    """Read the drawings of the run's owner; where they cannot be read here, the Draw page does it."""
    if owner is None:
        return
    try:
        own = OwnSet.default(owner)
        OwnScores(own).answer(run_id, predictor, own.listing().drawings)
    except (MnistLabError, OSError) as error:
        log.warning("The own drawings of %s cannot be scored: %s", owner, error)


def _has_seen_the_writers(config: TrainConfig) -> bool:
    if not config.pens:
        return False
    apart = pens.held_out_writers(pens.load(), config.held_out_writers, config.seed)
    return not apart.issuperset(pens.TEST_WRITERS)
