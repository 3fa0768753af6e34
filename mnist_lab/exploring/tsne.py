"""t-SNE (van der Maaten and Hinton 2008) in a process of its own, which steps back behind everybody else.

It takes a minute or so. `python -m mnist_lab.exploring.tsne` reads the points as an .npy of so many bytes, their number
in eight bytes before it, and writes their places in two dimensions as an .npy. It ends with its
input, since the process that asked is then gone.
"""

import io
import os
import subprocess
import sys
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.datasets.arrays import array
from mnist_lab.errors import MnistLabError
from mnist_lab.inference.priority import step_back

MOST = 4000  # points: twice as many take more than twice as long
ROUNDS = 500


def flatten(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """The places, float32 (n, 2), of points (n, d). Raises MnistLabError where the process that works ends early."""
    command = [sys.executable, "-m", "mnist_lab.exploring.tsne"]
    content = to_bytes(points)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603
        assert process.stdin
        assert process.stdout
        process.stdin.write(len(content).to_bytes(8, "big") + content)
        process.stdin.flush()  # and left open: its end tells that no one waits any more
        answer = process.stdout.read()
    if not answer:
        raise MnistLabError("The map could not be computed. Is there enough memory?")
    return array(answer)


def to_bytes(places: NDArray[Any]) -> bytes:
    """An array as an .npy."""
    buffer = io.BytesIO()
    np.save(buffer, places)
    return buffer.getvalue()


def _end_with_input() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main() -> None:
    """Read, work, write."""
    step_back()
    points = array(sys.stdin.buffer.read(int.from_bytes(sys.stdin.buffer.read(8), "big")))
    threading.Thread(target=_end_with_input, daemon=True).start()
    from sklearn.manifold import TSNE

    flat = TSNE(2, init="pca", max_iter=ROUNDS, random_state=0, n_jobs=1).fit_transform(points)
    sys.stdout.buffer.write(to_bytes(flat.astype(np.float32)))
    sys.stdout.buffer.flush()
    os._exit(0)  # a thread still waits for the end of the input


if __name__ == "__main__":
    main()
