"""Signs of life of the engines on one store."""

import time

from mnist_lab.folders import Folder

FORGOTTEN = 20  # times the seconds after which an engine is dead: then its file goes


class Beats:
    """A file for each engine, below `.engines/`, with the time of its last beat in seconds since 1970."""

    def __init__(self, root: Folder, stale_seconds: float) -> None:
        self._folder = Folder(f"{root.url}/.engines")
        self._stale_seconds = stale_seconds

    def beat(self, engine: str) -> None:
        """Say that an engine lives, and forget those that have long been dead."""
        self._folder.write(engine, str(time.time()).encode())
        for other in self._folder.names():
            if time.time() - self._last(other) > FORGOTTEN * self._stale_seconds:
                self._folder.delete(other)

    def end(self, engine: str) -> None:
        """Say that an engine ends."""
        self._folder.delete(engine)

    def is_alive(self, engine: str) -> bool:
        """Whether the engine has beaten a short while ago."""
        return time.time() - self._last(engine) < self._stale_seconds

    def _last(self, engine: str) -> float:
        try:
            return float(self._folder.read(engine))
        except (FileNotFoundError, ValueError):
            return 0.0
