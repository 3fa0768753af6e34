"""The engine: takes trainings, sends them to a cluster in a fair order, and picks up what others left behind."""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine import cluster
from mnist_lab.engine.asking import Asking
from mnist_lab.engine.continuation import continued, name_of
from mnist_lab.engine.fair_queue import line
from mnist_lab.engine.liveness import Liveness
from mnist_lab.engine.workers import Workers
from mnist_lab.errors import ClusterLost, ConfigError, MnistLabError, UnknownRun
from mnist_lab.store.run import Beside, Run, RunState
from mnist_lab.store.runs import About, RunStore

if TYPE_CHECKING:
    from distributed import Client

    from mnist_lab.exploring.questions import Question

log = logging.getLogger(__name__)

HUNG_SECONDS = 60.0  # without a sign of life on a worker that lives: hung
WATCH_SECONDS = 3.0
MOST_ATTEMPTS = 6


class Engine:
    """Sends the runs that wait in a store to the workers of a cluster.

    Several engines may share a store, and a scheduler or not. Each sends what is next in line to its own free
    workers, and no more, so that the line can still change. Which engine sends a run is decided by a claim.

    All talk with the cluster happens on one thread of the engine's own, which first connects: no caller waits for a
    cluster to start, and where there is none the runs wait until there is one.

    An engine gives signs of life. When it dies, the runs whose workers went with it are put back into the line by any
    other engine on the same store, and go on from their last whole epoch.
    """

    def __init__(self, store: RunStore, connect: "Callable[[], Client]" = cluster.connect) -> None:
        self.store = store
        self.id = uuid.uuid4().hex[:12]
        self.problem: str | None = None
        self._workers = Workers(connect)
        self.unwritten: dict[str, str] = {}  # reasons of failures, by run, that the store could not take yet
        self._life = Liveness(store.folder, self.id)
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine")
        self._asking = Asking(store.folder.url, lambda: self._thread.submit(self._workers.connect).result())
        self._closed = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="engine-watch", daemon=True)
        self._watcher.start()

    def submit(self, config: TrainConfig, name: str, recipe: str | None = None, **about: About) -> Run:
        """Queue a training and return at once; `about` as for RunStore.create.

        Raises StoreError where the folder of runs cannot be written.
        """
        run = self.store.create(config, name, recipe, engine=self.id, **about)
        self._soon(self._fill)
        return run

    def go_on(
        self,
        parent: Run,
        settings: Mapping[str, Any],
        name: str | None = None,
        beside: Beside | None = None,
        **about: str | None,
    ) -> Run:
        """Queue a run that begins with another's model; `settings` change the parent's configuration.

        What the parent has learnt from besides is learnt from again, unless `beside` is something else. Raises as
        `continued` and `submit` do.
        """
        config, beside = continued(parent, settings), beside or parent.asked.beside
        return self.submit(config, name or name_of(parent), parent=parent.id, beside=beside, **about)

    def stop(self, run_id: str, reason: str = "") -> None:
        """Ask a run to stop, and say why; one that waits or is no longer being trained is stopped at once."""
        self.store.request_stop(run_id, reason)
        run = self.store.get(run_id)
        has_begun = run.status.attempts > 0
        if not run.state.is_over and (not has_begun if run.is_waiting else not self.is_trained(run)):
            now, reason = time.time(), "Nobody trained it any more." if has_begun else "Stopped before it began."
            self.store.claim(run, sent=now, state=RunState.STOPPED, phase=None, ended=now, reason=reason)

    def is_trained(self, run: Run) -> bool:
        """Whether some process holds a run that neither waits nor is over, or held it until a moment ago."""
        return not self._life.is_silent(run) or self._workers.has(run.id) or self._life.is_anothers(run)

    def remove(self, run_id: str) -> None:
        """Delete a run that waits; one that has begun meanwhile is asked to stop."""
        run = self.store.get(run_id)
        if run.is_waiting and self.store.claim(run, sent=time.time()):
            self.store.delete(run_id)
        else:
            self.stop(run_id)

    def ask(self, question: "Question") -> "Future[bytes]":
        """Have a worker answer a question about a run, at once even where all are training.

        The answer is a `findings` one, or the MnistLabError that kept it from being found. The thread that waits for
        it does not keep the process from ending.
        """
        return self._asking.ask(question)

    def workers(self) -> int:
        """How many workers there are to train side by side; 1 while that is not known."""
        return max(1, self._workers.count)

    def is_alive(self, engine: str) -> bool:
        """Whether an engine on the same store gave a sign of life a short while ago."""
        return self._life.is_alive(engine)

    def close(self) -> None:
        """Leave the cluster; runs under way on a local cluster are taken up by the next engine on this store."""
        self._closed.set()
        self._watcher.join()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._workers.close()
        self._life.end()

    def _watch(self) -> None:
        tended = self._soon(self._tend)
        while True:
            try:
                self._life.beat()
            except (MnistLabError, OSError) as error:
                log.warning("The engine cannot beat in %s: %s", self.store.folder.path, error)
            if self._closed.wait(WATCH_SECONDS):
                return
            if tended.done():
                tended = self._soon(self._tend)

    def _soon(self, call: Callable[..., None], *arguments: Any) -> Future[None]:
        return self._thread.submit(self._safely, call, *arguments)

    def _safely(self, call: Callable[..., None], *arguments: Any) -> None:
        try:
            call(*arguments)
        except ClusterLost as error:
            self.problem = f"The training workers cannot be reached ({error}). What waits begins once they are there."
            log.warning("No cluster: %s", error)
            self._workers.close()
        except ConfigError as error:
            self.problem = str(error)
        except (MnistLabError, OSError) as error:
            log.warning("The engine cannot use %s: %s", self.store.folder.path, error)

    def _tend(self) -> None:
        """See to the runs that are lost, and send what there is room for."""
        self._workers.connect()
        self.problem = None
        for run_id, reason in list(self.unwritten.items()):
            self._fail(run_id, reason)
        for run in self.store.listing().runs:
            if not (run.is_waiting or run.state.is_over):
                self._tend_to(run)
        self._fill()

    def _fill(self) -> None:
        """Send the runs at the head of the line to the workers that are free.

        Without a connection `_tend` does so once there is one: else each run that is asked for meanwhile would wait
        for an attempt of its own, and the process could not end before the last.
        """
        if not self._workers.are_reached:
            return
        if in_line := line(self.store.listing().runs):
            for run in in_line[: max(0, self._workers.free())]:
                self._send(run)

    def _send(self, run: Run) -> None:
        if self.store.claim(run, engine=self.id, sent=time.time()):
            claim = self.store.get(run.id).status.claims
            self._workers.send(self.store.folder.url, run.id, claim, self._after)

    def _after(self, run_id: str, problem: str | None) -> None:
        if not self._closed.is_set():
            self._soon(self._finish, run_id, problem)

    def _finish(self, run_id: str, problem: str | None) -> None:
        if not self._workers.has(run_id):
            self._workers.forget(run_id)
        if problem:
            self._fail(run_id, problem)
        self._fill()

    def _fail(self, run_id: str, reason: str) -> None:
        """Leave a run failed, or do so later where nothing can be written now."""
        self.unwritten[run_id] = reason
        try:
            run = self.store.get(run_id)
            if run.status.engine == self.id and not run.state.is_over:
                self.store.update(run_id, state=RunState.FAILED, ended=time.time(), phase=None, reason=reason)
        except UnknownRun:
            log.info("The run %s was deleted", run_id)
        del self.unwritten[run_id]

    def _tend_to(self, run: Run) -> None:
        """Take care of a run that is under way, or should be, and shows no sign of life."""
        if not self._life.is_silent(run):
            return
        if self._workers.has(run.id):  # where its worker died, Dask starts it again on another
            began = (run.status.heartbeat or 0.0) > (run.status.sent or 0.0)  # before, a worker may be starting
            if began and self._life.silence(run) > HUNG_SECONDS and self._workers.restart(run.id):
                self._put_back(run)
        elif not self._life.is_anothers(run):
            self._put_back(run)

    def _put_back(self, run: Run) -> None:
        """Let a run wait again, to go on from its last whole epoch; not for ever, nor where no engine began it."""
        if not self.store.claim(run, engine=self.id, state=RunState.QUEUED, phase=None, sent=None):
            return
        if run.status.engine is None and run.status.attempts:
            self._fail(run.id, "The process that trained it is gone.")
        elif run.status.attempts >= MOST_ATTEMPTS:
            self._fail(run.id, f"The worker was lost {run.status.attempts} times.")
        log.info("The run %s was lost", run.id)
