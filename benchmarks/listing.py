"""How long a thousand runs take to be listed: python -m benchmarks.listing [--runs 1000].

Each run has a configuration, a status, a curve of 250 lines, and every fifth a note. "First" is for a server that has
just started; the page is the whole Compare page, with its two runs compared, without the browser.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from functools import cache
from itertools import product
from statistics import median
from typing import Any

from benchmarks.browsing import server
from benchmarks.comparing import page_runs
from mnist_lab.comparing.listing import COLUMNS, Sources, rows
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.run import RunState, Summary
from mnist_lab.store.runs import BUNDLED, RunStore
from mnist_lab.store.ticks import Tick
from mnist_lab.store.validation import validations

SUMMARY = Summary(
    test_accuracy=0.97, train_accuracy=0.98, seconds=10.0, parameters=101_770, epochs=5, model_bytes=400_000
)


def fill(store: RunStore, count: int) -> None:
    """So many finished runs of all kinds of settings."""
    evaluation = (BUNDLED / "small-cnn" / "evaluation.npz").read_bytes()
    ticks = [_tick(epoch, step) for epoch in range(1, 6) for step in range(20, 1001, 20)]
    knobs = list(product((32, 64, 128, 256, 512), (0.0, 0.2, 0.4), (0.001, 0.003, 0.01)))
    for number in range(count):
        units, dropout, rate = knobs[number % len(knobs)]
        config = TrainConfig(units=(units,), dropout=dropout, learning_rate=rate, seed=number)
        run = store.create(config, f"run {number}", "dense-128-dropout")
        store.log(run.id, *ticks)
        store.write(run.id, "evaluation.npz", evaluation)
        store.update(run.id, state=RunState.FINISHED, summary=SUMMARY)
        if number % 5 == 0:
            store.annotate(run.id, tags=("fifth",), note="every fifth")


def _tick(epoch: int, step: int) -> Tick:
    ends = True if step == 1000 else None
    return Tick(epoch, step, 1000, 0.1, 0.97, 0.001, epoch + step / 1000, ends and 0.1, ends and 0.97, 32 * step)


def timed(call: Callable[[], Any]) -> float:
    """Milliseconds that a call takes."""
    begun = time.perf_counter()
    call()
    return 1000 * (time.perf_counter() - begun)


def measure(root: str) -> dict[str, list[float]]:
    """Milliseconds of each call, the first one first, by what is called."""
    store = RunStore(root)
    read = cache(lambda run_id: validations(store.epochs(run_id)))
    sources = Sources(lambda run: read(run.id), {})
    return {
        "the listing": [timed(store.listing) for _ in range(4)],
        "all columns": [timed(lambda: rows(store.listing().runs, COLUMNS, sources)) for _ in range(4)],
        "the Compare page": page(root),
    }


def page(root: str) -> list[float]:
    """Milliseconds of the Compare page's runs, the first one first, imports left out."""
    with server(runs=root) as running:
        list(page_runs(running, "", 1))
        return [taken.clock for taken in page_runs(running, "", 5)]


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=1000)
    count = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as root:
        fill(RunStore(root, bundled=None), count)
        print(f"| {count:,} runs | first | again |\n| --- | ---: | ---: |")
        for name, (first, *again) in measure(root).items():
            print(f"| {name} | {first:.0f} ms | {median(again):.0f} ms |")


if __name__ == "__main__":
    main()
