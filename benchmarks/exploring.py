"""What the views of the Explore page compute: python -m benchmarks.exploring

Processor time of what each view computes and draws for an image, and of what is computed for a network once and kept.
How soon that is on the screen, `benchmarks.viewing` measures; how soon workers answer, `benchmarks.asking`.
"""

import time
from collections.abc import Callable

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.predicting import milliseconds
from mnist_lab.config.damage import Damage
from mnist_lab.datasets.mnist import load
from mnist_lab.exploring.architecture import rows
from mnist_lab.exploring.damage import left_over
from mnist_lab.exploring.spaces import features, nearest, span
from mnist_lab.exploring.units import curve, effect, neuron, strongest
from mnist_lab.networks.stages import activations, read
from mnist_lab.plots.neurons import activation_figure
from mnist_lab.store.runs import RunStore

RUNS = ("dense-128-dropout", "dense-1024", "small-cnn", "house-cnn")
Calls = dict[str, Callable[[], object]]


def calls(name: str) -> tuple[Calls, Calls]:
    """What is computed once for a run, and what each view computes for an image."""
    store, data = RunStore("runs"), load("mnist")
    content, config = store.read(name, "model.tflite"), store.get(name).config
    stages, image = read(content, config.scaling), data.x_test[:1].astype(np.float32) / np.float32(255)
    values, last = activations(stages, image), len(stages) - 2
    number = next(number for number, stage in enumerate(stages) if stage.has_units)
    space = span(features(stages, last, data.x_test))

    def draw_neuron() -> object:
        found = neuron(stages, values, number, 3)
        return activation_figure(*curve(stages[number], found), here=(found.sum, found.value)).to_json()

    once: Calls = {
        "read the network": lambda: read(content, config.scaling),
        "the strongest test images of the first layer": lambda: strongest(stages, data.x_test, number),
        "the map of the last layer": lambda: span(features(stages, last, data.x_test)),
    }
    views: Calls = {
        "Activations": lambda: effect(stages, activations(stages, image), number, 3),
        "One neuron": draw_neuron,
        "Map": lambda: nearest(space.places, space.place(features(stages, last, image))[0]),
        "Damage": lambda: left_over(content, config, Damage(off=0.3, bits=5, noise=0.2), data),
        "Architecture": lambda: rows(config),
    }
    return once, views


def main() -> None:
    print("| milliseconds of processor time | " + " | ".join(RUNS) + " |\n| --- |" + " ---: |" * len(RUNS))
    found = [calls(name) for name in RUNS]
    threadpool_limits(1)  # as the page does for what takes long
    for what, measure in enumerate((once_milliseconds, milliseconds)):
        for name in found[0][what]:
            cells = [f"{measure(of_run[what][name]):,.1f}" for of_run in found]
            print(f"| {'once: ' if what == 0 else ''}{name} | {' | '.join(cells)} |", flush=True)


def once_milliseconds(call: Callable[[], object]) -> float:
    started = time.process_time()
    call()
    return 1000 * (time.process_time() - started)


if __name__ == "__main__":
    main()
