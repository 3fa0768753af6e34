"""What all visitors of a server share."""

from mnist_lab.config import TrainConfig
from mnist_lab.runs import RunState, RunStore, Tick
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
