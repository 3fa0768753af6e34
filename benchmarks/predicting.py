"""What an answer costs the server: python -m benchmarks.predicting

Processor time of preparing a drawing, of one prediction by the house model, of 30 predictions by ten models (every
drawing to every bundled model in turn) and of an occlusion map.
"""

import time
from collections.abc import Callable
from itertools import cycle, islice

from mnist_lab.datasets import pens
from mnist_lab.exploring.occlusion import occlusion
from mnist_lab.images.preprocessing import prepare
from mnist_lab.images.strokes import draw
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import DEFAULT_MODEL, RunStore

REPEAT = 30


def milliseconds(call: Callable[[], object]) -> float:
    """Processor time of one call, all threads together, the mean of REPEAT calls after one that warms up."""
    call()
    started = time.process_time()
    for _ in range(REPEAT):
        call()
    return 1000 * (time.process_time() - started) / REPEAT


def main() -> None:
    store = RunStore("runs")
    bundled = [run.id for run in store.listing().runs if run.bundled]
    models = [Predictor(store.read(name, "model.tflite")) for name in islice(cycle(bundled), 10)]
    house = Predictor(store.read(DEFAULT_MODEL, "model.tflite"))
    drawings = [draw(digit.strokes) for digit in pens.load()[:3]]
    seen = [image for drawing in drawings if (image := prepare(drawing)) is not None]
    calls: dict[str, Callable[[], object]] = {
        "prepare a drawing of 280 x 280": lambda: prepare(drawings[0]),
        "one prediction by house-cnn": lambda: house.predict(seen[0]),
        "30 predictions by ten models": lambda: [model.predict(image) for model in models for image in seen],
        "an occlusion map with house-cnn": lambda: occlusion(seen[0], house),
    }
    print("| measure | processor time |\n| --- | --- |")
    for name, call in calls.items():
        print(f"| {name} | {milliseconds(call):.2f} ms |")


if __name__ == "__main__":
    main()
