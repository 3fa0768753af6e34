"""The queue on a real cluster of one worker, which is killed and stopped. Training happens in the worker's process."""

import json
import os
import signal
import threading
import time

import pytest

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.engine import Engine
from mnist_lab.errors import ConfigError, RunError
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import RunStore
from mnist_lab.store.trash import Trash
from tests.conftest import ended, epochs_of, under_way, wait_until

SHORT = TrainConfig(dataset="digits", train_images=200, units=(8,), epochs=1, validation_share=0.0)
LONG = SHORT.model_copy(update={"epochs": 200, "batch_size": 1})
MEDIUM = SHORT.model_copy(update={"epochs": 6, "batch_size": 1, "train_images": 1437})


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return RunStore(tmp_path_factory.mktemp("jobs") / "runs", bundled=None)


@pytest.fixture(scope="module")
def engine(store, connect):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mnist_lab.engine.engine.WATCH_SECONDS", 0.2)
        patch.setattr("mnist_lab.engine.liveness.STALE_SECONDS", 3.0)
        engine = Engine(store, connect)
        yield engine
        engine.close()


def test_what_is_submitted_is_trained_in_order(store, engine):
    runs = [engine.submit(SHORT, f"run {number}", recipe="short") for number in (1, 2, 3)]
    assert {run.state for run in runs} == {RunState.QUEUED}
    done = [ended(store, run) for run in runs]
    assert [run.state for run in done] == [RunState.FINISHED] * 3
    starts = [run.status.started for run in done]
    assert starts == sorted(starts)
    assert done[0].status.ended <= done[1].status.started


def test_a_running_and_a_waiting_run_are_stopped(store, engine):
    running, waiting = engine.submit(LONG, "running"), engine.submit(SHORT, "waiting")
    under_way(store, running)
    engine.stop(waiting.id)
    stopped = ended(store, waiting, seconds=5)
    assert (stopped.state, stopped.summary, store.metrics(waiting.id)) == (RunState.STOPPED, None, [])
    assert not store.get(running.id).state.is_over
    engine.stop(running.id)
    assert ended(store, running, seconds=30).state is RunState.STOPPED
    assert Predictor(store.read(running.id, "model.tflite"))
    assert 0.0 <= store.get(running.id).summary.test_accuracy <= 1.0


@pytest.mark.slow
def test_a_run_whose_worker_is_killed_goes_on(store, engine, connect):
    run = engine.submit(MEDIUM, "killed")
    under_way(store, run, epochs=2)
    with connect() as client:
        (pid,) = client.run(os.getpid).values()
    os.kill(pid, signal.SIGKILL)
    done = ended(store, run)
    assert (done.state, done.status.attempts) == (RunState.FINISHED, 2)
    assert epochs_of(store, run) == [1, 2, 3, 4, 5, 6]
    assert done.summary.epochs == 6


def test_owners_take_turns_and_what_is_moved_comes_first(store, engine):
    blocker = engine.submit(LONG, "blocker", owner="ann")
    under_way(store, blocker)
    anns = [engine.submit(SHORT, f"ann {number}", owner="ann") for number in (1, 2, 3)]
    ben = engine.submit(SHORT, "ben 1", owner="ben")
    store.move_to_front(anns[2].id)
    engine.remove(anns[0].id)
    engine.stop(blocker.id)
    done = [ended(store, run) for run in (anns[1], anns[2], ben)]
    by_start = sorted(done, key=lambda run: run.status.started)
    assert [run.name for run in by_start] == ["ben 1", "ann 3", "ann 2"]
    assert anns[0].id not in store.folder.names()


def test_a_stop_comes_soon(store, engine):
    run = engine.submit(LONG, "to be stopped")
    under_way(store, run, epochs=1)
    asked = time.time()
    engine.stop(run.id)
    stopped = ended(store, run)
    assert (stopped.state, stopped.summary.epochs) == (RunState.STOPPED, len(epochs_of(store, run)))
    assert stopped.status.ended - asked < 5.0  # a fraction of it on an idle machine: see benchmarks.training


@pytest.mark.slow
def test_two_engines_on_one_store_and_scheduler_share_the_line(store, engine, connect):
    other = Engine(store, connect)
    try:
        runs = [(engine, other)[number % 2].submit(SHORT, f"shared {number}") for number in range(4)]
        done = [ended(store, run) for run in runs]
        assert {run.state for run in done} == {RunState.FINISHED}
        assert [run.status.attempts for run in done] == [1] * 4
        assert [epochs_of(store, run) for run in done] == [[1]] * 4
        assert [run.status.started for run in done] == sorted(run.status.started for run in done)
    finally:
        other.close()


@pytest.fixture(scope="module")
def parent(store, engine):
    return ended(store, engine.submit(SHORT.model_copy(update={"epochs": 5, "learning_rate": 0.02}), "parent"))


def test_a_run_goes_on_in_another_with_its_weights_and_its_lineage(store, engine, parent):
    child = ended(store, engine.go_on(parent, {"epochs": "2", "learning_rate": 0.0001}))
    assert (child.asked.parent, child.config.epochs, child.config.learning_rate) == (parent.id, 2, 0.0001)
    assert epochs_of(store, child) == [1, 2]
    begun, *_, before = (tick for tick in store.metrics(parent.id) if tick.ends_epoch)
    went_on = next(tick for tick in store.metrics(child.id) if tick.ends_epoch)
    assert went_on.loss < before.loss + 0.1 < begun.loss
    assert [run.id for run in store.lineage(child)] == [parent.id]


