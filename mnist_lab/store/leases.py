"""Which process works on something that only one may work on, decided by files."""

import time
import uuid
from collections.abc import Callable

from pydantic import BaseModel, ConfigDict, Field

from mnist_lab.errors import DAMAGE
from mnist_lab.store.folders import Folder

MOST = 100  # characters of a name


class _Held(BaseModel):
    model_config = ConfigDict(frozen=True)

    holder: str | None = Field(max_length=MOST)
    token: str = Field(pattern=r"\A\w+\z", max_length=MOST)


class Lease:
    """One holder at a time, taken over when it dies.

    Every change of hands leads from the token of the change before, and of several that try, one gets to create the
    file that says so. Should it die before it has written the lease, the next may try in a minute.
    """

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
        minute = int(time.time() // 60)
        if not self._folder.create(f"{self._name}/after-{held.token}-{minute}") or self._read() != held:
            return False
        new = _Held(holder=holder, token=uuid.uuid4().hex[:8])
        self._folder.write(f"{self._name}/lease", new.model_dump_json().encode())
        return True

    def _read(self) -> _Held:
        try:
            return _Held.model_validate_json(self._folder.read(f"{self._name}/lease"))
        except DAMAGE:  # never held, or damaged
            return _Held(holder=None, token="nobody")  # noqa: S106
