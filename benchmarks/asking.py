"""How soon a worker answers questions about a network: python -m benchmarks.asking [--images N]

As many workers as the lab starts here. First idle, then while each of them trains: what gradients take, how much the
trainings lose by it, and how soon they stop just after something was asked. Then what the web process works out by
itself for the same views.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import load
from mnist_lab.engine.engine import Engine
from mnist_lab.exploring.counterfactuals import flip
from mnist_lab.exploring.findings import Dreams, GradientNorms, Sweep, Why
from mnist_lab.exploring.history import images_scored, scored, told
from mnist_lab.exploring.occlusion import occlusion
from mnist_lab.exploring.questions import Question, asked
from mnist_lab.images.preprocessing import FloatImage
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks.stages import Stage
from mnist_lab.networks.stages import read as read_stages
from mnist_lab.store.run import Run
from mnist_lab.store.runs import RunStore

RUNS = ("dense-128-dropout", "small-cnn", "house-cnn", "scratch-relu-softmax", "logistic-mnist")
BUSY = TrainConfig(units=(256,), epochs=200)
SECONDS = 10.0
ASKED_ABOUT = "house-cnn"
ROUNDS = 5  # of stops
AHEAD_SECONDS = 0.3  # of the stop, a question is asked; in each round by so much more


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=8, help="asked about for each network (default: 8)")
    images = list(load("mnist").x_test[: parser.parse_args().images].astype(np.float32) / np.float32(255))
    with tempfile.TemporaryDirectory() as folder:
        store = RunStore(folder)
        engine = Engine(store)
        try:
            for name in RUNS:  # the first answer waits for TensorFlow, and for the network to be read
                engine.ask(asked(Why, name, 0, image=images[0])).result()
            print_answers("idle", engine, images)
            dreams = asked(Dreams, "house-cnn", "outputs", 0, 10, True)
            print(f"dreams of house-cnn, idle: {seconds(engine.ask, dreams):.2f} s")
            print_busy(store, engine, images)
        finally:
            engine.close()
        print_by_itself(store, images)


def print_busy(store: RunStore, engine: Engine, images: list[FloatImage]) -> None:
    """The same beside trainings, and what that means for them."""
    runs = [engine.submit(BUSY, f"busy {number}") for number in range(engine.workers())]
    while not all(store.metrics(run.id) for run in runs):
        time.sleep(0.1)
    alone = pace(store, runs, lambda: time.sleep(SECONDS))
    beside = pace(store, runs, lambda: print_answers("busy", engine, images))
    print(
        f"epochs a minute of {len(runs)} trainings: {alone:.1f} alone, {beside:.1f} while questions are answered on end"
    )
    stop(store, engine, runs)
    print_stops(store, engine, images[0])


def print_stops(store: RunStore, engine: Engine, image: FloatImage) -> None:
    """How soon trainings end that are stopped just after a question, each kind in turn."""
    questions = {
        "nothing": None,
        "a range test": asked(Sweep, ASKED_ABOUT),
        "dreams": asked(Dreams, ASKED_ABOUT, "outputs", 0, 10, True),
        "gradient norms": asked(GradientNorms, ASKED_ABOUT),
        "why": asked(Why, ASKED_ABOUT, 0, image=image),
    }
    took: dict[str, list[float]] = {kind: [] for kind in questions}
    for number in range(ROUNDS):
        for kind, question in questions.items():
            runs = [engine.submit(BUSY, f"stopped {number}") for _ in range(engine.workers())]
            while not all(store.metrics(run.id) for run in runs):
                time.sleep(0.1)
            time.sleep(1.0)  # the first ticks come while it still warms up
            answer = engine.ask(question) if question else None
            time.sleep(AHEAD_SECONDS * (number + 1))
            took[kind].append(stop(store, engine, runs))
            if answer:
                answer.result()
    for kind, times in took.items():
        print(
            f"from Stop to the end, beside {kind}: median {statistics.median(times):.2f} s, slowest {max(times):.2f} s"
        )


def stop(store: RunStore, engine: Engine, runs: list[Run]) -> float:
    """Seconds from a stop to the end of all runs, with what is saved of them."""
    began = time.perf_counter()
    for run in runs:
        engine.stop(run.id)
    while not all(store.get(run.id).state.is_over for run in runs):
        time.sleep(0.02)
    return time.perf_counter() - began


def pace(store: RunStore, runs: list[Run], meanwhile: Callable[[], None]) -> float:
    """Epochs a minute, all runs together, while something else is done."""
    before, began = sum(store.metrics(run.id)[-1].position for run in runs), time.perf_counter()
    meanwhile()
    after = sum(store.metrics(run.id)[-1].position for run in runs)
    return (after - before) / (time.perf_counter() - began) * 60


def print_answers(when: str, engine: Engine, images: list[FloatImage]) -> None:
    for name in RUNS:
        predictor = Predictor(engine.store.read(name, "model.tflite"))
        took = [seconds(engine.ask, asked(Why, name, predictor.predict(image).digit, image=image)) for image in images]
        print(f"why, {name}, {when}: median {statistics.median(took):.2f} s, slowest {max(took):.2f} s")


def seconds(ask: Callable[[Question], "Future[bytes]"], question: Question) -> float:
    began = time.perf_counter()
    ask(question).result()
    return time.perf_counter() - began


def print_by_itself(store: RunStore, images: list[FloatImage]) -> None:
    """What needs no worker, in milliseconds of processor time, the median over the images."""
    data = load("mnist")
    for name in RUNS:
        content, config = store.read(name, "model.tflite"), store.get(name).config
        predictor, stages = Predictor(content), read_stages(content, config.scaling)
        count = images_scored(config, len(data.y_test))
        calls: dict[str, Callable[[FloatImage], object]] = {
            "occlusion": partial(occlusion, predictor=predictor),
            "a stroke to add": partial(flip, predictor=predictor, add=True),
            "a stroke to take away": partial(flip, predictor=predictor, add=False),
            "what 25 epochs say": partial(told, [stages] * 25),
            f"a matrix of {count:,} images": partial(matrix, stages, data.x_test[:count], data.y_test[:count]),
        }
        found = {what: statistics.median(milliseconds(call, image) for image in images) for what, call in calls.items()}
        print(f"{name}: " + ", ".join(f"{what} {took:.0f} ms" for what, took in found.items()), flush=True)


def matrix(stages: list[Stage], images: NDArray[np.uint8], labels: NDArray[np.uint8], _: FloatImage) -> object:
    return scored(stages, images, labels).confusion_matrix


def milliseconds(call: Callable[[FloatImage], object], image: FloatImage) -> float:
    began = time.process_time()
    call(image)
    return 1000 * (time.process_time() - began)


if __name__ == "__main__":
    main()
