"""Choose when to say that a drawing is no digit: python -m benchmarks.rejection [--fit] [--json] [MODEL].

The thresholds are fitted on the pen digits of half of the writers held out, and judged on those of the other half, on
scribbles, on letters and on two digits side by side, all drawn as on the page's canvas. Run it with --fit after the
house model is bundled anew: what it writes lies beside that model.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab import pens, recipes
from mnist_lab.config import TrainConfig
from mnist_lab.datasets import load_mnist
from mnist_lab.pens import PenDigit, Stroke, draw, place
from mnist_lab.prediction import Predictor
from mnist_lab.preprocessing import FloatImage, prepare
from mnist_lab.rejection import (
    PLANES,
    THRESHOLDS,
    Doubt,
    Thresholds,
    fit_planes,
    fitted_planes,
    fitted_thresholds,
    likeness,
)
from mnist_lab.runs import BUNDLED

REFUSED = 0.015  # of the real digits; of those of other writers it should then be no more than 2 %
UNSURE = 0.015  # more of the real digits, by each of the two signs
DRAWINGS = 500  # of each kind that is no digit
MNIST_DIGITS = 16_000  # about as many as there are drawings of pen digits
DIMENSIONS = 15

# letters that look like no digit, as polylines between points of a grid 2 wide and 4 high, y down
LETTERS: dict[str, list[list[tuple[float, float]]]] = {
    "A": [[(0, 4), (1, 0), (2, 4)], [(0.4, 2.5), (1.6, 2.5)]],
    "E": [[(2, 0), (0, 0), (0, 4), (2, 4)], [(0, 2), (1.6, 2)]],
    "F": [[(2, 0), (0, 0), (0, 4)], [(0, 2), (1.6, 2)]],
    "H": [[(0, 0), (0, 4)], [(2, 0), (2, 4)], [(0, 2), (2, 2)]],
    "K": [[(0, 0), (0, 4)], [(2, 0), (0, 2), (2, 4)]],
    "M": [[(0, 4), (0, 0), (1.2, 2), (2.4, 0), (2.4, 4)]],
    "N": [[(0, 4), (0, 0), (2, 4), (2, 0)]],
    "R": [[(0, 4), (0, 0), (1.5, 0.2), (2, 1), (1.5, 1.9), (0, 2), (2, 4)]],
    "T": [[(0, 0), (2.4, 0)], [(1.2, 0), (1.2, 4)]],
    "V": [[(0, 0), (1, 4), (2, 0)]],
    "W": [[(0, 0), (0.7, 4), (1.4, 1), (2.1, 4), (2.8, 0)]],
    "X": [[(0, 0), (2, 4)], [(2, 0), (0, 4)]],
}


class Signs(NamedTuple):
    """What the verdict looks at, float64 (n,) each: confidence in [0, 1] and unlikeness from 0 up; and the answers."""

    confidence: NDArray[np.float64]
    unlikeness: NDArray[np.float64]
    answers: NDArray[np.int64]

    def shares(self, thresholds: Thresholds) -> dict[str, float]:
        """The share in [0, 1] of each verdict."""
        refused = self.unlikeness > thresholds.digit_to
        unsure = ~refused & ((self.unlikeness > thresholds.sure_to) | (self.confidence < thresholds.sure_from))
        counts = {Doubt.SURE: ~refused & ~unsure, Doubt.NOT_SURE: unsure, Doubt.NOT_A_DIGIT: refused}
        return {doubt.value: float(mask.mean()) for doubt, mask in counts.items()}


def scribble(random: np.random.Generator) -> tuple[Stroke, ...]:
    """A long line that wanders: the sum of a few random waves each way."""
    time = np.linspace(0.0, 1.0, 150)[:, None, None]
    waves = np.sin(2 * np.pi * (time * random.uniform(0.5, 5.0, (1, 2, 3)) + random.uniform(0, 1, (1, 2, 3))))
    return place([(waves * random.uniform(0.3, 1.0, (1, 2, 3))).sum(axis=2).astype(np.float32)], 0.6)


def letter(random: np.random.Generator) -> tuple[Stroke, ...]:
    """One of the letters, unsteadily written and slanted."""
    lines = LETTERS[sorted(LETTERS)[random.integers(len(LETTERS))]]
    slant = random.uniform(-0.2, 0.2)
    strokes = [np.array(line, np.float32) + random.normal(0, 0.12, (len(line), 2)) for line in lines]
    return place([(stroke @ np.array([[1.0, 0.0], [-slant, 1.0]])).astype(np.float32) for stroke in strokes], 0.6)


def two_digits(digits: Sequence[PenDigit], random: np.random.Generator) -> tuple[Stroke, ...]:
    """Two pen digits side by side."""
    first, second = random.choice(len(digits), 2)
    left, right = (0.3, 0.5), (0.7, 0.5)
    return place(digits[first].strokes, 0.4, left) + place(digits[second].strokes, 0.4, right)


def signs(images: Sequence[FloatImage], model: Predictor, planes: NDArray[np.float32]) -> Signs:
    """What the verdict sees of prepared images."""
    probabilities = model.probabilities(np.stack(images))
    unlikeness = [likeness(image, planes).unlikeness for image in images]
    return Signs(probabilities.max(axis=1), np.array(unlikeness), probabilities.argmax(axis=1))


def kinds(held_out: Sequence[PenDigit], seed: int) -> dict[str, list[FloatImage]]:
    """Prepared drawings of what is no digit, and MNIST's own digits prepared the same way."""
    random = np.random.default_rng(seed)
    drawn = {
        "scribbles": [scribble(random) for _ in range(DRAWINGS)],
        "letters": [letter(random) for _ in range(DRAWINGS)],
        "two digits": [two_digits(held_out, random) for _ in range(DRAWINGS)],
    }
    mnist = [seen(image) for image in load_mnist().x_train[-DRAWINGS:]]
    return {"MNIST digits": mnist} | {kind: [seen(draw(each)) for each in drawings] for kind, drawings in drawn.items()}


