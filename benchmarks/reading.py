"""How well the bundled models read what people draw: python -m benchmarks.reading [--json] [MODEL…].

The digits are pen digits of writers that no bundled model has learnt from, drawn as on the page's canvas.
The page's setting is a canvas of 280 pixels and a pen of 20.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config import recipes
from mnist_lab.datasets import pens
from mnist_lab.datasets.mnist import load_mnist
from mnist_lab.datasets.pens import PenDigit
from mnist_lab.images.preprocessing import ALL_STEPS, SIDE, Step, prepare
from mnist_lab.images.strokes import draw, resized
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED, RunStore

Images = NDArray[np.float32]

AS_IT_IS: frozenset[Step] = frozenset()
LARGE, SMALL, CORNER = 0.8, 0.25, (0.16, 0.16)


def prepared(images: Sequence[NDArray[np.uint8] | Images], steps: frozenset[Step] = ALL_STEPS) -> Images:
    """float32 (n, 28, 28) in [0, 1], ink bright: what the models see of each drawing."""
    seen = [prepare(image, steps) for image in images]
    return np.stack([np.zeros((SIDE, SIDE), np.float32) if image is None else image for image in seen])


SETTINGS: dict[str, Callable[[list[PenDigit]], Images]] = {
    "drawn, pen 20": lambda digits: prepared([draw(digit.strokes) for digit in digits]),
    "drawn, stroke width left out": lambda digits: prepared(
        [draw(digit.strokes) for digit in digits], ALL_STEPS - {Step.STROKE_WIDTH}
    ),
    "drawn, just resized": lambda digits: prepared([draw(digit.strokes) for digit in digits], AS_IT_IS),
    "drawn, pen 10": lambda digits: prepared([draw(digit.strokes, pen_width=10) for digit in digits]),
    "drawn, pen 40": lambda digits: prepared([draw(digit.strokes, pen_width=40) for digit in digits]),
    "drawn large, pen 10": lambda digits: prepared(
        [draw(resized(digit.strokes, LARGE), pen_width=10) for digit in digits]
    ),
    "drawn large, pen 20": lambda digits: prepared([draw(resized(digit.strokes, LARGE)) for digit in digits]),
    "drawn large, pen 40": lambda digits: prepared(
        [draw(resized(digit.strokes, LARGE), pen_width=40) for digit in digits]
    ),
    "drawn small in a corner, pen 10": lambda digits: prepared(
        [draw(resized(digit.strokes, SMALL, CORNER), pen_width=10) for digit in digits]
    ),
}


def measure(names: Sequence[str]) -> dict[str, Any]:
    """The accuracies, in [0, 1], of each model in each setting, and the writers whose digits were read."""
    house = recipes.get("house-cnn").config
    parts = pens.split_by_writer(pens.load(), house.held_out_writers, house.seed)
    labels = np.array([digit.label for digit in parts.held_out])
    mnist = load_mnist()
    seen = {setting: images(parts.held_out) for setting, images in SETTINGS.items()}
    mnist_prepared = prepared(list(mnist.x_test))
    rows = {}
    for name in names:
        model = Predictor.load(BUNDLED / name / "model.tflite", threads=2)
        rows[name] = {
            "MNIST test": _accuracy(model, mnist.x_test, mnist.y_test),
            "MNIST test, prepared": _accuracy(model, mnist_prepared, mnist.y_test),
            **{setting: _accuracy(model, images, labels) for setting, images in seen.items()},
        }
    return {
        "writers_held_out": sorted({digit.writer for digit in parts.held_out}),
        "digits": len(labels),
        "accuracy": rows,
    }


def markdown(result: dict[str, Any]) -> str:
    """The measurement as a Markdown table, one column a model."""
    rows = result["accuracy"]
    settings = next(iter(rows.values()))
    lines = ["| | " + " | ".join(rows) + " |", "| --- |" + " ---: |" * len(rows)]
    for setting in settings:
        lines.append(f"| {setting} | " + " | ".join(f"{100 * row[setting]:.2f} %" for row in rows.values()) + " |")
    writers = ", ".join(map(str, result["writers_held_out"]))
    return "\n".join(
        [*lines, "", f"Drawn: {result['digits']} pen digits of the writers {writers}, whom no bundled model has seen."]
    )


def _accuracy(model: Predictor, images: Images | NDArray[np.uint8], labels: NDArray[Any]) -> float:
    return float((model.probabilities(images).argmax(axis=1) == labels).mean())


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help="bundled runs (default: all of them)")
    parser.add_argument("--json", action="store_true", help="answer with JSON")
    options = parser.parse_args()
    bundled = [run.id for run in RunStore(BUNDLED, bundled=None).listing().runs]
    result = measure(options.models or sorted(bundled))
    sys.stdout.write((json.dumps(result, indent=2) if options.json else markdown(result)) + "\n")


if __name__ == "__main__":
    main()
