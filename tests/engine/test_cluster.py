"""A scheduler and workers as processes of their own, on an object store: what a class uses that outgrew one machine."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from distributed import Client

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine import cluster
from mnist_lab.engine.engine import Engine
from mnist_lab.errors import ConfigError, StoreError
from mnist_lab.inference.predictor import Predictor
from mnist_lab.inference.priority import NICE
from mnist_lab.store.folders import Folder
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import RunStore
from tests.conftest import ended, epochs_of, under_way, wait_until

pytest.importorskip("s3fs")
pytest.importorskip("moto.server")

ROOT = Path(__file__).parents[2]
CONFIG = TrainConfig(dataset="digits", train_images=1437, units=(8,), epochs=3, batch_size=4, validation_share=0.0)


@pytest.fixture(scope="module")
def bucket():
    """An S3-compatible server with one bucket."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
        patch.setenv("AWS_ACCESS_KEY_ID", "key")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        import s3fs

        s3fs.S3FileSystem().mkdir("class")
        yield "s3://class"
        s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


def start(*command, **environment):
    return subprocess.Popen(
        [sys.executable, "-m", "distributed.cli." + command[0], *command[1:]],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "2", **environment},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory, bucket):
    """A scheduler with two workers, each a process that a nanny starts anew; its address."""
    folder = tmp_path_factory.mktemp("dask")
    file = folder / "scheduler.json"
    processes = [start("dask_scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))]
    wait_until(file.exists)
    address = re.search(r'"address": "(tcp://[^"]+)"', file.read_text()).group(1)
    for number in (1, 2):
        options = ("--nthreads", "1", "--no-dashboard", "--name", f"worker-{number}", "--local-directory", folder)
        processes.append(start("dask_worker", address, *map(str, options)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_LAB_SCHEDULER", address)
        yield address
    left = [child for process in processes for child in psutil.Process(process.pid).children(recursive=True)]
    for process in (*reversed(processes), *left):
        process.terminate()
    for process in processes:
        process.wait()


@pytest.mark.slow
def test_a_grid_is_trained_on_a_cluster_and_an_object_store_though_a_worker_is_killed(scheduler, bucket, monkeypatch):
    monkeypatch.setattr("mnist_lab.engine.engine.WATCH_SECONDS", 0.5)
    store = RunStore(f"{bucket}/runs", bundled=None)
    engine = Engine(store)
    try:
        with Client(scheduler, set_as_default=False) as client:
            client.wait_for_workers(2)
            long = CONFIG.model_copy(update={"epochs": 12})  # so that it is killed before it ends
            short = [
                CONFIG.model_copy(update={"units": (units,), "dropout": dropout})
                for units in (16, 32)
                for dropout in (0.0, 0.2)
            ]
            runs = [engine.submit(config, "grid", group="grid") for config in (long, *short)]
            under_way(store, runs[0], epochs=1)
            processing = client.processing()
            (its,) = [worker for worker, keys in processing.items() if any(runs[0].id in key for key in keys)]
            os.kill(client.run(os.getpid, workers=[its])[its], signal.SIGKILL)
        done = [ended(store, run) for run in runs]
        assert {run.state for run in done} == {RunState.FINISHED}
        assert [epochs_of(store, run) for run in done] == [list(range(1, 13)), *[[1, 2, 3]] * 4]
        assert done[0].status.attempts == 2
        assert {run.asked.group for run in done} == {"grid"}
        another_process = RunStore(f"{bucket}/runs", bundled=None)
        assert {run.id for run in another_process.listing().runs} == {run.id for run in runs}
        assert Predictor(another_process.read(runs[-1].id, "model.tflite"))
    finally:
        engine.close()


@pytest.mark.slow
def test_a_stop_reaches_a_run_on_an_object_store_and_its_steps_are_seen(scheduler, bucket):
    store = RunStore(f"{bucket}/stopped", bundled=None)
    engine = Engine(store)
    try:
        run = engine.submit(CONFIG.model_copy(update={"epochs": 200}), "long")
        under_way(store, run, epochs=1)
        engine.stop(run.id)
        stopped = ended(store, run, seconds=30)
        assert (stopped.state, stopped.summary.epochs) == (RunState.STOPPED, len(epochs_of(store, run)))
    finally:
        engine.close()


def test_of_many_only_one_creates_a_file_in_an_object_store(bucket):
    folders = [Folder(f"{bucket}/claims") for _ in range(4)]
    assert sorted(folder.create("run/claim-1") for folder in folders) == [False, False, False, True]
    assert 0 <= folders[0].age("run/claim-1") < 60


def test_what_another_process_writes_into_an_object_store_is_seen_at_once(bucket):
    import boto3

    folder = Folder(f"{bucket}/seen")
    folder.write("run/status.json", b"one")
    assert folder.names() == ["run"]
    boto3.client("s3").put_object(Bucket="class", Key="seen/run/stop", Body=b"")
    boto3.client("s3").put_object(Bucket="class", Key="seen/other/status.json", Body=b"two")
    assert folder.exists("run/stop")
    assert folder.names() == ["other", "run"]
    for line in (b"one\n", b"two\n"):
        folder.append("run/metrics.jsonl", line)
    assert folder.read("run/metrics.jsonl") == b"one\ntwo\n"


def test_a_store_that_is_not_there_is_told(bucket):
    with pytest.raises(StoreError, match="bucket does not exist"):
        Folder("s3://nobodys/runs").write("run/status.json", b"")
    with pytest.raises(ConfigError, match="cannot be used"):
        Folder("nonesuch://runs")


def test_the_settings_suit_the_machine_or_are_what_is_asked_for():
    given = cluster.settings({})
    assert given.workers >= 1
    assert given.workers * given.threads <= max(given.workers, os.cpu_count())
    assert given.memory > 100_000_000
    asked = {"MNIST_LAB_WORKERS": "2", "MNIST_LAB_THREADS": "3", "MNIST_LAB_MEMORY": "2GB"}
    assert cluster.settings(asked) == (2, 3, 2_000_000_000)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("MNIST_LAB_WORKERS", "many"),
        ("MNIST_LAB_WORKERS", "0"),
        ("MNIST_LAB_THREADS", "-1"),
        ("MNIST_LAB_MEMORY", "a lot"),
        ("MNIST_LAB_MEMORY", "12"),
    ],
)
def test_a_setting_that_will_not_do_is_told(name, value):
    with pytest.raises(ConfigError, match=f"{name} is set to '{value}'; it takes"):
        cluster.settings({name: value})


def test_the_engine_tells_of_a_setting_that_will_not_do(tmp_path, monkeypatch):
    monkeypatch.delenv("MNIST_LAB_SCHEDULER", raising=False)
    monkeypatch.setenv("MNIST_LAB_WORKERS", "many")
    engine = Engine(RunStore(tmp_path / "runs", bundled=None))
    try:
        wait_until(lambda: engine.problem)
        assert "MNIST_LAB_WORKERS is set to 'many'" in engine.problem
    finally:
        engine.close()


def nice(thread):
    return os.getpriority(os.PRIO_PROCESS, thread)


@pytest.mark.slow
@pytest.mark.skipif(not psutil.LINUX, reason="elsewhere a process has one priority")
def test_a_worker_steps_back_where_it_trains_but_not_where_somebody_waits(scheduler, tmp_path):
    async def one_who_answers():
        return await asyncio.to_thread(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    def threads():
        tasks = Path("/proc/self/task").iterdir()
        return [(int(task.name) == os.getpid(), (task / "comm").read_text().strip(), int(task.name)) for task in tasks]

    store = RunStore(tmp_path / "runs", bundled=None)
    engine, own = Engine(store), nice(0)
    try:
        run = engine.submit(CONFIG.model_copy(update={"epochs": 200}), "long")
        under_way(store, run)
        with Client(scheduler, set_as_default=False) as client:
            at_it = [worker for worker, keys in client.processing().items() if keys]
            [there] = client.run(threads, workers=at_it).values()
            assert {nice(thread) for is_main, _, thread in there if is_main} == {own}
            assert {nice(thread) for _, name, thread in there if name == "tf_Compute"} == {own + NICE}
            assert client.run(one_who_answers, workers=at_it) == {at_it[0]: own}
        engine.stop(run.id)
    finally:
        engine.close()


STEP_BACK = """
import os, sys
from mnist_lab.inference.priority import step_back
os.nice(int(sys.argv[1]))
step_back()
print(os.getpriority(os.PRIO_PROCESS, 0))
"""


@pytest.mark.skipif(psutil.WINDOWS, reason="Windows has classes of priority")
@pytest.mark.parametrize("before", [0, NICE + 3])
def test_who_stepped_back_further_stays_there(before):
    """Only an administrator may step forward."""
    command = [sys.executable, "-c", STEP_BACK, str(before)]
    told = int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert told == max(os.getpriority(os.PRIO_PROCESS, 0) + before, NICE)
