"""Files that are written whole or not at all, on a local path or any fsspec URL."""

import errno
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from fsspec.core import url_to_fs
from fsspec.implementations.local import LocalFileSystem

from mnist_lab.errors import ConfigError, MnistLabError, StoreError

REASONS = {
    errno.ENOSPC: "the disk is full; free some space",
    errno.EDQUOT: "the disk quota is used up; free some space",
    errno.EACCES: "permission denied; choose another folder with MNIST_LAB_RUNS",
    errno.EPERM: "permission denied; choose another folder with MNIST_LAB_RUNS",
    errno.EROFS: "it is read-only; choose another folder with MNIST_LAB_RUNS",
    errno.ENOTDIR: "it is not a folder; choose another one with MNIST_LAB_RUNS",
    errno.EEXIST: "it is not a folder; choose another one with MNIST_LAB_RUNS",
}


class Folder:
    """A folder and the files below it, named by paths relative to it.

    Raises StoreError where writing fails, and where a store on the network cannot be reached.
    """

    def __init__(self, url: str | Path) -> None:
        """Raises ConfigError where the URL is of a kind that nothing installed here can read."""
        try:
            self._fs, path = url_to_fs(str(url), use_listings_cache=False)  # others write there, too
        except (ImportError, ValueError) as error:
            raise ConfigError(f"The folder {url} cannot be used: {error}") from error
        self.path = str(path).rstrip("/")
        self.url = self._fs.unstrip_protocol(self.path)
        self.is_local = isinstance(self._fs, LocalFileSystem)

    def names(self, suffix: str = "") -> list[str]:
        """The names of what lies directly in the folder, sorted; hidden ones are left out."""
        with self._reached():
            if not self._fs.isdir(self.path):
                return []
            entries = [entry.rpartition("/")[2] for entry in self._fs.ls(self.path, detail=False, refresh=True)]
        return sorted(name for name in entries if name.endswith(suffix) and not name.startswith("."))

    def stamps(self, name: str) -> dict[str, str]:
        """For each file directly in the folder of that name, something that is another once the file has changed."""
        with self._reached():
            if not self._fs.isdir(self._at(name)):
                return {}
            if self.is_local:
                return _stamps(self._at(name))
            entries = self._fs.ls(self._at(name), detail=True, refresh=True)
        return {entry["name"].rpartition("/")[2]: str(sorted(entry.items(), key=str)) for entry in entries}

    def exists(self, name: str) -> bool:
        """Whether the file or folder of that name exists. (fsspec's own `exists` takes Ctrl-C for no.)"""
        with self._reached():
            try:
                self._fs.info(self._at(name))
            except OSError:
                return False
            return True

    def read(self, name: str, most: int | None = None) -> bytes:
        """A file's content, or the first bytes of it, so many at most. Raises FileNotFoundError."""
        if self.is_local:
            with Path(self._at(name)).open("rb") as file:
                return file.read() if most is None else file.read(min(most, os.fstat(file.fileno()).st_size))
        with self._reached():
            return bytes(self._fs.cat_file(self._at(name), end=most))

    def size(self, name: str) -> int:
        """A file's size in bytes. Raises FileNotFoundError."""
        return int(self._fs.size(self._at(name)))

    def write(self, name: str, content: bytes) -> None:
        """Write a file atomically: no one ever reads half of it, and an old one stays until the new one is complete."""
        with self._explained():
            if not self.is_local:
                self._fs.pipe_file(self._at(name), content)
                return
            target = Path(self._at(name))
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}")
            try:
                partial.write_bytes(content)
                partial.replace(target)
            finally:
                partial.unlink(missing_ok=True)

    def append(self, name: str, lines: bytes) -> None:
        """Add lines to a log and flush them. Object stores cannot append, so there the log is rewritten."""
        with self._explained():
            if self.is_local:
                with Path(self._at(name)).open("a+b") as file:
                    file.write(b"\n" * self._is_torn(file) + lines)
                return
            before = self.read(name) if self.exists(name) else b""
            torn = bool(before) and not before.endswith(b"\n")
            self._fs.pipe_file(self._at(name), before + b"\n" * torn + lines)

    def create(self, name: str, content: bytes = b"1") -> bool:
        """Create a file of that content; False where it existed before. Of several callers only one gets True.

        The content may not be empty, since S3 refuses to replace only what has content. An object store must know
        conditional writes, as S3, Google's and Azure's do.
        """
        with self._explained():
            try:
                if self.is_local:
                    Path(self._at(name)).parent.mkdir(parents=True, exist_ok=True)
                with self._fs.open(self._at(name), "xb") as file:
                    file.write(content)
                return True
            except FileExistsError:
                return False

    def age(self, name: str) -> float:
        """Seconds since the file was written, by the clock of the file system. Raises FileNotFoundError."""
        with self._reached():
            return time.time() - self._fs.modified(self._at(name)).timestamp()

    def delete(self, name: str) -> None:
        """Delete a file, or a folder with all in it; nothing happens where there is none."""
        with self._explained():
            if self.exists(name):
                self._fs.rm(self._at(name), recursive=True)

    def move(self, name: str, target: str) -> None:
        """Move a folder with all in it to another place below this one. Raises StoreError where the target exists."""
        with self._explained():
            if self.exists(target):
                raise StoreError(f"{target} is there already.")
            if not self.is_local:
                self._fs.mv(self._at(name), self._at(target), recursive=True)
                return
            Path(self._at(target)).parent.mkdir(parents=True, exist_ok=True)
            Path(self._at(name)).rename(self._at(target))

    def publish(self, files: dict[str, bytes], name: str) -> None:
        """Write several files as a new folder that appears with all of them at once (local), or in their order.

        Until then it has a name that nothing else can have, so that no name replaces what is there.
        """
        staging = f".{uuid.uuid4().hex}.new" if self.is_local else name
        for file, content in files.items():
            self.write(f"{staging}/{file}", content)
        if self.is_local:
            try:
                with self._explained():
                    Path(self._at(staging)).rename(self._at(name))
            finally:
                self.delete(staging)  # where the name is taken

    @staticmethod
    def _is_torn(file: BinaryIO) -> bool:
        """Whether a log ends in the middle of a line, which the next one must not be glued to."""
        if not file.seekable() or file.seek(0, os.SEEK_END) == 0:
            return False
        file.seek(-1, os.SEEK_END)
        return file.read(1) != b"\n"

    def _at(self, name: str) -> str:
        return f"{self.path}/{name}"

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            with self._reached():
                yield
        except OSError as error:
            reason = REASONS.get(error.errno or 0, error.strerror or str(error))
            raise StoreError(f"The folder {self.path} cannot be written: {reason}.") from error

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """Turn the errors of an object store's own client, which are no OSError, into a StoreError."""
        try:
            yield
        except (OSError, MnistLabError):
            raise
        except Exception as error:
            raise StoreError(f"The folder {self.path} cannot be reached: {error}") from error


def _stamps(path: str) -> dict[str, str]:
    stamps = {}
    with os.scandir(path) as files:
        for file in files:
            with suppress(FileNotFoundError):  # deleted meanwhile
                stat = file.stat()
                stamps[file.name] = f"{stat.st_mtime_ns} {stat.st_size} {stat.st_ino}"
    return stamps
