"""What happens to one run, from a queued folder to a finished one, in a Dask worker or in the command line."""

import errno
import importlib.metadata
import logging
import platform
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mnist_lab.datasets import Dataset, load
from mnist_lab.errors import MnistLabError, StoreError
from mnist_lab.evaluation import Evaluation
from mnist_lab.prediction import Predictor
from mnist_lab.runs import Run, RunState, RunStore, Status, Summary, Tick

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0
CHECKPOINT = "checkpoint/last.weights.h5"
PACKAGES = ("mnist-lab", "tensorflow", "keras", "numpy", "ai-edge-litert")

OnTick = Callable[[Tick], None]
OnPhase = Callable[[str], None]


def execute(
    store: RunStore,
    run_id: str,
    on_tick: OnTick = lambda tick: None,
    on_phase: OnPhase = lambda phase: None,
) -> Run:
    """Train the run, or go on from its checkpoint, and leave its folder finished, stopped or failed with the reason."""
    run = store.get(run_id)
    if run.state.is_over:
        return run
    if run.state is RunState.QUEUED and not run.status.attempts and store.stop_requested(run_id):
        store.update(run_id, state=RunState.STOPPED, ended=time.time(), reason="Stopped before it began.")
        return store.get(run_id)
    with Progress(store, run_id, on_phase) as progress:
        try:
            _train_and_evaluate(store, run, progress, on_tick)
        except (Exception, KeyboardInterrupt) as error:
            progress.update(state=RunState.FAILED, phase=None, ended=time.time(), reason=reason_of(error))
            if not isinstance(error, MnistLabError):
                log.exception("Run %s failed", run_id)
            if isinstance(error, KeyboardInterrupt):
                raise
    return store.get(run_id)


def reason_of(error: BaseException) -> str:
    """Why a run failed, in a sentence for the person who started it."""
    if isinstance(error, MnistLabError):
        return str(error)
    if isinstance(error, MemoryError):
        return "The machine ran out of memory. Try smaller layers or a smaller batch."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full; free some space and train again."
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted."
    return f"{type(error).__name__}: {error}"


def _train_and_evaluate(store: RunStore, run: Run, progress: "Progress", on_tick: OnTick) -> None:
    progress.phase("loading the data")
    dataset = load(run.config.dataset, on_progress=lambda share: progress.phase(f"downloading MNIST, {share:.0%}"))
    progress.phase("starting TensorFlow")
    from mnist_lab.training import export_litert, train

    progress.update(dataset_digest=dataset.digest, versions=versions())
    progress.phase("training")
    with tempfile.TemporaryDirectory(prefix="mnist-lab-") as scratch:
        workplace = Path(scratch)
        checkpoint = workplace / "last.weights.h5"
        if store.has(run.id, CHECKPOINT):
            checkpoint.write_bytes(store.read(run.id, CHECKPOINT))

        before = max((tick.seconds for tick in store.metrics(run.id)), default=0.0)

        def report(tick: Tick) -> None:
            if tick.ends_epoch and checkpoint.exists():  # lbfgs has none
                store.write(run.id, CHECKPOINT, checkpoint.read_bytes())
            tick = tick._replace(seconds=before + tick.seconds)
            store.log(run.id, tick)
            on_tick(tick)

        model, stopped = train(run.config, dataset, report, lambda: store.stop_requested(run.id), checkpoint)
        progress.phase("saving and evaluating")
        model.save(workplace / "model.keras")
        export_litert(model, workplace / "model.tflite")
        for name in ("model.keras", "model.tflite"):
            store.write(run.id, name, (workplace / name).read_bytes())
    summary = _evaluate(store, run, dataset, model.count_params())
    store.discard(run.id, "checkpoint")
    state = RunState.STOPPED if stopped else RunState.FINISHED
    progress.update(state=state, phase=None, ended=time.time(), summary=summary)


def _evaluate(store: RunStore, run: Run, dataset: Dataset, parameters: int) -> Summary:
    """Score what will be served, `model.tflite`, on the training images it saw and on the test set."""
    from mnist_lab.datasets import split

    content = store.read(run.id, "model.tflite")
    predictor = Predictor(content, threads=2)
    seen = split(dataset, run.config)
    train_accuracy = Evaluation(predictor.probabilities(seen.x_train), seen.y_train).accuracy
    evaluation = Evaluation(predictor.probabilities(dataset.x_test), dataset.y_test)
    store.write(run.id, "evaluation.npz", evaluation.to_bytes())
    ticks = store.metrics(run.id)
    return Summary(
        test_accuracy=evaluation.accuracy,
        train_accuracy=train_accuracy,
        seconds=ticks[-1].seconds if ticks else 0.0,
        parameters=parameters,
        epochs=sum(tick.ends_epoch for tick in ticks),
        model_bytes=len(content),
    )


def versions() -> dict[str, str]:
    """Versions of Python and of the packages that shape a result."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


class Progress:
    """A run's status while it is worked on: the only writer of it, with a heartbeat from a thread of its own."""

    def __init__(self, store: RunStore, run_id: str, on_phase: OnPhase) -> None:
        self._store = store
        self._run_id = run_id
        self._on_phase = on_phase
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{run_id}", daemon=True)

    def __enter__(self) -> "Progress":
        status = self._store.get(self._run_id).status
        self.update(state=RunState.RUNNING, started=status.started or time.time(), attempts=status.attempts + 1)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def phase(self, phase: str) -> None:
        """Say what is being done, in a few words."""
        self.update(phase=phase)
        self._on_phase(phase)

    def update(self, **changes: Any) -> Status:
        """Change the status; every change is a sign of life."""
        with self._lock:
            return self._store.update(self._run_id, heartbeat=time.time(), **changes)

    def _beat(self) -> None:
        while not self._over.wait(HEARTBEAT_SECONDS):
            try:
                self.update()
            except StoreError as error:
                log.warning("No heartbeat for %s: %s", self._run_id, error)
