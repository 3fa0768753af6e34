"""What must not lose anything: killed processes, too little memory, a full disk, on a real cluster of this machine."""

import hashlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from distributed import Client

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine import cluster
from mnist_lab.engine.engine import MOST_ATTEMPTS, Engine
from mnist_lab.errors import StoreError
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import RunStore
from tests.conftest import ended, epochs_of, under_way, wait_until

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SHORT = TrainConfig(dataset="digits", train_images=200, units=(8,), epochs=1, validation_share=0.0)
MEDIUM = SHORT.model_copy(update={"epochs": 5, "batch_size": 1, "train_images": 1437})
LARGE = SHORT.model_copy(update={"units": (4096,) * 8, "epochs": 3})
WEB_PROCESS = """
import sys, threading
import mnist_lab.engine.engine as engines
import mnist_lab.engine.liveness as liveness
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.runs import RunStore

if __name__ == "__main__":
    engines.WATCH_SECONDS, liveness.STALE_SECONDS = 0.3, 4.0
    engine = engines.Engine(RunStore(sys.argv[1], bundled=None))
    for text in sys.argv[2:]:
        print(engine.submit(TrainConfig.model_validate_json(text), "left behind").id, flush=True)
    threading.Event().wait()
"""


@pytest.fixture(scope="module")
def address():
    """A cluster as the lab starts it: one worker, with 1.4 GB of memory."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_LAB_WORKERS", "1")
        patch.setenv("MNIST_LAB_MEMORY", "1400MB")
        client = cluster.connect()
        yield client.cluster.scheduler_address
        workers = client.cluster
        client.close()
        workers.close()


@pytest.fixture
def lab(address, monkeypatch):
    """Start an engine on a store; it is closed at the end."""
    monkeypatch.setattr("mnist_lab.engine.engine.WATCH_SECONDS", 0.2)
    monkeypatch.setattr("mnist_lab.engine.liveness.STALE_SECONDS", 3.0)
    monkeypatch.setattr("mnist_lab.engine.engine.HUNG_SECONDS", 5.0)
    engines = []

    def start(store):
        engines.append(Engine(store, lambda: Client(address, set_as_default=False)))
        return engines[-1]

    yield start
    for engine in engines:
        engine.close()


@pytest.fixture
def disk(tmp_path):
    """A small disk of its own, which a test may fill or make read-only; the function that mounts it so."""
    path = tmp_path / "disk"
    path.mkdir()

    def mount(*options):
        done = subprocess.run(["mount", *options, str(path)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"mounting a disk is not permitted here: {done.stderr.strip()}")
        return path

    mount("-t", "tmpfs", "-o", "size=4m", "tmpfs")
    yield mount
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def digests(store, run):
    folder = Path(store.folder.path, run.id)
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def web_process(folder, *configs):
    """A process with an engine and a cluster of its own, and the ids of the runs that it queues."""
    script = folder / "web.py"
    script.write_text(WEB_PROCESS)
    process = subprocess.Popen(
        [sys.executable, str(script), str(folder / "runs"), *(config.model_dump_json() for config in configs)],
        env=os.environ | {"PYTHONPATH": str(ROOT), "MNIST_LAB_WORKERS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout
    return process, [process.stdout.readline().strip() for _ in configs]


def test_what_a_killed_web_process_left_two_others_finish_each_run_once_and_no_process_is_left(tmp_path):
    store = RunStore(tmp_path / "runs", bundled=None)
    first, ids = web_process(tmp_path, MEDIUM, SHORT, SHORT)
    runs = [store.get(run_id) for run_id in ids]
    under_way(store, runs[0], epochs=1)
    children = psutil.Process(first.pid).children(recursive=True)
    assert [store.get(run.id).state for run in runs] == [RunState.RUNNING, RunState.QUEUED, RunState.QUEUED]
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    psutil.wait_procs(children, timeout=30)
    assert not [child for child in children if child.is_running()]
    others = [web_process(tmp_path)[0] for _ in range(2)]
    try:
        done = [ended(store, run) for run in runs]
        assert [run.state for run in done] == [RunState.FINISHED] * 3
        assert [run.status.attempts for run in done] == [2, 1, 1]
        assert epochs_of(store, runs[0]) == [1, 2, 3, 4, 5]
    finally:
        children = [child for one in others for child in psutil.Process(one.pid).children(recursive=True)]
        for one in others:
            one.terminate()
            one.wait()
        psutil.wait_procs(children, timeout=30)
    assert not [child for child in children if child.is_running()]


def test_a_run_that_needs_too_much_memory_fails_with_the_reason_and_the_next_one_is_trained(lab, store):
    engine = lab(store)
    large, small = engine.submit(LARGE, "large"), engine.submit(SHORT, "small")
    failed = ended(store, large)
    assert (failed.state, failed.status.attempts) == (RunState.FAILED, 1)
    assert "more than the 1.4 GB of memory" in failed.status.reason
    assert ended(store, small).state is RunState.FINISHED
    assert store.get(large.id) == failed


def test_a_run_whose_worker_hangs_goes_on_in_a_new_one(lab, store, address):
    engine = lab(store)
    run = engine.submit(MEDIUM, "hangs")
    under_way(store, run, epochs=1)
    with Client(address, set_as_default=False) as client:
        (pid,) = client.run(os.getpid).values()
    os.kill(pid, signal.SIGSTOP)
    done = ended(store, run)
    assert (done.state, done.status.attempts) == (RunState.FINISHED, 2)
    assert epochs_of(store, run) == [1, 2, 3, 4, 5]
    wait_until(lambda: not psutil.pid_exists(pid))


def test_a_run_whose_worker_was_killed_ends_with_the_bytes_of_an_unbroken_one(lab, store, address):
    engine, config = lab(store), MEDIUM.model_copy(update={"dropout": 0.5, "units": (32,)})
    killed = engine.submit(config, "killed")
    under_way(store, killed, epochs=1)
    with Client(address, set_as_default=False) as client:
        (pid,) = client.run(os.getpid).values()
    os.kill(pid, signal.SIGKILL)
    done, whole = (ended(store, run, seconds=300.0) for run in (killed, engine.submit(config, "whole")))
    assert done.status.attempts > 1
    assert store.read(done.id, "model.tflite") == store.read(whole.id, "model.tflite")
    one, other = (
        [tick._replace(seconds=0.0) for tick in store.metrics(run.id) if tick.ends_epoch] for run in (done, whole)
    )
    assert one == other


def test_on_a_full_disk_a_run_fails_with_the_reason_and_what_is_saved_stays(lab, disk):
    folder = disk("-o", "remount,rw")
    store = RunStore(folder / "runs", bundled=None)
    engine = lab(store)
    saved = ended(store, engine.submit(SHORT, "saved"))
    before = digests(store, saved)
    filler = folder / "filler"
    room = os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize
    filler.write_bytes(bytes(room - 400_000))
    failed = ended(store, engine.submit(SHORT.model_copy(update={"units": (256,)}), "too big"))
    assert failed.state is RunState.FAILED
    assert "the disk is full" in failed.status.reason
    assert digests(store, saved) == before
    filler.unlink()
    assert ended(store, engine.submit(SHORT, "next")).state is RunState.FINISHED


def test_on_a_disk_that_becomes_read_only_a_run_fails_and_what_is_saved_stays(lab, disk):
    folder = disk("-o", "remount,rw")
    store = RunStore(folder / "runs", bundled=None)
    engine = lab(store)
    saved = ended(store, engine.submit(SHORT, "saved"))
    before = digests(store, saved)
    run = engine.submit(MEDIUM, "cut off")
    under_way(store, run, epochs=1)
    wait_until(
        lambda: subprocess.run(["mount", "-o", "remount,ro", str(folder)], stderr=subprocess.DEVNULL).returncode == 0
    )
    with pytest.raises(StoreError, match="it is read-only; choose another folder with MNIST_LAB_RUNS"):
        engine.submit(SHORT, "refused")
    assert [one.id for one in store.listing().runs if one.state.is_over] == [saved.id]
    wait_until(lambda: run.id in engine.unwritten)
    disk("-o", "remount,rw")
    failed = ended(store, run)
    assert failed.state is RunState.FAILED
    assert "it is read-only" in failed.status.reason
    assert digests(store, saved) == before


def test_the_beats_of_engines_long_dead_are_forgotten(lab, store):
    store.folder.write(".engines/long-dead", b"1700000000.0")
    engine = lab(store)
    beats = Path(store.folder.path, ".engines")
    wait_until(lambda: [path.name for path in beats.iterdir()] == [engine.id])


def test_a_run_of_a_command_line_that_was_killed_is_failed(lab, store):
    run = store.create(SHORT, "by the command line")
    store.update(run.id, state=RunState.RUNNING, attempts=1, heartbeat=run.asked.created - 60)
    lab(store)
    assert ended(store, run).status.reason == "The process that trained it is gone."


def test_a_run_that_is_lost_time_and_again_is_failed(lab, store):
    run = store.create(SHORT, "accursed", engine="gone")
    store.update(run.id, state=RunState.RUNNING, sent=1.0, attempts=MOST_ATTEMPTS, heartbeat=1.0)
    lab(store)
    failed = ended(store, run)
    assert (failed.state, failed.status.reason) == (RunState.FAILED, f"The worker was lost {MOST_ATTEMPTS} times.")
