"""How fast networks train: python -m benchmarks.training [--only PART…]

All ratios are of times measured side by side in one run, an epoch of each side in turn: Keras's plain `fit`, the lab,
and a PyTorch DataLoader loop where PyTorch is installed.

epochs     an epoch of each recipe, and of networks at the edges of the form, by the lab and by plain `fit`
torch      dense-128-dropout by all three, and the time that its matrix multiplications alone take
learning   test accuracy of dense-128-dropout over five seeds, by the lab and by plain `fit`
reporting  the share of the time that goes into ticks, checkpoints and looking for a request to stop
first      from pressing Train in the browser to the first point on the curve, and from Stop to the end
accuracy   test accuracy over seconds: fast-cnn, best-cnn, and Keras's own convnet example by plain `fit`
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from scipy.stats import ttest_ind

from benchmarks import convnets
from benchmarks.browsing import PATIENCE, chromium, server
from mnist_lab.config import recipes
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import Dataset, load
from mnist_lab.datasets.splits import split
from mnist_lab.store.runs import RunStore

ROUNDS = 3
SEEDS = range(5)
FIRST_MODEL = recipes.get("dense-128-dropout").config
SOME = {"train_images": 6400, "validation_share": 0.0}
EDGES = {
    "no hidden layer": TrainConfig(units=(), **SOME),
    "eight layers of 64": TrainConfig(units=(64,) * 8, **SOME),
    "one layer of 4096": TrainConfig(units=(4096,), **SOME),
    "batches of 1": TrainConfig(batch_size=1, train_images=2000, validation_share=0.0),
    "one batch of all": TrainConfig(batch_size=60_000, validation_share=0.0),
    "three convolutions, batches of 32": TrainConfig(network="cnn", filters=(8, 16, 32), **SOME),
    "batch normalization": TrainConfig(units=(128, 128), batch_normalization=True, **SOME),
    "sgd": TrainConfig(optimizer="sgd", **SOME),
    "rmsprop": TrainConfig(optimizer="rmsprop", **SOME),
    "a tenth to watch": TrainConfig(train_images=20_000),
}


def by_lab(config: TrainConfig, dataset: Dataset) -> tuple[list[float], Any]:
    """Seconds of each epoch in the lab, with checkpoints and ticks as in a worker; the model."""
    from mnist_lab.training.contract import Contract
    from mnist_lab.training.loop import train

    ends: list[float] = [0.0]
    with TemporaryDirectory() as scratch:
        model, _ = train(
            config,
            dataset,
            Contract(
                lambda tick: ends.append(tick.seconds) if tick.ends_epoch else None,
                checkpoint=Path(scratch) / "last.weights.h5",
            ),
        )
    return [later - earlier for earlier, later in pairwise(ends)], model


def by_fit(config: TrainConfig, dataset: Dataset) -> tuple[list[float], Any]:
    """Seconds of each epoch with Keras's `fit` on arrays, or on a dataset that augments; the model."""
    from mnist_lab.training.keras_models import build, wants_one_hot

    parts, clock = split(dataset, config), epoch_clock()

    def targets(labels: Any) -> Any:
        return np.eye(10, dtype=np.float32)[labels] if wants_one_hot(config.loss) else labels

    model = build(config, -(-len(parts.x_train) // config.batch_size) * config.epochs)
    watched = (parts.x_validation / np.float32(255), targets(parts.y_validation)) if len(parts.x_validation) else None
    model.fit(
        *_shown(config, parts.x_train, targets(parts.y_train)),
        batch_size=None if config.augment else config.batch_size,
        epochs=config.epochs,
        validation_data=watched,
        callbacks=[clock],
        verbose=0,
    )
    return clock.seconds, model


def _shown(config: TrainConfig, images: Any, targets: Any) -> tuple[Any, ...]:
    import keras

    from mnist_lab.datasets.augmentation import augment

    if not config.augment:
        return images / np.float32(255), targets

    class Augmented(keras.utils.PyDataset):  # type: ignore[misc, unused-ignore]
        random = np.random.default_rng(0)

        def __len__(self) -> int:
            return -(-len(images) // config.batch_size)

        def __getitem__(self, number: int) -> tuple[Any, Any]:
            part = slice(number * config.batch_size, (number + 1) * config.batch_size)
            return augment(images[part], self.random), targets[part]

    return (Augmented(),)


def epoch_clock() -> Any:
    """A Keras callback that keeps the seconds of each epoch."""
    import keras

    class EpochClock(keras.callbacks.Callback):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.seconds: list[float] = []

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.began = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.seconds.append(time.perf_counter() - self.began)

    return EpochClock()


def second_epoch(side: Callable[..., tuple[list[float], Any]], config: TrainConfig, dataset: Dataset) -> float:
    """Seconds of an epoch when all is warm."""
    return side(config.model_copy(update={"epochs": 2}), dataset)[0][1]


def epochs() -> None:
    """Print an epoch of each recipe and of the networks at the edges, by both sides."""
    data = {name: load(name) for name in ("mnist", "digits")}
    configs = {name: recipe.config for name, recipe in recipes.RECIPES.items()} | EDGES
    print("| network | plain fit | the lab | times faster |\n| --- | ---: | ---: | ---: |")
    for name, config in configs.items():
        if config.network == "logistic":
            continue
        if config.network == "cnn":
            config = config.model_copy(update={**SOME, "pens": False})
        times = [[second_epoch(side, config, data[config.dataset]) for side in (by_fit, by_lab)] for _ in range(ROUNDS)]
        fit, lab = (statistics.median(side) for side in zip(*times, strict=True))
        print(f"| {name} | {fit:.2f} s | {lab:.2f} s | {fit / lab:.1f} |", flush=True)


def torch() -> None:
    """Print an epoch of dense-128-dropout by all that are installed, and the bound."""
    dataset = load("mnist")
    sides: dict[str, Callable[[], float]] = {
        "plain fit": lambda: second_epoch(by_fit, FIRST_MODEL, dataset),
        "the lab": lambda: second_epoch(by_lab, FIRST_MODEL, dataset),
    }
    if find_spec("torch"):
        sides["PyTorch, DataLoader"] = lambda: _in_a_process("benchmarks.torch_epoch")
    sides["the matrix multiplications alone"] = lambda: multiplications(FIRST_MODEL, len(dataset.x_train))
    times: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS):
        for name, side in sides.items():
            times[name].append(side())
    lab = statistics.median(times["the lab"])
    print("| dense-128-dropout, an epoch | seconds | of the lab's |\n| --- | ---: | ---: |")
    for name, seconds in times.items():
        median = statistics.median(seconds)
        print(f"| {name} | {median:.2f} | {median / lab:.2f} |")


def _in_a_process(module: str) -> float:
    done = subprocess.run([sys.executable, "-m", module], capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def multiplications(config: TrainConfig, images: int) -> float:
    """Seconds of an epoch's matrix multiplications in NumPy: forward, and both gradients of each dense layer."""
    sizes = [784, *config.units, 10]
    batch = config.batch_size
    random = np.random.default_rng(0)
    layers = [
        tuple(random.normal(size=shape).astype(np.float32) for shape in ((batch, i), (i, o), (batch, o)))
        for i, o in pairwise(sizes)
    ]
    started = time.perf_counter()
    for _ in range(images // batch):
        for number, (x, weights, gradient) in enumerate(layers):
            x @ weights, x.T @ gradient
            if number:
                gradient @ weights.T
    return time.perf_counter() - started


def learning() -> None:
    """Print test accuracies over five seeds by both sides, and how likely such a difference is by luck."""
    dataset = load("mnist")
    images = dataset.x_test / np.float32(255)
    accuracies: dict[str, list[float]] = {"plain fit": [], "the lab": []}
    for seed in SEEDS:
        for name, side in zip(accuracies, (by_fit, by_lab), strict=True):
            _, model = side(FIRST_MODEL.model_copy(update={"seed": seed}), dataset)
            answers = model.predict(images, batch_size=1000, verbose=0).argmax(axis=1)
            accuracies[name].append(float((answers == dataset.y_test).mean()))
    print("| dense-128-dropout, five seeds | mean test accuracy | standard deviation |\n| --- | ---: | ---: |")
    for name, values in accuracies.items():
        print(f"| {name} | {statistics.mean(values):.2%} | {statistics.stdev(values):.2%} |")
    print(f"\nWelch's t-test: p = {ttest_ind(*accuracies.values(), equal_var=False).pvalue:.2f}")


def reporting() -> None:
    """Print the share of a worker's training that is spent outside of training."""
    from mnist_lab.engine.worker import execute
    from mnist_lab.training import loop

    spent: list[float] = []
    for method in ("go_on", "end_epoch"):
        setattr(loop.Course, method, _timed(getattr(loop.Course, method), spent))
    with TemporaryDirectory() as scratch:
        store = RunStore(scratch, bundled=None)
        run = execute(store, store.create(FIRST_MODEL, "reporting").id)
        ticks, epochs = store.metrics(run.id), run.config.epochs
    print("| reporting | |\n| --- | ---: |")
    print(f"| ticks in an epoch of {ticks[-1].seconds / epochs:.2f} s | {len(ticks) / epochs:.1f} |")
    print(f"| share of the time for ticks, checkpoints and requests | {sum(spent) / ticks[-1].seconds:.1%} |")


def _timed(method: Callable[..., Any], spent: list[float]) -> Callable[..., Any]:
    def timed(*arguments: Any) -> Any:
        started = time.perf_counter()
        try:
            return method(*arguments)
        finally:
            spent.append(time.perf_counter() - started)

    return timed


def first() -> None:
    """Print how long people wait for the first point, and for the end after they pressed Stop."""
    points_after, ends_after = [], []
    with server(workers=True) as running, chromium() as browser:
        page = browser.new_page()
        page.goto(f"{running.url}/train?epochs=100")
        train_button = page.get_by_role("button", name="Train", exact=True)
        points = page.locator("[class*=st-key-job-] .js-plotly-plot")
        for _ in range(1 + ROUNDS):  # the first also waits for the workers
            train_button.wait_for(timeout=PATIENCE)
            started = time.perf_counter()
            train_button.click()
            points.first.wait_for(timeout=PATIENCE)
            points_after.append(time.perf_counter() - started)
            page.wait_for_timeout(3000)
            started = time.perf_counter()
            page.get_by_role("button", name="Stop", exact=True).click()
            points.first.wait_for(state="detached", timeout=PATIENCE)
            ends_after.append(time.perf_counter() - started)
    print(f"| in the browser, median of {ROUNDS}, with warm workers | seconds |\n| --- | ---: |")
    print(f"| from Train to the first point | {statistics.median(points_after[1:]):.2f} |")
    print(f"| from Stop to the end, evaluation included | {statistics.median(ends_after[1:]):.2f} |")


PARTS: dict[str, Callable[[], None]] = {
    "epochs": epochs,
    "torch": torch,
    "learning": learning,
    "reporting": reporting,
    "first": first,
    "accuracy": convnets.main,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS))
    for part in parser.parse_args().only:
        PARTS[part]()
        print(flush=True)


if __name__ == "__main__":
    main()
