"""Signs of life: of this engine, of the others on one store, and of the runs that they train."""

import time

from mnist_lab.store.folders import Folder
from mnist_lab.store.heartbeats import Heartbeats, Signs
from mnist_lab.store.run import Run

STALE_SECONDS = 15.0  # without a sign of life: gone


class Liveness:
    """Who lives, as the engine of that id sees it."""

    def __init__(self, root: Folder, engine: str) -> None:
        self._engine = engine
        self._heartbeats = Heartbeats(root, STALE_SECONDS)
        self._signs = Signs()

    def beat(self) -> None:
        """Say that this engine lives."""
        self._heartbeats.beat(self._engine)

    def end(self) -> None:
        """Say that this engine ends."""
        self._heartbeats.end(self._engine)

    def is_alive(self, engine: str) -> bool:
        """Whether an engine gave a sign of life a short while ago."""
        return self._heartbeats.is_alive(engine)

    def silence(self, run: Run) -> float:
        """Seconds since the last sign of life of a run that does not wait; the first one is that it was asked for."""
        status = run.status
        return time.time() - self._signs.when(run.id, max(status.heartbeat or 0.0, status.sent or run.asked.created))

    def is_silent(self, run: Run) -> bool:
        """Whether a run that does not wait has given no sign of life for too long."""
        return self.silence(run) >= STALE_SECONDS

    def is_anothers(self, run: Run) -> bool:
        """Whether another engine has the run, and lives."""
        engine = run.status.engine
        return engine is not None and engine != self._engine and self.is_alive(engine)
