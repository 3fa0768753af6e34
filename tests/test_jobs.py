"""The queue on a real cluster of one worker, which is killed and stopped. Training happens in the worker's process."""

import json
import os
import signal
import threading
import time

import pytest
from distributed import Client, LocalCluster

from mnist_lab import jobs
from mnist_lab.config import TrainConfig
from mnist_lab.jobs import Engine
from mnist_lab.prediction import Predictor
from mnist_lab.runs import RunState, RunStore

SHORT = TrainConfig(dataset="digits", train_images=200, units=(8,), epochs=1, validation_share=0.0)
LONG = SHORT.model_copy(update={"epochs": 200, "batch_size": 1})
MEDIUM = SHORT.model_copy(update={"epochs": 6, "batch_size": 1, "train_images": 1437})


def wait_until(condition, seconds=120.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def connect(cluster):
    return lambda: Client(cluster.scheduler_address, set_as_default=False)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return RunStore(tmp_path_factory.mktemp("jobs") / "runs", bundled=None)


@pytest.fixture(scope="module")
def engine(store, connect):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "WATCH_SECONDS", 0.2)
        patch.setattr(jobs, "STALE_SECONDS", 3.0)
        engine = Engine(store, connect)
        yield engine
        engine.close()


def ended(store, run, seconds=120.0):
    wait_until(lambda: store.get(run.id).state.is_over, seconds)
    return store.get(run.id)


def under_way(store, run, epochs=0):
    """Wait until the run has trained so many whole epochs, and some of the next."""
    wait_until(lambda: any(tick.position > epochs for tick in store.metrics(run.id)))


def epochs_of(store, run):
    return [tick.epoch for tick in store.metrics(run.id) if tick.ends_epoch]


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


def test_the_run_of_a_living_engine_is_left_alone_and_fails_where_there_is_no_cluster(store, engine):
    give_up = threading.Event()

    def connect_in_vain():
        give_up.wait()
        raise OSError("no scheduler there")

    other = Engine(store, connect_in_vain)
    try:
        mine = other.submit(SHORT, "mine")
        orphan = store.create(SHORT, "orphan", engine="gone")
        wait_until(lambda: store.get(orphan.id).status.engine in (engine.id, other.id))
        assert (store.get(mine.id).state, store.get(mine.id).status.engine) == (RunState.QUEUED, other.id)
        give_up.set()
        failed = ended(store, mine)
        assert failed.state is RunState.FAILED
        assert "could not be reached: no scheduler there" in failed.status.reason
    finally:
        give_up.set()
        other.close()
