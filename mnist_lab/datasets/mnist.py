"""The images to learn from: where they come from, what is checked.

MNIST comes with the lab. What is read is checked against the digests of the original arrays.
"""

import hashlib
import logging
import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from platformdirs import user_cache_path

from mnist_lab.config.settings import DatasetName
from mnist_lab.datasets import files
from mnist_lab.datasets.arrays import MB, unpack
from mnist_lab.datasets.pens import Drawings
from mnist_lab.errors import DatasetError
from mnist_lab.images.preprocessing import LONGEST, centre

log = logging.getLogger(__name__)

FILE = "mnist.npz"
MNIST_SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}

MOST_BYTES = 50 * MB  # of an array of MNIST


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with their labels, in a part to train on and a part for the final score only.

    Images are uint8 (n, 28, 28) in 0..255, ink bright; labels are uint8 (n,) in 0..9. All that is `beside` it is learnt
    from, too.
    """

    name: DatasetName
    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]
    beside: Drawings | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over all four arrays, as 64 hexadecimal digits."""
        return sha256(self.x_train, self.y_train, self.x_test, self.y_test)


class TestPart(NamedTuple):
    """The images and labels of a dataset's part for the final score: uint8 (n, 28, 28) and uint8 (n,)."""

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]


def sha256(*arrays: NDArray[np.uint8]) -> str:
    """SHA-256 of the arrays' bytes in C order."""
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def load(name: DatasetName) -> Dataset:
    """The dataset of that name, kept in memory once read. Raises DatasetError where its file is damaged."""
    return load_digits() if name == "digits" else load_mnist()


def load_test_part(name: DatasetName) -> TestPart:
    """The part for the final score alone, read in a fraction of the time. Raises DatasetError where it is damaged."""
    if name == "digits":
        digits = load_digits()
        return TestPart(digits.x_test, digits.y_test)
    return _read_test_part(*files.found(FILE))


def load_mnist() -> Dataset:
    """MNIST (Y. LeCun and C. Cortes, CC BY-SA 3.0): 60,000 training and 10,000 test images. Raises DatasetError."""
    return _read_mnist(*files.found(FILE))


def load_data() -> tuple[tuple[NDArray[np.uint8], NDArray[np.uint8]], tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """MNIST as `keras.datasets.mnist.load_data` returns it, for the scripts that the lab prints."""
    data = load_mnist()
    return (data.x_train, data.y_train), (data.x_test, data.y_test)


@lru_cache(maxsize=1)
def load_digits() -> Dataset:
    """scikit-learn's 8 x 8 digits (UCI optdigits, E. Alpaydin and C. Kaynak, CC BY 4.0), brought to MNIST's shape.

    Each is scaled up to 20 x 20 and centred by mass in 28 x 28. 1,437 train and 360 test images, the split fixed.
    """
    from sklearn.datasets import load_digits as load_bunch

    bunch = load_bunch()
    images = np.stack([_enlarge(image) for image in bunch.images])
    x_train, x_test, y_train, y_test = split_digits(images, bunch.target.astype(np.uint8))
    return Dataset("digits", x_train, y_train, x_test, y_test)


def split_digits(images: NDArray[Any], labels: NDArray[Any]) -> list[NDArray[Any]]:
    """scikit-learn's digits, in its order, as training images, test images, training labels and test labels."""
    from sklearn.model_selection import train_test_split

    parts: list[NDArray[Any]] = train_test_split(images, labels, test_size=360, random_state=0, stratify=labels)
    return parts


def _enlarge(image: NDArray[np.float64]) -> NDArray[np.uint8]:
    grey = Image.fromarray((image / 16.0).astype(np.float32))
    enlarged = np.asarray(grey.resize((LONGEST, LONGEST), Image.Resampling.BILINEAR), dtype=np.float32)
    return np.round(centre(enlarged) * 255.0).astype(np.uint8)


@lru_cache(maxsize=1)
def _read_mnist(path: Path, _changed: int) -> Dataset:
    x_train, y_train, x_test, y_test = _arrays(path, tuple(MNIST_SHA256)).values()
    return Dataset("mnist", x_train, y_train, x_test, y_test)


@lru_cache(maxsize=1)
def _read_test_part(path: Path, _changed: int) -> TestPart:
    return TestPart(*_arrays(path, ("x_test", "y_test")).values())


def _arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[np.uint8]]:
    return _shared(names) if path == files.BUNDLED / FILE else _unpacked(path, names)


def _shared(names: tuple[str, ...]) -> dict[str, NDArray[np.uint8]]:
    """Arrays of the bundled MNIST, read-only, in memory that all processes of this user share.

    They lie unpacked in the user's cache, 55 MB, and in the memory of this process alone where they can't be kept.
    """
    cache = user_cache_path("mnist-lab") / f"mnist-{MNIST_SHA256['x_train'][:8]}"
    try:
        return _mapped(cache, names)
    except (OSError, ValueError):  # not there yet, or damaged
        every = _unpacked(files.BUNDLED / FILE, tuple(MNIST_SHA256))
    try:
        _keep(cache, every)
        return _mapped(cache, names)
    except (OSError, ValueError) as error:
        log.info("MNIST is not shared with other processes: %s", error)
        return {name: every[name] for name in names}


def _mapped(cache: Path, names: tuple[str, ...]) -> dict[str, NDArray[np.uint8]]:
    arrays = {name: np.asarray(np.load(cache / f"{name}.npy", mmap_mode="r", allow_pickle=False)) for name in names}
    if wrong := _wrong(arrays):
        raise ValueError(f"{wrong} in {cache} is not MNIST's")
    return arrays


def _keep(cache: Path, arrays: dict[str, NDArray[np.uint8]]) -> None:
    """Put arrays into the cache, all at once."""
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent) as fresh:
        for name, array in arrays.items():
            np.save(Path(fresh, f"{name}.npy"), array)
        shutil.rmtree(cache, ignore_errors=True)
        Path(fresh).rename(cache)


def _unpacked(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[np.uint8]]:
    try:
        arrays = unpack(path, dict.fromkeys(names, MOST_BYTES))
    except ValueError as error:
        raise DatasetError(f"The MNIST file {path} is damaged or incomplete ({error}). {files.REMEDY}") from error
    if wrong := _wrong(arrays):
        raise DatasetError(f"The file {path} does not hold MNIST: {wrong} differs. {files.REMEDY}")
    return arrays


def _wrong(arrays: dict[str, NDArray[np.uint8]]) -> str:
    """The names of those that are not MNIST's."""
    return ", ".join(name for name, array in arrays.items() if sha256(array) != MNIST_SHA256[name])
