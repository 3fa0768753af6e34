"""What libraries written in C read, damaged: in a process of its own, which knows no error but those of the lab."""

import io
import random
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from mnist_lab.errors import MnistLabError
from mnist_lab.images.preprocessing import prepare, read_image
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks.stages import activations, of_run
from mnist_lab.store.runs import BUNDLED, RunStore
from tests.conftest import ROOT

pytestmark = pytest.mark.slow

RUN = BUNDLED / "scratch-sigmoid-mse"
MODEL = (RUN / "model.tflite").read_bytes()
CONFIG = RunStore(BUNDLED, bundled=None).get(RUN.name).config
IMAGES = np.random.default_rng(0).random((3, 28, 28), np.float32)
FLIPS, MEMORY = 1000, 8 * 10**9  # bytes of addresses
SECONDS = 120


def _weights() -> bytes:
    with zipfile.ZipFile(RUN / "model.keras") as archive:
        return archive.read("model.weights.h5")


def _picture(kind: str) -> bytes:
    content = io.BytesIO()
    Image.fromarray(np.uint8(255 * IMAGES[0])).convert("RGB").save(content, kind)
    return content.getvalue()


def answers(content: bytes) -> None:
    found = Predictor.tried(content).probabilities(IMAGES)
    assert ((found >= 0) & (found < 1.01)).all()


def stages(content: bytes) -> None:
    assert np.isfinite(activations(of_run(CONFIG, content), np.zeros((1, 28, 28), np.float32))[-1]).all()


def true_biases(content: bytes) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("model.weights.h5", content)
    of_run(CONFIG, MODEL, archive.getvalue())


def picture(content: bytes) -> None:
    image = prepare(read_image(io.BytesIO(content)))
    assert np.shape(image) in ((), (28, 28))


READERS: dict[str, tuple[Callable[[], bytes], Callable[[bytes], None]]] = {
    "model.tflite, to answer": (lambda: MODEL, answers),
    "model.tflite, its stages": (lambda: MODEL, stages),
    "model.weights.h5": (_weights, true_biases),
    "a PNG": (lambda: _picture("PNG"), picture),
    "a JPEG": (lambda: _picture("JPEG"), picture),
    "a WebP": (lambda: _picture("WEBP"), picture),
    "a GIF": (lambda: _picture("GIF"), picture),
}


def main(name: str) -> None:
    """Read a file again and again with other bits flipped; any error but the lab's own ends the process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    make, read = READERS[name]
    content, dice, told = make(), random.Random(name), 0
    read(content)
    for _ in range(FLIPS):
        damaged = bytearray(content)
        for _ in range(dice.randint(1, 3)):
            damaged[dice.randrange(len(damaged))] ^= 1 << dice.randrange(8)
        try:
            read(bytes(damaged if dice.random() < 0.9 else damaged[: dice.randrange(len(damaged))]))
        except MnistLabError:
            told += 1
    print(told)


@pytest.mark.parametrize("name", READERS)
def test_a_flipped_bit_makes_what_is_written_in_c_say_so_or_does_not_matter(name):
    command = [sys.executable, "-m", "tests.networks.test_damaged_models", name]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr[-2000:]
    assert 0 < int(done.stdout) <= FLIPS


if __name__ == "__main__":
    main(sys.argv[1])
