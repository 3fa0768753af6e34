"""How quickly the views of the Explore page are there: python -m benchmarks.exploring [--browser]

Processor time of what each view computes and draws for an image, and of what is computed for a network once and kept.
`--browser` measures instead from a click on a view to its content in a real browser, the first time and after.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from playwright.sync_api import Page
from threadpoolctl import threadpool_limits

from benchmarks.browsing import PATIENCE, chromium, server
from benchmarks.predicting import milliseconds
from mnist_lab.datasets import load
from mnist_lab.exploring.architecture import rows
from mnist_lab.exploring.damage import Damage, left_over
from mnist_lab.exploring.network import activations, read
from mnist_lab.exploring.spaces import features, nearest, span
from mnist_lab.exploring.units import curve, effect, neuron, strongest
from mnist_lab.plots.neurons import activation_figure
from mnist_lab.runs import RunStore

RUNS = ("dense-128-dropout", "dense-1024", "small-cnn", "house-cnn")
MARKS = {
    "Activations": ".st-key-explore-unit .votes",
    "One neuron": ".steps",
    "Map": ".st-key-map-points canvas[data-drawn]",
    "Damage": ".damage",
    "Architecture": ".architecture",
}
REPEAT = 5


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


def processor_time() -> None:
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


def in_browser() -> None:
    print("| from a click to the view | first | after, median |\n| --- | ---: | ---: |")
    with server() as running, chromium() as browser:
        for run in RUNS:
            page = browser.new_page(viewport={"width": 1400, "height": 1000})
            page.goto(f"{running.url}/explore?run={run}&image=9&view=Architecture")
            page.locator(MARKS["Architecture"]).wait_for(timeout=PATIENCE)
            for view in ("Activations", "One neuron", "Map", "Damage"):
                first, *others = [open_view(page, view) for _ in range(1 + REPEAT)]
                print(f"| {run}, {view} | {first:.0f} ms | {statistics.median(others):.0f} ms |", flush=True)
            page.close()


def open_view(page: Page, view: str) -> float:
    """Milliseconds from a click on a view to its content; and back to the first view."""
    started = time.perf_counter()
    page.get_by_text(view, exact=True).click()
    page.locator(MARKS[view]).first.wait_for(timeout=PATIENCE)
    took = 1000 * (time.perf_counter() - started)
    page.get_by_text("Architecture", exact=True).click()
    page.locator(MARKS["Architecture"]).wait_for(timeout=PATIENCE)
    page.locator(MARKS[view]).first.wait_for(state="hidden", timeout=PATIENCE)
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", action="store_true", help="measure in a browser")
    in_browser() if parser.parse_args().browser else processor_time()


if __name__ == "__main__":
    main()
