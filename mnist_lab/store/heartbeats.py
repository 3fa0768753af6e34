"""Signs of life of the engines on one store."""

import time

from mnist_lab.config.limits import LATEST, LONGEST
from mnist_lab.errors import DAMAGE
from mnist_lab.store.folders import Folder

FORGOTTEN = 20  # times the seconds after which an engine is dead: then its file goes


class Signs:
    """When signs of life were given, in seconds since 1970, by the clock of this process.

    One from the future, of a clock that is or was ahead, counts as given when it is first seen here: the same one seen
    again is no new sign.
    """

    def __init__(self) -> None:
        self._first: dict[str, tuple[float, float]] = {}  # by whose it is: what was told, and when it was seen

    def when(self, whose: str, told: float) -> float:
        """When that sign was given, which says that it was at the time `told`."""
        now = time.time()
        if told <= now:
            self._first.pop(whose, None)
            return told
        if self._first.get(whose, (0.0, 0.0))[0] != told:
            self._first[whose] = told, now
        return self._first[whose][1]


class Heartbeats:
    """A file for each engine, below `.engines/`, with the time of its last heartbeat in seconds since 1970."""

    def __init__(self, root: Folder, stale_seconds: float) -> None:
        self._folder = Folder(f"{root.url}/.engines")
        self._stale_seconds = stale_seconds
        self._signs = Signs()

    def beat(self, engine: str) -> None:
        """Say that an engine lives, and forget those that have long been dead."""
        self._folder.write(engine, str(time.time()).encode())
        for other in self._folder.names():
            if time.time() - self._last(other) > FORGOTTEN * self._stale_seconds:
                self._folder.delete(other)

    def end(self, engine: str) -> None:
        self._folder.delete(engine)

    def is_alive(self, engine: str) -> bool:
        """Whether the engine has beaten a short while ago."""
        return time.time() - self._last(engine) < self._stale_seconds

    def _last(self, engine: str) -> float:
        try:
            told = float(self._folder.read(engine, LONGEST))
        except DAMAGE:
            return 0.0
        return self._signs.when(engine, told) if 0 <= told <= LATEST else 0.0
