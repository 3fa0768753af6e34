"""What a worker does: it makes itself ready, trains runs, and answers questions about them."""

import asyncio
import gc
import logging
import os
import threading
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from mnist_lab.errors import MnistLabError, RunError, Superseded, reason_of
from mnist_lab.inference.priority import step_back
from mnist_lab.inference.quiet import quiet
from mnist_lab.store.runs import RunStore

if TYPE_CHECKING:
    from mnist_lab.exploring.questions import Question

log = logging.getLogger(__name__)

_one_at_a_time = threading.Lock()


def prepare() -> None:
    """Lower the priority, import TensorFlow, try it out and read MNIST, before the first run."""
    step_back()
    from mnist_lab.datasets import pens
    from mnist_lab.datasets.mnist import load
    from mnist_lab.errors import DatasetError

    with _one_at_a_time:
        _rehearse()
        try:
            load("mnist")
            pens.shared_test()
        except DatasetError as error:
            log.warning("No data for this worker: %s", error)  # the first run that needs it says so
        gc.collect()
        gc.freeze()  # TensorFlow's million objects stay, and every later collection is quick


@lru_cache(maxsize=1)
def _rehearse() -> None:
    """Train a little on nothing: TensorFlow's first steps take a second longer than all later ones."""
    from mnist_lab.config.train_config import TrainConfig
    from mnist_lab.datasets.mnist import Dataset

    with quiet():
        from mnist_lab.training.contract import Contract
        from mnist_lab.training.loop import train

    images, labels = np.zeros((100, 28, 28), np.uint8), np.arange(100, dtype=np.uint8) % 10
    nothing = Dataset("digits", images, labels, images, labels)
    train(TrainConfig(dataset="digits", units=(8,), epochs=1), nothing, Contract(lambda tick: None))


async def answer(store_url: str, question: "Question") -> bytes:
    """What a worker does for a question about a run: on a thread of its own, next to the one that trains.

    Raises MnistLabError.
    """
    return await asyncio.to_thread(_answer, store_url, question)


def _answer(store_url: str, question: "Question") -> bytes:
    with quiet():
        from mnist_lab.gradients.answers import answer as found

    try:
        return found(store_url, question, is_training)
    except MnistLabError:
        raise
    except Exception as error:
        log.exception("No answer to %s", question.name)
        raise RunError(reason_of(error)) from error


def is_training() -> bool:
    """Whether this process, a worker, has a run in hand."""
    return _one_at_a_time.locked()


def run_job(store_url: str, run_id: str, claim: int) -> None:
    """What a worker does for one run. Does nothing where the run was taken in hand by another engine since."""
    from mnist_lab.engine.worker import execute

    step_back()
    with _one_at_a_time:  # also where a worker was started with several threads
        store = RunStore(store_url)
        if store.get(run_id).status.claims != claim:
            return
        try:
            execute(store, run_id, memory_limit=int(os.environ.get("MNIST_LAB_MEMORY") or 0))
        except Superseded as error:
            log.warning("%s", error)