def test_what_would_be_another_network_cannot_go_on(store, engine, parent):
    with pytest.raises(ConfigError, match=r"units: .* keeps its network"):
        engine.go_on(parent, {"units": "16"})
    with pytest.raises(RunError, match="has no model"):
        engine.go_on(store.create(SHORT, "waiting"), {})


def left_behind(store, name, **status):
    """A run as an engine leaves it that died a minute ago."""
    run = store.create(SHORT, name, engine="gone")
    asked = json.loads(store.read(run.id, "config.json")) | {"created": time.time() - 60}
    store.write(run.id, "config.json", json.dumps(asked).encode())
    if status:
        store.update(run.id, **status)
    return run


def test_what_a_dead_engine_left_is_taken_over(store, engine):
    minute_ago = time.time() - 60
    queued = left_behind(store, "queued orphan")
    running = left_behind(
        store, "running orphan", state=RunState.RUNNING, attempts=1, started=minute_ago, heartbeat=minute_ago
    )
    assert (ended(store, queued).state, store.get(queued.id).status.attempts) == (RunState.FINISHED, 1)
    assert (ended(store, running).state, store.get(running.id).status.attempts) == (RunState.FINISHED, 2)
    assert {store.get(run.id).status.engine for run in (queued, running)} == {engine.id}


@pytest.mark.slow
def test_what_no_engine_has_is_taken_up_and_a_heartbeat_from_the_future_counts_once(store, engine):
    begun, hour_ahead = time.time(), time.time() + 3600
    never_begun = store.create(SHORT, "its maker was killed")
    ahead = left_behind(store, "clock ahead", state=RunState.RUNNING, attempts=1, started=hour_ahead, sent=hour_ahead)
    store.update(ahead.id, heartbeat=hour_ahead)
    store.folder.write(".engines/gone", str(hour_ahead).encode())
    assert (ended(store, never_begun).state, store.get(never_begun.id).status.attempts) == (RunState.FINISHED, 1)
    assert (ended(store, ahead).state, store.get(ahead.id).status.attempts) == (RunState.FINISHED, 2)
    assert store.get(ahead.id).status.ended - begun > 3.0  # of its last sign of life, as of every other


@pytest.mark.parametrize(
    "status",
    [
        {"engine": None},
        {"state": RunState.RUNNING, "attempts": 1, "heartbeat": 1.7e9, "sent": 1.7e9},
        {"state": RunState.RUNNING, "attempts": 1, "heartbeat": 3.9e9, "sent": 3.9e9},
        {"sent": 1.7e9},
    ],
    ids=["never begun", "worker gone", "worker gone, clock ahead", "on its way for ever"],
)
def test_what_nobody_trains_can_be_ended_and_deleted_also_without_a_cluster(tmp_path, monkeypatch, status):
    monkeypatch.setattr("mnist_lab.engine.liveness.STALE_SECONDS", 0.2)
    store = RunStore(tmp_path / "runs", bundled=None)
    run = left_behind(store, "stuck", **status)

    def connect():
        raise OSError("no scheduler there")

    engine = Engine(store, connect)
    try:
        assert not store.get(run.id).state.is_over
        engine.is_trained(store.get(run.id))  # as the page asks: it is then that a clock ahead is seen
        time.sleep(0.3)
        assert not engine.is_trained(store.get(run.id))
        engine.stop(run.id)
        assert store.get(run.id).state is RunState.STOPPED
        Trash(store).put(store.get(run.id))
        assert store.listing() == ([], {})
    finally:
        engine.close()


def test_what_somebody_trains_is_only_asked_to_stop(tmp_path, connect):
    store = RunStore(tmp_path / "runs", bundled=None)
    run = store.create(SHORT, "by the command line")
    store.update(run.id, state=RunState.RUNNING, attempts=1, heartbeat=time.time())
    engine = Engine(store, connect)
    try:
        engine.stop(run.id)
        assert store.get(run.id).state is RunState.STOPPING
    finally:
        engine.close()


def test_what_is_over_stays_as_it_ended_whoever_asks_for_a_stop(store, engine, parent):
    engine.stop(parent.id)
    assert store.get(parent.id) == parent


def test_where_there_is_no_cluster_runs_wait_and_the_reason_is_told(tmp_path, connect):
    store, there = RunStore(tmp_path / "runs", bundled=None), threading.Event()

    def connect_later():
        if there.is_set():
            return connect()
        raise OSError("no scheduler there")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mnist_lab.engine.engine.WATCH_SECONDS", 0.2)
        engine = Engine(store, connect_later)
        try:
            run = engine.submit(SHORT, "waits")
            wait_until(lambda: engine.problem)
            assert "cannot be reached (no scheduler there)" in engine.problem
            assert store.get(run.id).is_waiting
            there.set()
            assert ended(store, run).state is RunState.FINISHED
            assert engine.problem is None
        finally:
            engine.close()
