"""Arrays as bytes and back. What is read may be damaged, or made to harm, so what it says of itself is not believed.

Bytes are counted while they are unpacked, pickles are never read, and no array is made before it is known to be as
large as the file that holds it.
"""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.errors import DAMAGE, ArchiveError

MB = 1_000_000
HEADER = 10_000  # bytes: more than any array has before its numbers


def pack(arrays: Mapping[str, Any], compressed: bool = True) -> bytes:
    """Arrays as the content of an `.npz`."""
    buffer = io.BytesIO()
    (np.savez_compressed if compressed else np.savez)(buffer, **arrays)
    return buffer.getvalue()


def unpack(source: bytes | Path, limits: Mapping[str, int]) -> dict[str, NDArray[Any]]:
    """The arrays of those names in an `.npz`, each of so many bytes at most. Raises ValueError, with the reason."""
    try:
        with zipfile.ZipFile(source if isinstance(source, Path) else io.BytesIO(source)) as archive:
            return {
                name: array(read_entry(archive, archive.getinfo(f"{name}.npy"), most + HEADER))
                for name, most in limits.items()
            }
    except (ArchiveError, *DAMAGE) as error:
        raise ValueError(str(error)) from error


def array(content: bytes) -> NDArray[Any]:
    """The array of an `.npy`. Raises ValueError, with the reason."""
    file = io.BytesIO(content)
    try:
        if np.lib.format.read_magic(file) != (1, 0):
            raise ValueError("an array of another format")
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
        size = int(np.prod(shape, dtype=object)) * dtype.itemsize
        if dtype.hasobject or not dtype.itemsize or size != len(content) - file.tell():
            raise ValueError("an array that is not what it says")
        found: NDArray[Any] = np.load(io.BytesIO(content), allow_pickle=False)
    except DAMAGE as error:
        raise ValueError(str(error)) from error
    return found


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, most: int) -> bytes:
    """One file of an archive; what it says of its size is not believed. Raises ArchiveError where it is larger."""
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError(f"{entry.filename[:80]} is compressed in a way that this lab does not read.")
    with archive.open(entry) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise ArchiveError(f"{entry.filename[:80]} is larger than {most / MB:g} MB, which no run of this lab needs.")
    return content
