"""The cluster: how many workers there are, what each may use, and how to reach them."""

import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from mnist_lab.engine.memory import check_room, memory_of_workers
from mnist_lab.engine.tasks import prepare
from mnist_lab.errors import ConfigError

if TYPE_CHECKING:
    from distributed import Client, Worker

MEMORY_OF_A_WORKER = 1_500_000_000  # bytes: TensorFlow, MNIST and a network of the usual size
MOST_WORKERS = 8
CONNECT_SECONDS = 10
UNMANAGED = {f"distributed.worker.memory.{what}": False for what in ("target", "spill", "pause", "terminate")}


class WorkerSettings(NamedTuple):
    """Worker processes on this machine, the threads of each, and the bytes of memory that each may use."""

    workers: int
    threads: int
    memory: int


def settings(environment: Mapping[str, str] = os.environ) -> WorkerSettings:
    """What `MNIST_LAB_WORKERS`, `MNIST_LAB_THREADS` and `MNIST_LAB_MEMORY` ask for, or what suits this machine.

    As many workers as cores, each with one thread, since small networks gain little from a second one; fewer where the
    memory would not do. Raises ConfigError.
    """
    cores = len(psutil.Process().cpu_affinity()) if hasattr(psutil.Process, "cpu_affinity") else os.cpu_count() or 1
    memory = memory_of_workers()
    room = max(1, memory // MEMORY_OF_A_WORKER)
    workers = _number(environment, "MNIST_LAB_WORKERS", min(cores, room, MOST_WORKERS))
    threads = _number(environment, "MNIST_LAB_THREADS", max(1, cores // workers))
    return WorkerSettings(workers, threads, _bytes(environment, memory // workers))


def memory() -> int | None:
    """The bytes that a worker on this machine may use; None where workers are started elsewhere."""
    return None if os.environ.get("MNIST_LAB_SCHEDULER") else settings().memory


def _number(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name, "").strip()
    if text and not (text.isdecimal() and 1 <= int(text) <= 256):
        raise ConfigError(f"{name} is set to {text!r}; it takes a whole number from 1 to 256, or nothing.")
    return int(text or default)


def _bytes(environment: Mapping[str, str], default: int) -> int:
    from dask.utils import parse_bytes

    text = environment.get("MNIST_LAB_MEMORY", "").strip()
    try:
        asked = parse_bytes(text) if text else default
    except ValueError:
        asked = 0
    if text and asked < 100_000_000:
        raise ConfigError(
            f"MNIST_LAB_MEMORY is set to {text!r}; it takes an amount from 100 MB, such as 2GB or 1500MiB."
        )
    return asked


def connect() -> "Client":
    """The scheduler at `MNIST_LAB_SCHEDULER`, or a cluster of worker processes on this machine.

    Raises ConfigError for an invalid setting or too little memory, OSError where no scheduler answers.
    """
    import dask
    from distributed import Client, LocalCluster

    scheduler = os.environ.get("MNIST_LAB_SCHEDULER")
    if scheduler:
        try:
            client = Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
        except ValueError as error:
            raise ConfigError(f"MNIST_LAB_SCHEDULER is set to {scheduler!r}; it takes tcp://host:8786.") from error
        client.register_plugin(prepare_plugin())
        return client
    asked = settings()
    check_room(asked.memory)
    with dask.config.set(UNMANAGED):
        cluster = LocalCluster(
            n_workers=asked.workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, memory_limit=0
        )
    client = Client(cluster, set_as_default=False)
    client.register_plugin(prepare_plugin(asked))
    return client


def prepare_plugin(asked: WorkerSettings | None = None) -> Any:
    """A Dask plugin that prepares workers before their first run.

    `asked` tells each worker what it may use. Without it a worker goes by the settings where it was started: the
    variables of that machine, or the `--memory-limit` of `dask worker`.
    """
    from distributed import WorkerPlugin

    class Prepare(WorkerPlugin):
        name = "mnist-lab-prepare"

        def setup(self, worker: "Worker") -> None:
            worker.memory_manager.memory_pause_fraction = False  # TensorFlow keeps what it had, so it would stay paused
            given = asked or _settings_there(worker)
            os.environ["MNIST_LAB_MEMORY"] = str(given.memory)
            for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
                os.environ.setdefault(name, str(given.threads))
            threading.Thread(target=prepare, name="prepare", daemon=True).start()  # whose threads stay stepped back

    return Prepare()


def _settings_there(worker: "Worker") -> WorkerSettings:
    given = {"MNIST_LAB_WORKERS": "1", **os.environ}
    if worker.memory_manager.memory_limit:
        given.setdefault("MNIST_LAB_MEMORY", str(worker.memory_manager.memory_limit))
    return settings(given)
