"""How many workers help: python -m benchmarks.workers [--epochs N]

Trains a recipe alone, and as many times at once as this machine has cores; on one core each, and on all. Seconds of
training only, until the last is done, without starting TensorFlow.
"""

import argparse
import os
import statistics
import subprocess
import sys

import psutil

from benchmarks.browsing import ROOT

RECIPES = ("dense-128-dropout", "small-cnn")
ROUNDS = 2
TRAIN = """
import sys, time
from mnist_lab.config import recipes
from mnist_lab.datasets import load
from mnist_lab.training.contract import Contract
from mnist_lab.training.loop import train
config, data = recipes.get(sys.argv[1]).config, load("mnist")
train(config.model_copy(update={"epochs": 1, "train_images": 2000}), data, Contract(lambda tick: None))
print("ready", flush=True)
sys.stdin.readline()
started = time.perf_counter()
train(config.model_copy(update={"epochs": int(sys.argv[2])}), data, Contract(lambda tick: None))
print(time.perf_counter() - started)
"""


def start(recipe: str, epochs: int, threads: int) -> "subprocess.Popen[str]":
    """A process that is ready to train, and does so once it is told."""
    given = {name: str(threads) for name in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS")}
    process = subprocess.Popen(
        [sys.executable, "-c", TRAIN, recipe, str(epochs)],
        cwd=ROOT,
        env=os.environ | given | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    process.stdout.readline()
    return process


def seconds(recipe: str, epochs: int, threads: int, at_once: int) -> list[float]:
    processes = [start(recipe, epochs, threads) for _ in range(at_once)]
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    return [float(process.communicate()[0]) for process in processes]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--epochs", type=int, default=3)
    epochs = parser.parse_args().epochs
    cores = psutil.cpu_count(logical=True) or 1
    ways = {
        "alone, one core": (1, 1),
        "alone, all cores": (cores, 1),
        f"{cores} at once, one core each": (1, cores),
        f"{cores} at once, all cores each": (cores, cores),
    }
    print("| recipe |", " | ".join(ways), "|\n| --- |", "---: |" * len(ways))
    for recipe in RECIPES:
        rounds = [[max(seconds(recipe, epochs, *way)) for way in ways.values()] for _ in range(ROUNDS)]
        medians = [statistics.median(times) for times in zip(*rounds, strict=True)]
        print(f"| {recipe} |", " | ".join(f"{median:.1f} s" for median in medians), "|", flush=True)


if __name__ == "__main__":
    main()
