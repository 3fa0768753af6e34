"""The data files that come with the lab, and the folder `MNIST_LAB_DATA` for others in their place."""

import os
from pathlib import Path

from mnist_lab.errors import DatasetError

BUNDLED = Path(__file__).parent / "bundled"
REMEDY = (
    "Set MNIST_LAB_DATA to a folder with a good file of that name, or unset it: the lab comes with its own. Where that "
    "one is the damaged one, install the lab again."
)


def found(name: str, *others: str) -> tuple[Path, int]:
    """The file of one of those names in the folder `MNIST_LAB_DATA`, or else the bundled one, and its time (ns).

    Raises DatasetError where the variable names no folder.
    """
    asked = os.environ.get("MNIST_LAB_DATA")
    folder = Path(asked).expanduser() if asked else BUNDLED
    if not folder.is_dir():
        raise DatasetError(f"MNIST_LAB_DATA is set to {asked}, which is no folder. Set it to one, or unset it.")
    path = next((folder / each for each in (name, *others) if (folder / each).is_file()), BUNDLED / name)
    return path, path.stat().st_mtime_ns
