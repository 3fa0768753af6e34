"""What a worker tells of a run while it trains, and hears: written and read by a thread of its own.

Training never waits for the store, which may be far away.
"""

import logging
import os
import threading
import time
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from mnist_lab.errors import MnistLabError, RunError, StoreError, Superseded
from mnist_lab.exploring import glimpses
from mnist_lab.store import snapshots
from mnist_lab.store.adjustments import SLOW_SECONDS, Wish
from mnist_lab.store.run import CHECKPOINT, Run, RunState, Status
from mnist_lab.store.runs import RunStore
from mnist_lab.store.ticks import Tick

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0
LOOK_SECONDS = 0.1  # between two looks at the memory and, on a local store, for a request to stop
REMOTE_LOOK_SECONDS = 0.5
SETTLED_SECONDS = 0.4  # without another wish: a slider on its way leaves a trail of them
SHOW_SECONDS, REMOTE_SHOW_SECONDS = 0.8, 4.0  # between two looks of others at the weights
REMOTE_PATIENCE_SECONDS = 60.0  # a network comes back; a full disk is told at once
SILENT_SECONDS = 600.0  # no step of a training takes as long, so this one hangs
MEMORY_SHARE = 0.9  # of its limit; beyond it there may be no time left to say so

OnPhase = Callable[[str], None]


