"""How often a drawing is said to be no digit: python -m benchmarks.rejection [--fit] [--json] [MODEL].

With --fit the rejector is trained first, and written beside the house model: on MNIST's training digits and those of
the pen writers that the house model has learnt from, and on the drawings of `benchmarks.nondigits` to learn from. It is
judged on the other writers' digits, on MNIST's test images, and on kinds of drawings that it never saw. From where on
it says "no digit" was chosen on MNIST's last training digits, which it has not learnt from either.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import nondigits
from benchmarks.nondigits import Strokes
from mnist_lab.config import recipes
from mnist_lab.datasets import pens
from mnist_lab.datasets.augmentation import augment
from mnist_lab.datasets.mnist import load_mnist
from mnist_lab.datasets.pens import PenDigit, draw_somehow
from mnist_lab.images.preprocessing import FloatImage, prepare
from mnist_lab.images.strokes import draw
from mnist_lab.inference.neighbours import Neighbours
from mnist_lab.inference.predictor import Prediction, Predictor
from mnist_lab.inference.rejection import REJECTOR, Doubt, verdict
from mnist_lab.store.runs import BUNDLED

DRAWINGS = 500  # of each kind that is no digit, to judge by
NO_DIGITS = 20_000  # to learn from
MNIST_DIGITS = 55_000
NARROW = (0.5, 1.35)  # how much wider than written a digit to learn from may be drawn
EPOCHS = 8
BATCH = 128

Images = NDArray[np.uint8]


def fit(path: Path) -> None:
    """Train the rejector and write it as LiteRT model."""
    import keras

    from mnist_lab.training.loop import export_litert

    keras.utils.set_random_seed(0)
    random = np.random.default_rng(0)
    house = recipes.get("house-cnn").config
    learned = pens.split_by_writer(pens.load(), house.held_out_writers, house.seed).learned
    digits = np.concatenate(
        [
            as_bytes(map(seen, load_mnist().x_train[:MNIST_DIGITS])),
            as_bytes(seen(draw_somehow(widened(digit, random), random)) for digit in learned for _ in range(3)),
        ]
    )
    others = as_bytes(seen(draw_somehow(nondigits.to_learn(learned, random), random)) for _ in range(NO_DIGITS))
    often = len(digits) // len(others) // 2  # two digits for each that is none
    images = np.concatenate([digits, *[others] * often])
    labels = np.arange(len(images)) >= len(digits)
    model = network()
    steps = len(images) // BATCH
    rate = keras.optimizers.schedules.CosineDecay(1e-3, EPOCHS * steps)
    model.compile(keras.optimizers.Adam(rate), "binary_crossentropy", metrics=["accuracy"])
    for epoch in range(EPOCHS):
        order = random.permutation(len(images))
        for places in np.array_split(order, steps):
            loss, accuracy = model.train_on_batch(augment(images[places], random), labels[places].astype(np.float32))
        sys.stderr.write(f"epoch {epoch + 1} of {EPOCHS}: loss {loss:.4f}, accuracy {accuracy:.4f}\n")
    export_litert(model, path)


def network() -> Any:
    """A small convolutional network from float32 (n, 28, 28) in [0, 1] to the probability of being no digit (n, 1)."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            layers.Input((28, 28)),
            layers.Reshape((28, 28, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(48, 3, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(48, activation="relu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


def widened(digit: PenDigit, random: np.random.Generator) -> Strokes:
    """The strokes of a digit made narrower or wider."""
    factor = np.exp(random.uniform(*np.log(NARROW)))
    return tuple(stroke * np.array([factor, 1.0], dtype=np.float32) for stroke in digit.strokes)


def seen(drawing: NDArray[np.uint8]) -> FloatImage:
    """What the models see of a drawing that is not blank."""
    image = prepare(drawing)
    assert image is not None
    return image


def as_bytes(images: Any) -> Images:
    """Prepared images, each float32 (28, 28) in [0, 1], as uint8 (n, 28, 28) in 0..255."""
    return np.stack([np.round(image * 255.0).astype(np.uint8) for image in images])


def measure(name: str, seed: int = 0) -> dict[str, Any]:
    """The share in [0, 1] of each verdict, for each kind of drawing."""
    house = recipes.get("house-cnn").config
    model = Predictor.load(BUNDLED / name / "model.tflite", threads=2)
    mnist = load_mnist()
    written = pens.split_by_writer(pens.load(), house.held_out_writers, house.seed).held_out
    random = np.random.default_rng(seed)

    def drawn(make: Callable[[], Strokes]) -> list[FloatImage]:
        return [seen(draw(make())) for _ in range(DRAWINGS)]

    digits = {
        "digits of other writers": ([seen(draw(digit.strokes)) for digit in written], [each.label for each in written]),
        "MNIST's test digits": ([seen(image) for image in mnist.x_test], mnist.y_test.tolist()),
    }
    others = {
        "MNIST's last training digits": [seen(image) for image in mnist.x_train[MNIST_DIGITS:]],
        "scribbles": drawn(lambda: nondigits.scribble(random)),
        "letters": drawn(lambda: nondigits.any_of(nondigits.JUDGED, random)),
        "two digits": drawn(lambda: nondigits.two_digits(written, random)),
    }
    neighbours = Neighbours(mnist)
    shares: dict[str, dict[str, float]] = {}
    for kind, (images, labels) in digits.items():
        predictions = [model.predict(image) for image in images]
        verdicts = verdicts_of(images, predictions)
        wrong = np.array([each.digit for each in predictions]) != np.array(labels)
        agree = np.array([agreeing(neighbours, *pair) for pair in zip(images, predictions, strict=True)])
        shares[kind] = share(verdicts)
        shares[f"{kind}: read wrong"] = share(verdicts[wrong])
        shares[f"{kind}: the eight nearest images agree"] = share(verdicts[agree])
    shares |= {kind: share(verdicts_of(images, map(model.predict, images))) for kind, images in others.items()}
    return {"model": name, "writers": sorted({digit.writer for digit in written}), "share": shares}


def verdicts_of(images: Sequence[FloatImage], predictions: Any) -> NDArray[np.str_]:
    """The verdict of each prepared image."""
    return np.array([verdict(prediction, image) for prediction, image in zip(predictions, images, strict=True)])


def agreeing(neighbours: Neighbours, image: FloatImage, prediction: Prediction) -> bool:
    """Whether the training images that the page would show all have the label that the network says."""
    return all(one.label == prediction.digit for one in neighbours.nearest(image))


def share(verdicts: NDArray[np.str_]) -> dict[str, float]:
    """The share in [0, 1] of each verdict, and how many there are."""
    return {doubt.value: float((verdicts == doubt.value).mean()) for doubt in Doubt} | {"drawings": len(verdicts)}


def markdown(result: dict[str, Any]) -> str:
    """The measurement as text with a Markdown table."""
    lines = [
        f"{result['model']}, writers {result['writers']}",
        "",
        "| drawn | drawings | " + " | ".join(Doubt) + " |",
        "| --- | ---: |" + " ---: |" * len(Doubt),
    ]
    for kind, shares in result["share"].items():
        cells = " | ".join(f"{100 * shares[doubt]:.1f} %" for doubt in Doubt)
        lines.append(f"| {kind} | {shares['drawings']:,} | {cells} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("model", nargs="?", default="house-cnn", metavar="MODEL", help="a bundled run")
    parser.add_argument("--fit", action="store_true", help="train the rejector again first")
    parser.add_argument("--json", action="store_true", help="answer with JSON")
    options = parser.parse_args()
    if options.fit:
        fit(REJECTOR)
    result = measure(options.model)
    sys.stdout.write((json.dumps(result, indent=2) if options.json else markdown(result)) + "\n")


if __name__ == "__main__":
    main()
