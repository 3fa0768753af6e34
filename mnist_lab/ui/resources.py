"""What all visitors share: the store of runs, the training engine, the models in memory."""

import gc
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import load
from mnist_lab.engine.engine import Engine
from mnist_lab.engine.searcher import Searcher
from mnist_lab.exploring import glimpses
from mnist_lab.images.preprocessing import SIDE, prepare
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.inference.neighbours import Neighbours
from mnist_lab.inference.predictor import Predictor
from mnist_lab.inference.rejection import verdict
from mnist_lab.store.models import model_of
from mnist_lab.store.run import Listing, Run
from mnist_lab.store.runs import DEFAULT_MODEL, RunStore
from mnist_lab.store.studies import Studies
from mnist_lab.store.ticks import Tick
from mnist_lab.store.trash import Trash
from mnist_lab.store.validation import Epoch, validations

SECONDS_BETWEEN_LISTINGS = 0.3
SECONDS_BETWEEN_TICKS = 1.0
SECONDS_OF_A_TURN = 0.0005  # of Python's threads, so that a stroke needn't wait until a page that is opened is done
SECONDS_BEFORE_WORKERS = 4.0  # the first visitor's first page comes before the workers' start

_lock = threading.RLock()
_engine: Engine | None = None
_searcher: Searcher | None = None
_listing: tuple[float, Listing] = (float("-inf"), Listing([], {}))


@lru_cache(maxsize=1)
def store() -> RunStore:
    """The store of runs that this server shows and fills."""
    return RunStore.default()


def listing(fresh: bool = False) -> Listing:
    """The store's runs, read again at most a few times a second for all visitors together, unless asked for fresh."""
    global _listing
    with _lock:
        if fresh or time.monotonic() - _listing[0] > SECONDS_BETWEEN_LISTINGS:
            _listing = (time.monotonic(), store().listing())
        return _listing[1]


def ticks(run: Run) -> list[Tick]:
    """A run's ticks: of one that trains read once a second for all who look at its curves, then once it is over."""
    return _ticks(run.id, None if run.state.is_over else int(time.monotonic() / SECONDS_BETWEEN_TICKS))


@lru_cache(maxsize=64)
def _ticks(run_id: str, _second: int | None) -> list[Tick]:
    return store().metrics(run_id)


def glimpse(run: Run) -> glimpses.Weights | None:
    """Some weights of a run that trains, read once a second for all who look at it."""
    return _glimpse(run.id, run.config, int(time.monotonic() / SECONDS_BETWEEN_TICKS))


@lru_cache(maxsize=16)
def _glimpse(run_id: str, config: TrainConfig, _second: int) -> glimpses.Weights | None:
    return glimpses.read(store(), run_id, config)


@lru_cache(maxsize=1)
def trash() -> Trash:
    """The runs that were deleted from the store."""
    return Trash(store())


def validation(run: Run) -> list[Epoch]:
    """How a run did in validation; kept in memory once it is over."""
    return _validation_of(run.id) if run.state.is_over else _validation_of.__wrapped__(run.id)


@lru_cache(maxsize=5000)
def _validation_of(run_id: str) -> list[Epoch]:
    return validations(store().epochs(run_id))


@lru_cache(maxsize=1)
def studies() -> Studies:
    return Studies(store())


def engine() -> Engine:
    """The training engine, started on the first call together with the searcher; the call returns at once."""
    global _engine, _searcher
    with _lock:
        if _engine is None:
            _engine = Engine(store())
            _searcher = Searcher(_engine, studies())
        return _engine


def searcher() -> Searcher:
    engine()
    assert _searcher
    return _searcher


@lru_cache(maxsize=1)
def warm_up() -> None:
    """Have the first stroke answered as quickly as the others, and the first training begin at once.

    The workers start in a while only: they also continue runs that were left behind, without being asked.
    """
    sys.setswitchinterval(SECONDS_OF_A_TURN)
    threading.Thread(target=_read_once, name="warm-up", daemon=True).start()
    timer = threading.Timer(SECONDS_BEFORE_WORKERS, engine)
    timer.daemon = True
    timer.start()


def _read_once() -> None:
    seen = prepare(np.eye(SIDE, dtype=np.float32))
    if seen is not None:
        verdict(predictor(DEFAULT_MODEL).predict(seen), seen)
    threadpool_limits(1)  # OpenBLAS, loaded by now: its other threads wait busily, 50 ms for a product of 1 ms
    gc.collect()
    gc.freeze()  # what is loaded stays: to look for garbage among it keeps everybody waiting


@lru_cache(maxsize=64)
def predictor(run_id: str) -> Predictor:
    """A run's model, kept in memory. Raises RunError where it has none, or a damaged one."""
    return model_of(store(), run_id)


@lru_cache(maxsize=256)
def evaluation(run_id: str) -> Evaluation:
    """A run's answers on its test set, kept in memory: 0.4 MB for 10,000 images. Raises RunError where it has none."""
    return store().evaluation(run_id)


@lru_cache(maxsize=1)
def neighbours() -> Future[Neighbours]:
    """MNIST's training images, to be searched once they are in order. Its result raises DatasetError.

    Sorting them takes seconds on a busy machine; no drawing waits for it.
    """
    return ThreadPoolExecutor(1, "neighbours").submit(lambda: Neighbours(load("mnist")))


def models() -> dict[str, Run]:
    """The runs that can predict, by id: the lab's own default first."""
    usable = {run.id: run for run in listing().runs if run.summary}
    first = {DEFAULT_MODEL: usable.pop(DEFAULT_MODEL)} if DEFAULT_MODEL in usable else {}
    return first | usable
