"""Score the bundled runs as a worker does at the end of a run: python -m benchmarks.scores [--pen-digits].

Writes `pen_accuracy` and `prediction_seconds` into their summaries and prints them. `--pen-digits` first makes anew the
digits that all runs are scored on (`mnist_lab/pen-digits.npz`) from the pen strokes in `MNIST_LAB_DATA`, which is
needed whenever preprocessing changes.
"""

import sys

import numpy as np

from mnist_lab import pens
from mnist_lab.prediction import Predictor
from mnist_lab.runs import BUNDLED, RunStore
from mnist_lab.scoring import pen_accuracy, prediction_seconds


def write_pen_digits() -> None:
    digits = [digit for digit in pens.load() if digit.writer in pens.TEST_WRITERS]
    images, labels = pens.as_drawn(digits)
    np.savez_compressed(pens.SHARED_TEST, images=images, labels=labels)


def main() -> None:
    if "--pen-digits" in sys.argv:
        write_pen_digits()
    store = RunStore(BUNDLED, bundled=None)
    for run in store.listing().runs:
        assert run.summary
        model = store.read(run.id, "model.tflite")
        changes = {
            "pen_accuracy": pen_accuracy(Predictor(model, threads=2), [run.config]),
            "prediction_seconds": round(prediction_seconds(model), 7),
        }
        store.update(run.id, summary=run.summary.model_copy(update=changes))
        print(f"{run.id}: {changes}")


if __name__ == "__main__":
    main()
