"""What several tests share: the data, stores, one trained run."""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if "PYTEST_XDIST_WORKER" in os.environ:  # several processes share the cores, and libraries' threads wait busily
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(variable, "1")

import numpy as np
import pytest
from PIL import Image

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import Dataset, load_digits, load_mnist
from mnist_lab.engine.engine import Engine
from mnist_lab.errors import ClusterLost
from mnist_lab.store.run import Run
from mnist_lab.store.runs import RunStore

if TYPE_CHECKING:
    from distributed import Client

signal.signal(signal.SIGINT, signal.default_int_handler)  # what is begun in the background ignores it, children and all

ROOT = Path(__file__).parents[1]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1,localhost"


def slow_but(values: Iterable[Any], *quick: Any) -> list[Any]:
    """Parameters of which all but some are tested by .ci/run only."""
    several = [value if isinstance(value, tuple) else (value,) for value in values]
    chosen = [value if isinstance(value, tuple) else (value,) for value in quick]
    return [pytest.param(*value, marks=() if value in chosen else pytest.mark.slow) for value in several]


SMALL = TrainConfig(dataset="digits", train_images=600, units=(32,), epochs=2, validation_share=0.0)


def wait_until(condition: Callable[[], object], seconds: float = 120.0) -> None:
    """Return once the condition holds; fail where that takes longer than so many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.05)


def ended(store: RunStore, run: Run, seconds: float = 120.0) -> Run:
    """The run, once it is over."""
    wait_until(lambda: store.get(run.id).state.is_over, seconds)
    return store.get(run.id)


def under_way(store: RunStore, run: Run, epochs: int = 0) -> None:
    """Wait until the run has trained so many whole epochs, and some of the next."""
    wait_until(lambda: any(tick.position > epochs for tick in store.metrics(run.id)))


def epochs_of(store: RunStore, run: Run) -> list[int]:
    """The epochs that ended, in the order of their ends."""
    return [tick.epoch for tick in store.metrics(run.id) if tick.ends_epoch]


@pytest.fixture(autouse=True)
def quick_collections() -> Iterator[None]:
    """Leave TensorFlow's million objects out of every later collection, as the workers do: half of a short training."""
    yield
    if "tensorflow" in sys.modules and not gc.get_freeze_count():
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    return load_mnist()


@pytest.fixture(scope="session")
def digits() -> Dataset:
    return load_digits()


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    return RunStore(tmp_path / "runs", bundled=None)


@pytest.fixture(scope="session")
def trained_store(tmp_path_factory: pytest.TempPathFactory) -> RunStore:
    """A store with one finished run, trained as the workers do it."""
    from mnist_lab.engine.worker import execute

    store = RunStore(tmp_path_factory.mktemp("trained") / "runs", bundled=None)
    execute(store, store.create(SMALL, "small").id)
    return store


@pytest.fixture(scope="session")
def scheduler() -> Iterator[str]:
    """The address of a cluster of one worker on this machine, which has to import TensorFlow only once."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster.scheduler_address


@pytest.fixture(scope="session")
def connect(scheduler: str) -> "Callable[[], Client]":
    """Connects an engine with that cluster."""
    from distributed import Client

    return lambda: Client(scheduler, set_as_default=False)


@pytest.fixture
def png(tmp_path: Path) -> Callable[..., str]:
    """Write an array or an image as PNG; the file's path."""

    def write(name: str, image: Image.Image | np.ndarray) -> str:
        path = tmp_path / name
        (image if isinstance(image, Image.Image) else Image.fromarray(image)).save(path)
        return str(path)

    return write


@pytest.fixture
def engine_without_workers() -> Iterator[Callable[[RunStore], Engine]]:
    """Makes engines that queue, and have nobody to train."""
    made: list[Engine] = []

    def nobody() -> "Client":
        raise ClusterLost("there is none")

    def make(store: RunStore) -> Engine:
        made.append(Engine(store, connect=nobody))
        return made[-1]

    yield make
    for engine in made:
        engine.close()
