"""The images to learn from: where they come from, what is checked.

MNIST is looked for in this order: the folder named by `MNIST_LAB_DATA`, Keras's cache, the download that
`keras.datasets.mnist` makes. Every file found is checked against the digests of the original arrays.
"""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mnist_lab.config.settings import DatasetName
from mnist_lab.datasets.arrays import MB, unpack
from mnist_lab.errors import DatasetError, DatasetUnavailable
from mnist_lab.images.preprocessing import LONGEST, centre

MNIST_URL = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz"
MNIST_SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}

MOST_BYTES = 50 * MB  # of an array of MNIST

OnProgress = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with their labels, in a part to train on and a part for the final score only.

    Images are uint8 (n, 28, 28) in 0..255, ink bright; labels are uint8 (n,) in 0..9.
    """

    name: DatasetName
    x_train: NDArray[np.uint8]
    y_train: NDArray[np.uint8]
    x_test: NDArray[np.uint8]
    y_test: NDArray[np.uint8]

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


def load(name: DatasetName, on_progress: OnProgress | None = None) -> Dataset:
    """The dataset of that name, kept in memory once read.

    `on_progress` is called with the share in [0, 1] that a download has fetched.
    Raises DatasetUnavailable where MNIST is neither here nor to be downloaded, DatasetError where its file is damaged.
    """
    return load_digits() if name == "digits" else load_mnist(on_progress=on_progress)


def load_test_part(name: DatasetName) -> TestPart:
    """The part for the final score alone, read in a fraction of the time; nothing is downloaded.

    Raises DatasetUnavailable where MNIST is not on this machine, DatasetError where its file is damaged.
    """
    if name == "digits":
        digits = load_digits()
        return TestPart(digits.x_test, digits.y_test)
    path = find_mnist()
    if path is None:
        raise DatasetUnavailable("MNIST is not on this machine. The Train page fetches it.")
    return _read_test_part(path, path.stat().st_mtime_ns)


def load_mnist(url: str = MNIST_URL, on_progress: OnProgress | None = None) -> Dataset:
    """MNIST (Y. LeCun and C. Cortes, CC BY-SA 3.0): 60,000 training and 10,000 test images."""
    path = find_mnist()
    if path is None:
        path = _download_mnist(url, on_progress)
    return _read_mnist(path, path.stat().st_mtime_ns)


def find_mnist() -> Path | None:
    """The file that holds MNIST on this machine, or None.

    Raises DatasetUnavailable where `MNIST_LAB_DATA` is set and names no folder with a `mnist.npz`.
    """
    folder = os.environ.get("MNIST_LAB_DATA")
    if folder:
        path = Path(folder).expanduser() / "mnist.npz"
        if not path.is_file():
            raise DatasetUnavailable(f"MNIST_LAB_DATA is set to {folder}, but there is no mnist.npz in that folder.")
        return path
    path = _keras_cache()
    return path if path.is_file() else None


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


def _keras_cache() -> Path:
    home = os.environ.get("KERAS_HOME")
    return (Path(home) if home else Path.home() / ".keras") / "datasets" / "mnist.npz"


@lru_cache(maxsize=1)
def _read_mnist(path: Path, _changed: int) -> Dataset:
    return _checked_mnist(path)


@lru_cache(maxsize=1)
def _read_test_part(path: Path, _changed: int) -> TestPart:
    return TestPart(*_checked_arrays(path, ("x_test", "y_test")).values())


def _checked_mnist(path: Path) -> Dataset:
    return Dataset("mnist", **_checked_arrays(path, tuple(MNIST_SHA256)))


def _checked_arrays(path: Path, names: tuple[str, ...]) -> dict[str, NDArray[np.uint8]]:
    remedy = f"Delete {path}, and the lab downloads it anew, or set MNIST_LAB_DATA to a folder with a good mnist.npz."
    try:
        arrays = unpack(path, dict.fromkeys(names, MOST_BYTES))
    except ValueError as error:
        raise DatasetError(f"The MNIST file is damaged or incomplete ({error}). {remedy}") from error
    wrong = [name for name in names if sha256(arrays[name]) != MNIST_SHA256[name]]
    if wrong:
        raise DatasetError(f"The MNIST file does not hold MNIST: {', '.join(wrong)} differ. {remedy}")
    return arrays


def _download_mnist(url: str, on_progress: OnProgress | None) -> Path:
    """Fetch MNIST into Keras's cache; the file appears there whole and checked, or not at all."""
    import pooch
    import requests

    target = _keras_cache()
    partial = target.with_name(f"mnist.{os.getpid()}.part")
    downloader = pooch.HTTPDownloader(
        progressbar=_Progress(on_progress) if on_progress else False, chunk_size=2**16, timeout=15
    )
    pooch.get_logger().setLevel("WARNING")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DatasetUnavailable(
            f"MNIST cannot be kept in {target.parent} ({error.strerror}). Set KERAS_HOME to a folder that can be "
            "written, or MNIST_LAB_DATA to one that holds mnist.npz."
        ) from error
    try:
        pooch.retrieve(url, known_hash=None, fname=partial.name, path=partial.parent, downloader=downloader)
        _checked_mnist(partial)
        partial.replace(target)
    except (OSError, requests.RequestException) as error:
        raise DatasetUnavailable(
            f"MNIST is not on this machine and could not be downloaded ({type(error).__name__}). "
            "Connect to the network, or set MNIST_LAB_DATA to a folder that holds mnist.npz."
        ) from error
    except DatasetError as error:
        raise DatasetUnavailable(f"What was downloaded from {url} is not MNIST; it was thrown away.") from error
    finally:
        partial.unlink(missing_ok=True)
    return target


class _Progress:
    """What pooch asks of a progress bar, as calls of `on_progress`."""

    def __init__(self, on_progress: OnProgress) -> None:
        self.on_progress = on_progress
        self.total = 0
        self.fetched = 0

    def update(self, size: int) -> None:
        self.fetched += size
        if self.total:
            self.on_progress(min(self.fetched / self.total, 1.0))

    def reset(self) -> None:
        self.fetched = 0

    def close(self) -> None:
        self.on_progress(1.0)