class Progress:
    """A run's status while it is worked on. The only writer of it, as long as no other worker took the run over."""

    def __init__(self, store: RunStore, run: Run, on_phase: OnPhase, memory_limit: int | None = None) -> None:
        self._store = store
        self._run_id = run.id
        self._on_phase = on_phase
        self._memory_limit = memory_limit
        self._claim = (run.status.claims, run.status.attempts + 1)
        self._behind: int | None = None  # epochs, when this training began
        self._is_heard = False  # whether the store knows that number
        self._ticks: list[Tick] = []
        self._checkpoint: bytes | None = None
        self._snapshots: dict[int, list[NDArray[np.float16]]] = {}
        self._kept = set(snapshots.epochs_kept(run.config)) if run.config.snapshots else set[int]()
        self._seen = 0  # when the checkpoint that is kept was written
        self._changes: dict[str, Any] = {}
        self._wish = self._wished = store.wish_of(run.id)
        self._wished_at = self._paced_at = -inf  # by the monotonic clock
        self._config = run.config
        self._weights: bytes | None = None  # that are shown
        self._is_shown = glimpses.is_shown(run.config)
        self._show_seconds = SHOW_SECONDS if store.folder.is_local else REMOTE_SHOW_SECONDS
        self._shown = -inf
        self._said = threading.Lock()  # guards the fields above; never held while something is written
        self._writing = threading.Lock()
        self._end: MnistLabError | None = None
        self._stop = threading.Event()
        self._over = threading.Event()
        self._sign = self._written = time.monotonic()
        self._thread = threading.Thread(target=self._watch, name=f"progress-{run.id}", daemon=True)

    def __enter__(self) -> "Progress":
        status = self._store.get(self._run_id).status
        started = status.started or time.time()
        self._store.update(
            self._run_id, state=RunState.RUNNING, started=started, attempts=self._claim[1], heartbeat=time.time()
        )
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()
        self._flush_if_possible()

    def phase(self, phase: str, **changes: Any) -> None:
        """Say what is being done, in a few words, and what else is known by now."""
        self._sign = time.monotonic()
        with self._said:
            self._changes |= {"phase": phase, **changes}
        self._on_phase(phase)

    def tick(self, tick: Tick, checkpoint: Path) -> None:
        """Say how far it has come; `checkpoint` is kept where it was rewritten. Raises as `check` does."""
        self.check()
        self._sign = time.monotonic()
        written = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
        with self._said:
            self._ticks.append(tick)
            if written != self._seen:
                self._seen, self._checkpoint = written, checkpoint.read_bytes()

    def keep(self, epoch: int, weights: Callable[[], list[NDArray[Any]]]) -> None:
        """Keep the weights after an epoch, where the run is asked to and the epoch is one of those.

        The first epoch that is told is the one that the training goes on from.
        """
        if self._behind is None:
            self._behind = epoch
        if epoch in self._kept:
            snapshot = snapshots.rounded(weights())
            with self._said:
                self._snapshots[epoch] = snapshot

    def show(self, weights: Callable[[], list[NDArray[Any]]]) -> None:
        """Show the weights of the moment to those who look on, about once a second."""
        if self._is_shown and time.monotonic() - self._shown > self._show_seconds:
            self._shown = time.monotonic()
            seen = glimpses.to_bytes(glimpses.glimpse(self._config, weights()))
            with self._said:
                self._weights = seen

    def wish(self) -> Wish:
        """How to go on training, by who asked last. Costs nothing, so ask often."""
        return self._wish

    def check(self) -> None:
        """Raise what makes going on pointless: Superseded, UnknownRun for a deleted run, StoreError for a full disk."""
        if self._end:
            raise self._end

    def stop_requested(self) -> bool:
        """Whether the run was asked to stop. Costs nothing, so ask often; to ask is a sign of life."""
        self._sign = time.monotonic()
        return self._stop.is_set()

    def update(self, **changes: Any) -> Status:
        """Change the status at once; every change is a sign of life. Raises Superseded where the run is not ours."""
        with self._writing:
            status = self._store.get(self._run_id).status
            if (status.claims, status.attempts) != self._claim:
                raise Superseded(f"Another worker has the run {self._run_id} now.")
            with self._said:
                pending, self._changes = self._changes, {}
            return self._store.update(self._run_id, heartbeat=time.time(), **(pending | changes))

    def flush(self) -> None:
        """Write what waits to be written: first ticks and snapshots, so that no checkpoint is ever ahead of them.

        Ticks of a training that was lost go first of all, so that an epoch's are always of one training. Raises
        StoreError, and keeps it all, where that fails.
        """
        with self._writing:
            if self._behind is not None and not self._is_heard:
                self._store.forget_after(self._run_id, self._behind)
                self._is_heard = True
            with self._said:
                ticks, checkpoint, taken = self._ticks[:], self._checkpoint, dict(self._snapshots)
                seen, self._weights = self._weights, None
            if ticks:
                self._store.log(self._run_id, *ticks)
            with self._said:
                del self._ticks[: len(ticks)]
            for epoch, weights in taken.items():
                self._store.write(self._run_id, snapshots.name(epoch), snapshots.to_bytes(weights))
                with self._said:
                    del self._snapshots[epoch]
            if checkpoint:
                self._store.write(self._run_id, CHECKPOINT, checkpoint)
            if seen:
                self._store.write(self._run_id, glimpses.FILE, seen)
            with self._said:
                if self._checkpoint is checkpoint:
                    self._checkpoint = None
            self._written = time.monotonic()

    def fail(self, reason: str) -> None:
        """Leave the run failed."""
        self._flush_if_possible()
        self.update(state=RunState.FAILED, phase=None, ended=time.time(), reason=reason)

    def _flush_if_possible(self) -> None:
        try:
            self.flush()
        except (MnistLabError, OSError) as error:
            log.warning("The last steps of %s are lost: %s", self._run_id, error)

    def _watch(self) -> None:
        local = self._store.folder.is_local
        beat = time.monotonic()
        while not self._over.wait(LOOK_SECONDS if local else REMOTE_LOOK_SECONDS):
            self._check_memory()
            try:
                if self._store.stop_requested(self._run_id):
                    self._stop.set()
                self._look_for_a_wish()
                if self._changes or (time.monotonic() - beat > HEARTBEAT_SECONDS and self._is_alive()):
                    self.update()
                    beat = time.monotonic()
                self.flush()
            except RunError as error:
                self._give_up(error)
                return
            except (StoreError, OSError) as error:
                log.warning("Nothing can be written for %s: %s", self._run_id, error)
                if local or time.monotonic() - self._written > REMOTE_PATIENCE_SECONDS:
                    self._give_up(error if isinstance(error, StoreError) else StoreError(str(error)))

    def _look_for_a_wish(self) -> None:
        """Look for a new wish; one that cannot be read just now is none."""
        wish, now = self._store.wish_of(self._run_id), time.monotonic()
        if wish.moment and wish.moment != self._wished.moment:
            self._paced_at = self._paced_at if wish.paced == self._wished.paced else now
            self._wished, self._wished_at = wish, now
        if now - self._wished_at > SETTLED_SECONDS:
            is_over = now - self._paced_at > SLOW_SECONDS
            self._wish = self._wished.model_copy(update={"steps_a_second": None}) if is_over else self._wished

    def _give_up(self, error: MnistLabError) -> None:
        self._end = error
        self._stop.set()

    def _is_alive(self) -> bool:
        return time.monotonic() - self._sign < SILENT_SECONDS

    def _check_memory(self) -> None:
        """End this process before the machine is brought down: what TensorFlow took comes back in no other way."""
        used = psutil.Process().memory_info().rss
        if not self._memory_limit or used < MEMORY_SHARE * self._memory_limit:
            return
        try:
            self.fail(
                f"The training needed more than the {self._memory_limit / 1e9:.1f} GB of memory that a worker has. "
                "Try smaller layers or a smaller batch, or raise MNIST_LAB_MEMORY."
            )
        except MnistLabError as error:
            log.warning("No reason left for %s: %s", self._run_id, error)
        os._exit(1)
