"""What all visitors of a server share."""

import os
import subprocess
import sys

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import RunStore
from mnist_lab.store.ticks import Tick
from mnist_lab.ui import resources


def test_the_curve_of_a_run_that_has_just_ended_is_whole(tmp_path, monkeypatch):
    store = RunStore(tmp_path)
    monkeypatch.setattr(resources, "store", lambda: store)
    run = store.create(TrainConfig(epochs=1), "a run")
    ticks = [Tick(1, step, 2, 0.5, 0.5, 0.1, 1.0) for step in (1, 2)]
    monkeypatch.setattr(resources.time, "monotonic", lambda: 1e6)  # all within one second
    store.log(run.id, ticks[0])
    assert resources.ticks(run) == ticks[:1]
    store.log(run.id, ticks[1])
    store.update(run.id, state=RunState.FINISHED)
    assert resources.ticks(store.get(run.id)) == ticks


def test_a_server_that_is_warm_multiplies_with_one_thread():
    script = (
        "from threadpoolctl import threadpool_info; from mnist_lab.ui import resources\n"
        "threads = lambda: {library['num_threads'] for library in threadpool_info()}\n"
        "resources.prepare(resources.np.eye(28, dtype='float32')); before = threads()\n"
        "resources._read_once(); print(max(before), max(threads()))"
    )
    free = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    free |= {"OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", script], env=free, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["2", "1"]
