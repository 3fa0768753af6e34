"""Ten probabilities for an image, from a run's `model.tflite`, without TensorFlow."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Event, Lock
from typing import NamedTuple

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from mnist_lab.errors import DAMAGE, RunError
from mnist_lab.images.preprocessing import SIDE
from mnist_lab.inference.quiet import quiet

_has_spoken = Event()  # the first interpreter of a process tells which delegate it has
ROUNDING = 1e-3  # of ten probabilities together
MOST_NUMBERS = 25_000_000  # that a layer makes of a batch, 100 MB
BATCH = 500  # a whole test set in one batch spills the processor's caches and takes four times as long


class Prediction(NamedTuple):
    """What one model makes of one image: float32 (10,) probabilities in [0, 1]."""

    probabilities: NDArray[np.float32]

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of that digit, in [0, 1]."""
        return float(self.probabilities.max())


class Predictor:
    """One LiteRT model. Safe to share between threads: a lock guards the interpreter, which is not."""

    def __init__(self, model: bytes, threads: int = 1) -> None:
        """Raises RunError where `model` is no LiteRT model of a digit network."""
        with _damage_told():
            self._interpreter = Interpreter(model_content=model, num_threads=threads)
            (self._input,) = [detail["index"] for detail in self._interpreter.get_input_details()]
            (output,) = self._interpreter.get_output_details()
            self._output, self._outputs = output["index"], int(output["shape"][-1])
            self._batch = max(1, min(BATCH, MOST_NUMBERS // _largest(self._interpreter)))
        self._lock = Lock()
        self._size = 0

    @classmethod
    def load(cls, path: str | Path, threads: int = 1) -> "Predictor":
        """Read a `model.tflite` from a local path."""
        return cls(Path(path).read_bytes(), threads)

    @classmethod
    def tried(cls, model: bytes, threads: int = 1) -> "Predictor":
        """Read a run's `model.tflite`. Raises RunError where it does not answer with ten probabilities, too."""
        predictor = cls(model, threads)
        answer = predictor.probabilities(np.zeros((1, SIDE, SIDE), np.float32))
        if answer.shape != (1, 10) or not np.isclose(answer.sum(), 1.0, atol=ROUNDING):
            raise RunError("The model file is damaged: it does not answer with ten probabilities.")
        return predictor

    def predict(self, image: NDArray[np.float32]) -> Prediction:
        """The prediction for one prepared image, float32 (28, 28) in [0, 1], ink bright."""
        return Prediction(self.probabilities(image[np.newaxis])[0])

    def probabilities(self, images: NDArray[np.float32] | NDArray[np.uint8]) -> NDArray[np.float32]:
        """float32 (n, 10) for images (n, 28, 28): float32 in [0, 1], or uint8 in 0..255.

        A model of other outputs than the ten digits answers with as many columns as it has. Raises RunError where what
        it answers are no probabilities, as a damaged one may do for some images alone.
        """
        result = np.empty((len(images), self._outputs), dtype=np.float32)
        with self._lock, _damage_told():
            for start in range(0, len(images), self._batch):
                batch = images[start : start + self._batch]
                scaled = batch / np.float32(255) if batch.dtype == np.uint8 else batch
                result[start : start + self._batch] = self._invoke(scaled.astype(np.float32, copy=False))
        if not ((result >= 0) & (result <= 1 + ROUNDING)).all():  # which nan is not
            raise RunError("The model answers with what is no probability.")
        return result

    def _invoke(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        if self._size != len(batch):
            self._interpreter.resize_tensor_input(self._input, (len(batch), SIDE, SIDE), strict=True)
            with nullcontext() if _has_spoken.is_set() else quiet():
                self._interpreter.allocate_tensors()
            _has_spoken.set()
            self._size = len(batch)
        self._interpreter.set_tensor(self._input, batch)
        self._interpreter.invoke()
        return np.asarray(self._interpreter.get_tensor(self._output))


def _largest(interpreter: Interpreter) -> int:
    """The most numbers that a layer makes of one image."""
    signatures = (detail["shape_signature"] for detail in interpreter.get_tensor_details())
    return max(abs(int(np.prod(signature[1:]))) for signature in signatures if len(signature) and signature[0] == -1)


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except DAMAGE as error:
        raise RunError(f"The model file is damaged ({error}).") from error
