"""The queue of trainings on a Dask cluster: submit, stop, and pick up what a dead process left behind."""

import logging
import os
import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from mnist_lab.config import TrainConfig
from mnist_lab.errors import MnistLabError
from mnist_lab.runs import Run, RunState, RunStore

if TYPE_CHECKING:
    from distributed import Client, Future, Worker

log = logging.getLogger(__name__)

STALE_SECONDS = 15.0
WATCH_SECONDS = 3.0


class Engine:
    """Sends runs to the workers of a cluster, in order.

    All talk with the cluster happens on one thread of the engine's own, which first connects: nobody waits for a
    cluster to start, and what is submitted before it is there keeps its order.

    An engine signs its runs and beats while it lives. When it dies, its queued runs, and those whose worker went with
    it, are taken over by any other engine on the same store, and go on from their last whole epoch.
    """

    def __init__(self, store: RunStore, connect: "Callable[[], Client] | None" = None) -> None:
        self.store = store
        self.id = uuid.uuid4().hex[:12]
        self.problem: str | None = None
        self._connect = connect or connect_to_cluster
        self._client: Client | None = None
        self._futures: dict[str, Future] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine")
        self._closed = threading.Event()
        self._thread.submit(self._start)
        self._watcher = threading.Thread(target=self._watch, name="engine-watch", daemon=True)
        self._watcher.start()

    def submit(self, config: TrainConfig, name: str, recipe: str | None = None, **about: str | None) -> Run:
        """Queue a training and return at once; `about` as for RunStore.create.

        Raises StoreError where the folder of runs cannot be written.
        """
        run = self.store.create(config, name, recipe, engine=self.id, **about)
        self._thread.submit(self._enqueue, run.id)
        return run

    def stop(self, run_id: str) -> None:
        """Ask a run to stop; one that is still waiting is stopped at once."""
        self.store.request_stop(run_id)
        self._thread.submit(self._drop_if_waiting, run_id)

    def close(self) -> None:
        """Leave the cluster; runs under way on a local cluster are taken up by the next engine on this store."""
        self._closed.set()
        self._watcher.join()
        self._thread.shutdown(wait=True, cancel_futures=True)
        if self._client:
            cluster = self._client.cluster
            self._client.close()
            if cluster:
                cluster.close()
        self.store.folder.delete(self._beat_file(self.id))

    def _start(self) -> None:
        try:
            self._client = self._connect()
        except (OSError, ValueError, RuntimeError) as error:
            log.exception("No cluster")
            self.problem = f"The training workers could not be reached: {error}"

    def _enqueue(self, run_id: str) -> None:
        if self._client is None:
            self._fail(run_id, self.problem or "The training workers could not be reached.")
            return
        future = self._client.submit(run_job, self.store.folder.url, run_id, self.id, key=run_id, pure=False)
        self._futures[run_id] = future
        future.add_done_callback(lambda done: self._after(run_id, done))

    def _after(self, run_id: str, future: "Future") -> None:
        if self._closed.is_set():
            return
        if future.status == "error":
            self._fail(run_id, f"The worker was lost, more than once: {future.exception()}")
        self._futures.pop(run_id, None)

    def _fail(self, run_id: str, reason: str) -> None:
        if not self.store.get(run_id).state.is_over:
            self.store.update(run_id, state=RunState.FAILED, ended=time.time(), phase=None, reason=reason)

    def _drop_if_waiting(self, run_id: str) -> None:
        run = self.store.get(run_id)
        if run.state is not RunState.QUEUED or run.status.attempts:
            return
        future = self._futures.pop(run_id, None)
        if future:
            future.cancel()
        self.store.update(run_id, state=RunState.STOPPED, ended=time.time(), reason="Stopped before it began.")

    def _watch(self) -> None:
        while not self._closed.wait(WATCH_SECONDS):
            try:
                self.store.folder.write(self._beat_file(self.id), str(time.time()).encode())
                for run in self.store.listing().runs:
                    if self._is_orphan(run):
                        self._adopt(run)
            except (MnistLabError, OSError) as error:
                log.warning("The engine cannot watch over %s: %s", self.store.folder.path, error)

    def _is_orphan(self, run: Run) -> bool:
        if run.bundled or run.state.is_over or run.status.engine in (None, self.id):
            return False
        last_sign = max(self._last_beat(run.status.engine or ""), run.status.heartbeat or run.asked.created)
        return time.time() - last_sign > STALE_SECONDS

    def _adopt(self, run: Run) -> None:
        """Take over a run; of several engines that try, only one gets it."""
        if self.store.folder.create(f"{run.id}/adopted-from-{run.status.engine}"):
            log.info("Taking over %s from an engine that is gone", run.id)
            self.store.update(run.id, engine=self.id, state=RunState.QUEUED)
            self._thread.submit(self._enqueue, run.id)

    def _last_beat(self, engine: str) -> float:
        try:
            return float(self.store.folder.read(self._beat_file(engine)))
        except (FileNotFoundError, ValueError):
            return 0.0

    def _beat_file(self, engine: str) -> str:
        return f".engines/{engine}"


def run_job(store_url: str, run_id: str, engine: str) -> None:
    """What a worker does for one run. Does nothing where another engine has taken the run over."""
    from mnist_lab.worker import execute

    store = RunStore(store_url)
    if store.get(run_id).status.engine == engine:
        execute(store, run_id)


def connect_to_cluster() -> "Client":
    """The scheduler at `MNIST_LAB_SCHEDULER`, or a cluster of worker processes on this machine."""
    from distributed import Client, LocalCluster

    scheduler = os.environ.get("MNIST_LAB_SCHEDULER")
    if scheduler:
        client = Client(scheduler, timeout="10s", set_as_default=False)
    else:
        cluster = LocalCluster(
            n_workers=max(1, int(os.environ.get("MNIST_LAB_WORKERS") or 1)),
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=None,
        )
        client = Client(cluster, set_as_default=False)
    client.register_plugin(warm_up_plugin())
    return client


def warm_up_plugin() -> Any:
    """A worker plugin that steps back behind the web process and imports TensorFlow ahead of the first job."""
    from distributed import WorkerPlugin

    class WarmUp(WorkerPlugin):
        name = "mnist-lab-warm-up"

        def setup(self, worker: "Worker") -> None:
            worker.loop.run_in_executor(None, _warm_up)

    return WarmUp()


def _warm_up() -> None:
    import psutil

    psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if psutil.WINDOWS else 15)
    import mnist_lab.training  # noqa: F401
