"""Test accuracy over seconds of training: fast-cnn, best-cnn, and Keras's documented convnet example by plain `fit`.

The example is `keras.io/examples/vision/mnist_convnet`: 34,826 parameters, 15 epochs, a tenth held back. The time that
watching the test set takes is left out. Nothing is chosen by these accuracies.
"""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np

from mnist_lab.config import recipes
from mnist_lab.datasets.mnist import Dataset, load
from mnist_lab.store.ticks import Tick

GOAL = 0.99


class Point(NamedTuple):
    """Test accuracy in [0, 1] after an epoch, and the seconds of training up to then."""

    seconds: float
    accuracy: float


class Watch:
    """Notes the test accuracy after each epoch, and how long that took."""

    def __init__(self, dataset: Dataset, model: Any) -> None:
        self.points: list[Point] = []
        self._images, self._labels = dataset.x_test / np.float32(255), dataset.y_test
        self._model = model
        self._watching = 0.0

    def note(self, seconds: float) -> None:
        """The epoch ended `seconds` after the start, watching included."""
        started = time.perf_counter()
        answers = self._model.predict(self._images, batch_size=1000, verbose=0).argmax(axis=1)
        self.points.append(Point(seconds - self._watching, float((answers == self._labels).mean())))
        self._watching += time.perf_counter() - started


def keras_example(dataset: Dataset) -> Watch:
    """Keras's own example, by `fit`, with its settings."""
    import keras

    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Conv2D(64, (3, 3), activation="relu"),
            layers.MaxPooling2D((2, 2)),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "categorical_crossentropy", metrics=["accuracy"])
    watch = Watch(dataset, model)
    began = time.perf_counter()
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: watch.note(time.perf_counter() - began))
    images, targets = dataset.x_train[..., None] / np.float32(255), np.eye(10, dtype=np.float32)[dataset.y_train]
    model.fit(images, targets, batch_size=128, epochs=15, validation_split=0.1, callbacks=[note], verbose=0)
    return watch


def recipe(name: str) -> Callable[[Dataset], Watch]:
    """A training of the lab, watched through its checkpoints."""

    def trained(dataset: Dataset) -> Watch:
        from mnist_lab.training import loop
        from mnist_lab.training.contract import Contract
        from mnist_lab.training.keras_models import build

        config = recipes.get(name).config
        observer = build(config)
        observer.optimizer.build(observer.trainable_variables)
        watch = Watch(dataset, observer)
        loop.SECONDS_BETWEEN_CHECKPOINTS = 0.0
        with TemporaryDirectory() as scratch:
            checkpoint = Path(scratch) / "last.weights.h5"

            def report(tick: Tick) -> None:
                if tick.ends_epoch:
                    observer.load_weights(checkpoint)
                    watch.note(tick.seconds)

            loop.train(config, dataset, Contract(report, checkpoint=checkpoint))
        return watch

    return trained


MODELS = {"Keras's example": keras_example, "fast-cnn": recipe("fast-cnn"), "best-cnn": recipe("best-cnn")}


def main() -> None:
    """Train the three and print their curves, and when each reached the goal."""
    dataset = load("mnist")
    curves = {name: model(dataset).points for name, model in MODELS.items()}
    print(f"| | seconds to {GOAL:.1%} | seconds in all | test accuracy at the end |\n| --- | ---: | ---: | ---: |")
    for name, points in curves.items():
        reached = next((f"{point.seconds:.1f}" for point in points if point.accuracy >= GOAL), "never")
        print(f"| {name} | {reached} | {points[-1].seconds:.1f} | {points[-1].accuracy:.2%} |")
    print("\n| epoch |", " | ".join(curves), "|\n| ---: |", "---: |" * len(curves))
    for epoch in range(max(map(len, curves.values()))):
        cells = [
            f"{points[epoch].accuracy:.2%} at {points[epoch].seconds:.1f} s" if epoch < len(points) else ""
            for points in curves.values()
        ]
        print(f"| {epoch + 1} |", " | ".join(cells), "|")


if __name__ == "__main__":
    main()
