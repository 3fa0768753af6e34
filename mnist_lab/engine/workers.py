"""The workers of a cluster, as an engine sees them: how many are free, where to send runs, and which one to ask."""

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from mnist_lab.engine import tasks
from mnist_lab.errors import ClusterLost, ConfigError, reason_of

if TYPE_CHECKING:
    from distributed import Client, Future

    from mnist_lab.exploring.questions import Question

RESTART_SECONDS = 10
ASK_SECONDS = 90.0  # for an answer: a worker that has just started imports TensorFlow first
GONE_SECONDS = 30.0  # without a worker on this machine: a new cluster is started
After = Callable[[str, str | None], None]


class Workers:
    """Talks with a Dask cluster. For one thread. Raises ClusterLost where the scheduler does not answer."""

    def __init__(self, connect: "Callable[[], Client]") -> None:
        self._connect = connect
        self._client: Client | None = None
        self._futures: dict[str, Future] = {}
        self._seen = time.monotonic()
        self.count = 0  # of the workers, when they were last asked for

    @property
    def are_reached(self) -> bool:
        """Whether there is a connection."""
        return self._client is not None

    def connect(self) -> "Client":
        """The connection, made where there is none. Raises ConfigError, too."""
        if self._client is None:
            with _lost():
                self._client = self._connect()
        return self._client

    def free(self) -> int:
        """How many workers are idle, no matter which engine they work for."""
        client = self.connect()
        with _lost():
            busy = {key for keys in client.processing().values() for key in keys}
            busy |= {future.key for future in self._futures.values() if future.status == "pending"}
            there = client.nthreads()
        self.count = len(there)
        if there:
            self._seen = time.monotonic()
        elif client.cluster and time.monotonic() - self._seen > GONE_SECONDS:
            raise ClusterLost("all workers are gone")
        return self.count - len(busy)

    def send(self, store_url: str, run_id: str, claim: int, after: After) -> None:
        """Have a worker train a run. `after` gets its id, and what went wrong, from another thread."""
        client = self.connect()
        with _lost():
            future = client.submit(tasks.run_job, store_url, run_id, claim, key=f"{run_id}-{claim}", pure=False)
        self._futures[run_id] = future
        future.add_done_callback(lambda done: after(run_id, _reason(done)))

    def has(self, run_id: str) -> bool:
        """Whether the run is with a worker, or is sent to another one should that die."""
        future = self._futures.get(run_id)
        return future is not None and future.status == "pending"

    def forget(self, run_id: str) -> None:
        """Be done with a run."""
        self._futures.pop(run_id, None)

    def restart(self, run_id: str) -> bool:
        """Restart the worker that holds a run, without the run; False where no worker holds it."""
        client, future = self.connect(), self._futures[run_id]
        with _lost():
            holders = [worker for worker, keys in client.processing().items() if future.key in keys]
            if not holders:
                return False
            self.forget(run_id)
            future.cancel(force=True)
            client.restart_workers(holders, timeout=RESTART_SECONDS, raise_for_error=False)
            return True

    def close(self) -> None:
        """Leave the cluster, and end it if it is of this process."""
        client, self._client = self._client, None
        self._futures.clear()
        if client:
            own = client.cluster
            client.close()
            if own:
                own.close()


def ask(client: "Client", store_url: str, question: "Question") -> bytes:
    """Have a worker answer a question, next to what it trains: a free one, or the same one for all about a run.

    Dask's tasks would wait for the training to end; what `run` calls does not. From any thread. Raises ClusterLost, and
    the MnistLabError that the worker raised.
    """
    with _lost():
        busy = client.processing()
        if not busy:
            raise ClusterLost("there is no worker")
        worker = min(busy, key=lambda address: (len(busy[address]), zlib.crc32(f"{address} {question.run}".encode())))
        answers = client.run(tasks.answer, store_url, question, workers=[worker], callback_timeout=ASK_SECONDS)
    content: bytes = answers[worker]
    return content


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except ConfigError:
        raise
    except (OSError, ValueError, RuntimeError) as error:  # all of these come from Dask without its scheduler
        raise ClusterLost(str(error) or type(error).__name__) from error


def _reason(future: "Future") -> str | None:
    from distributed import KilledWorker

    if future.status != "error":
        return None
    error = future.exception()
    if isinstance(error, KilledWorker):
        return "The worker was lost again and again, perhaps for want of memory. Try smaller layers or a smaller batch."
    return reason_of(error)