def seen(drawing: NDArray[np.uint8]) -> FloatImage:
    """What the models see of a drawing that is not blank."""
    image = prepare(drawing)
    assert image is not None
    return image


def planes_from(house: TrainConfig) -> NDArray[np.float32]:
    """The planes of what the house model learns from: MNIST's first digits, prepared, and its pen digits."""
    learned, _ = pens.drawings(house.held_out_writers, house.seed)
    mnist = load_mnist()
    prepared = np.stack([np.round(seen(image) * 255.0).astype(np.uint8) for image in mnist.x_train[:MNIST_DIGITS]])
    images, labels = (
        np.concatenate([prepared, learned.images]),
        np.concatenate([mnist.y_train[:MNIST_DIGITS], learned.labels]),
    )
    return fit_planes(images, labels, DIMENSIONS)


def thresholds_from(real: Signs) -> Thresholds:
    """The thresholds that doubt so many of these real digits and no more."""
    return Thresholds(
        digit_to=float(np.quantile(real.unlikeness, 1.0 - REFUSED)),
        sure_to=float(np.quantile(real.unlikeness, 1.0 - REFUSED - UNSURE)),
        sure_from=float(np.quantile(real.confidence, UNSURE)),
    )


def measure(name: str, fit: bool, seed: int = 0) -> dict[str, Any]:
    """What the verdict says of each kind of drawing; with `fit`, after the planes and thresholds are made anew."""
    house = recipes.get("house-cnn").config
    model = Predictor.load(BUNDLED / name / "model.tflite", threads=2)
    held_out = pens.split_by_writer(pens.load(), house.held_out_writers, house.seed).held_out
    halves = pens.split_by_writer(held_out, house.held_out_writers // 2, seed)
    if fit:
        np.save(PLANES, planes_from(house).astype(np.float16))
    fitted, judged = (signs([seen(draw(digit.strokes)) for digit in half], model, fitted_planes()) for half in halves)
    if fit:
        THRESHOLDS.write_text(thresholds_from(fitted).model_dump_json(indent=2) + "\n", encoding="utf-8")
    thresholds = fitted_thresholds()
    labels = np.array([digit.label for digit in halves.held_out])
    wrong = Signs(*(values[judged.answers != labels] for values in judged))
    others = {kind: signs(images, model, fitted_planes()) for kind, images in kinds(halves.held_out, seed).items()}
    return {
        "model": name,
        "thresholds": thresholds.model_dump(),
        "writers_fitted": sorted({digit.writer for digit in halves.learned}),
        "writers_judged": sorted({digit.writer for digit in halves.held_out}),
        "share": {
            kind: found.shares(thresholds)
            for kind, found in {"digits of other writers": judged, "those read wrong": wrong, **others}.items()
            if len(found.answers)
        },
    }


def markdown(result: dict[str, Any]) -> str:
    """The measurement as text with a Markdown table."""
    thresholds = ", ".join(f"{name} {value:.3g}" for name, value in result["thresholds"].items())
    lines = [
        f"{result['model']}: {thresholds}; fitted on writers {result['writers_fitted']}, judged on writers "
        f"{result['writers_judged']}",
        "",
        "| drawn | " + " | ".join(Doubt) + " |",
        "| --- |" + " ---: |" * len(Doubt),
    ]
    for kind, shares in result["share"].items():
        lines.append(f"| {kind} | " + " | ".join(f"{100 * shares[doubt]:.1f} %" for doubt in Doubt) + " |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", default="house-cnn", metavar="MODEL", help="a bundled run")
    parser.add_argument("--fit", action="store_true", help="make the planes and the thresholds anew first")
    parser.add_argument("--json", action="store_true", help="answer with JSON")
    options = parser.parse_args()
    result = measure(options.model, options.fit)
    sys.stdout.write((json.dumps(result, indent=2) if options.json else markdown(result)) + "\n")


if __name__ == "__main__":
    main()
