"""What people bet on: a file for each visitor and lesson, kept next to the runs."""

from collections import Counter
from collections.abc import Iterable

from mnist_lab.store.folders import Folder
from mnist_lab.store.visitors import file_name

FOLDER = ".bets"
MOST_BYTES = 1000  # of a bet


class Bets:
    """The bets on one lesson, of all who share a store of runs; a visitor has one at most."""

    def __init__(self, root: Folder, lesson_id: str) -> None:
        self._folder = Folder(f"{root.url}/{FOLDER}/{lesson_id}")

    def place(self, visitor: str, option: str) -> None:
        """Bet, in the place of an earlier bet. Raises StoreError where it cannot be written."""
        self._folder.write(file_name(visitor), option.encode())

    def of(self, visitor: str) -> str | None:
        """What a visitor bet on."""
        return self._read(file_name(visitor))

    def withdraw(self, visitor: str) -> None:
        """Forget a visitor's bet."""
        self._folder.delete(file_name(visitor))

    def tally(self, options: Iterable[str]) -> dict[str, int]:
        """How many bet on each of the options."""
        found = Counter(map(self._read, self._folder.names()))
        return {option: found[option] for option in options}

    def _read(self, name: str) -> str | None:
        try:
            return self._folder.read(name, MOST_BYTES).decode(errors="replace")
        except OSError:  # there is none, or it cannot be read
            return None
