"""Which process works on something that only one may work on, decided by files.

Each change of hands has a number. Of several processes that try for the same one, the one that creates its file gets
it: the first claim of a run is the file `claim-1` in its folder. What the claim is for is written afterwards, with its
number. A process that dies in between leaves a claim that nothing followed, which the next one passes over.
"""

from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field

from mnist_lab.config.limits import Count
from mnist_lab.errors import DAMAGE
from mnist_lab.store.folders import Folder

CLAIM_SECONDS = 15.0  # after which a claim that nothing followed counts no more
LONGEST_NAME = 100  # characters
MOST_BYTES = 1000  # of a lease


def claim(folder: Folder, path: str, number: int, is_followed: Callable[[int], bool]) -> int | None:
    """Create the file `{path}-{number}`, or a later one where that was abandoned; its number, None where another did.

    `is_followed` tells whether what a claim of that number is for has been written.
    """
    while not folder.create(f"{path}-{number}"):
        if is_followed(number) or abs(folder.age(f"{path}-{number}")) < CLAIM_SECONDS:
            return None
        number += 1
    return number


class _Held(BaseModel):
    model_config = ConfigDict(frozen=True)

    holder: str | None = Field(default=None, max_length=LONGEST_NAME)
    number: Count = 0


class Lease:
    """One holder at a time, taken over when it dies: a claim for as long as its holder lives."""

    def __init__(self, folder: Folder, name: str) -> None:
        """`name` is an existing folder below `folder`, where the lease's files are kept."""
        self._folder = folder
        self._name = name

    @property
    def holder(self) -> str | None:
        """Who holds it, dead or alive."""
        return self._read().holder

    def take(self, by: str, is_alive: Callable[[str], bool]) -> bool:
        """Take it, unless a live holder has it; whether it is held by `by` now."""
        held = self._read()
        if held.holder == by:
            return True
        if held.holder and is_alive(held.holder):
            return False
        return self._change(held, by)

    def release(self, by: str) -> None:
        """Give it back; does nothing where another holds it."""
        held = self._read()
        if held.holder == by:
            self._change(held, None)

    def _change(self, held: _Held, holder: str | None) -> bool:
        """Change hands, unless another process has done so since `held` was read."""
        number = claim(self._folder, f"{self._name}/claim", held.number + 1, lambda one: self._read().number >= one)
        if number is not None:
            new = _Held(holder=holder, number=number)
            self._folder.write(f"{self._name}/lease", new.model_dump_json().encode())
        return number is not None

    def _read(self) -> _Held:
        try:
            return _Held.model_validate_json(self._folder.read(f"{self._name}/lease", MOST_BYTES))
        except DAMAGE:  # never held, or damaged
            return _Held()
