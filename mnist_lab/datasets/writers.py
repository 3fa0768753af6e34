"""Who wrote MNIST's images: the numbers that NIST gave to the writers, by way of QMNIST (Yadav and Bottou 2019)."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets import files
from mnist_lab.datasets.arrays import MB, unpack
from mnist_lab.errors import DatasetError

FILE = "mnist-writers.npz"
FIRST_STUDENT = 2100  # high-school students; before them come employees of the census bureau


@lru_cache(maxsize=1)
def of_the_test_images() -> NDArray[np.int16]:
    """The writer of each of MNIST's test images, int16 (10000,): 297 people, none of whom wrote a training image.

    Raises DatasetError where the file is damaged.
    """
    path = files.BUNDLED / FILE
    try:
        writers = unpack(path, {"test": MB})["test"]
        if writers.shape != (10_000,) or writers.dtype != np.int16:
            raise ValueError("it does not hold a number for each test image")
    except ValueError as error:
        raise DatasetError(f"{path} is damaged ({error}). Install the lab again.") from error
    return writers
