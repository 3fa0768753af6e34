"""Train recipes on all of MNIST and put the runs into mnist_lab/bundled: python -m benchmarks.bundle RECIPE…"""

import sys
import tempfile

from mnist_lab.config import recipes
from mnist_lab.engine.worker import execute
from mnist_lab.reports.reproduction import bundle
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import RunStore


def main(name: str) -> None:
    """Train one recipe and replace the bundled run of that name."""
    with tempfile.TemporaryDirectory() as scratch:
        store = RunStore(scratch, bundled=None)
        run = store.create(recipes.get(name).config, name, recipe=name)
        run = execute(store, run.id, on_tick=lambda tick: print(tick) if tick.ends_epoch else None)
        if run.state is not RunState.FINISHED:
            sys.exit(f"{name}: {run.status.reason}")
        bundle(store, run, name)
        print(name, run.summary)


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        main(argument)
