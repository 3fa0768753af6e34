"""What happens to one run, from a queued folder to a finished one, in a Dask worker or in the command line."""

import importlib.metadata
import logging
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

from mnist_lab.config.damage import Damage
from mnist_lab.datasets.mnist import Dataset, load
from mnist_lab.engine.progress import OnPhase, Progress
from mnist_lab.errors import MnistLabError, Superseded, reason_of
from mnist_lab.exploring.damage import damaged
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.inference.predictor import Predictor
from mnist_lab.inference.quiet import quiet
from mnist_lab.networks.shapes import count_parameters
from mnist_lab.store.adjustments import adjustments
from mnist_lab.store.class_digits import learnt_beside
from mnist_lab.store.models import keras_file_of, model_file_of
from mnist_lab.store.run import CHECKPOINT, CHECKPOINTS, EVALUATION, KERAS_MODEL, MODEL, Run, RunState, Summary
from mnist_lab.store.runs import RunStore
from mnist_lab.store.ticks import Tick

log = logging.getLogger(__name__)

PACKAGES = ("mnist-lab", "tensorflow", "keras", "numpy", "ai-edge-litert")

OnTick = Callable[[Tick], None]


def execute(
    store: RunStore,
    run_id: str,
    on_tick: OnTick = lambda tick: None,
    on_phase: OnPhase = lambda phase: None,
    memory_limit: int | None = None,
) -> Run:
    """Train the run, or go on from its checkpoint, and leave its folder finished, stopped or failed with the reason.

    A process that comes to need more than `memory_limit` bytes ends, with the run failed. Raises RunError where the run
    was deleted meanwhile; Superseded where another worker has it now; StoreError where not even the failure could be
    written.
    """
    run = store.get(run_id)
    if run.state.is_over:
        return run
    if run.state is RunState.QUEUED and not run.status.attempts and store.stop_requested(run_id):
        store.update(run_id, state=RunState.STOPPED, ended=time.time(), reason="Stopped before it began.")
        return store.get(run_id)
    with Progress(store, run, on_phase, memory_limit) as progress:
        try:
            _train_and_evaluate(store, run, progress, on_tick)
        except Superseded:
            raise
        except (Exception, KeyboardInterrupt) as error:
            progress.fail(reason_of(error))
            if not isinstance(error, MnistLabError):
                log.exception("Run %s failed", run_id)
            if isinstance(error, KeyboardInterrupt):
                raise
    return store.get(run_id)


def _train_and_evaluate(store: RunStore, run: Run, progress: Progress, on_tick: OnTick) -> None:
    progress.phase("loading the data")
    beside = learnt_beside(store, run.asked.beside) if run.asked.beside else None
    dataset = replace(load(run.config.dataset), beside=beside)
    if run.asked.damage:
        _damage_and_evaluate(store, run, run.asked.damage, dataset, progress)
        return
    progress.phase("starting TensorFlow")
    with quiet():
        from mnist_lab.training.contract import Contract
        from mnist_lab.training.graph import at_the_end
        from mnist_lab.training.loop import export_litert, train

    progress.phase("training", dataset_digest=dataset.digest, versions=versions())
    with tempfile.TemporaryDirectory(prefix="mnist-lab-") as scratch:
        workplace = Path(scratch)
        checkpoint, start = _beginnings(store, run, workplace)
        ticks = store.metrics(run.id)
        before = max((tick.seconds for tick in ticks), default=0.0)

        def report(tick: Tick) -> None:
            tick = tick._replace(seconds=before + tick.seconds)
            progress.tick(tick, checkpoint)
            on_tick(tick)

        contract = Contract(
            report,
            should_stop=progress.stop_requested,
            checkpoint=checkpoint,
            start=start,
            keep=progress.keep,
            show=progress.show,
            wish=progress.wish,
            adjusted=adjustments(ticks),
        )
        model, stopped = train(run.config, dataset, contract)
        progress.check()
        progress.phase("saving and evaluating")
        with at_the_end():
            model.save(workplace / KERAS_MODEL)
            export_litert(model, workplace / MODEL)
            for name in (KERAS_MODEL, MODEL):
                store.write(run.id, name, (workplace / name).read_bytes())
            progress.flush()
            summary = _evaluate(store, run, dataset, model.count_params())
    state = RunState.STOPPED if stopped else RunState.FINISHED
    reason = store.stop_reason(run.id) if stopped else None
    progress.update(state=state, phase=None, ended=time.time(), summary=summary, reason=reason)
    store.discard(run.id, CHECKPOINTS)


def _damage_and_evaluate(store: RunStore, run: Run, damage: Damage, dataset: Dataset, progress: Progress) -> None:
    """Leave the run with a damaged copy of its parent's model; nothing is trained."""
    parent = store.get(run.asked.parent or "")
    progress.phase("damaging and evaluating", dataset_digest=dataset.digest, versions=versions())
    store.write(run.id, MODEL, damaged(model_file_of(store, parent.id), run.config.scaling, damage))
    summary = _evaluate(store, run, dataset, count_parameters(run.config))
    if parent.summary:
        trained = {name: getattr(parent.summary, name) for name in ("seconds", "epochs", "adjustments")}
        summary = summary.model_copy(update=trained)
    progress.update(state=RunState.FINISHED, phase=None, ended=time.time(), summary=summary)


def _beginnings(store: RunStore, run: Run, workplace: Path) -> tuple[Path, Path | None]:
    """Where the checkpoint is, or will be, and the parent's model to begin with, if there is a parent."""
    checkpoint = workplace / "last.weights.h5"
    if store.has(run.id, CHECKPOINT):
        checkpoint.write_bytes(store.read(run.id, CHECKPOINT))
    if run.asked.parent is None:
        return checkpoint, None
    start = workplace / "start.keras"
    start.write_bytes(keras_file_of(store, run.asked.parent))
    return checkpoint, start


def _evaluate(store: RunStore, run: Run, dataset: Dataset, parameters: int) -> Summary:
    """Score what will be served, `model.tflite`, on the training images, as they were before any dirt, and on the test
    set.
    """
    from mnist_lab.datasets.splits import split
    from mnist_lab.engine.scoring import answer_own, pen_accuracy, prediction_seconds

    content = store.read(run.id, MODEL)
    predictor = Predictor(content, threads=2)
    seen = split(dataset, run.config.model_copy(update={"dirt": "none"}))
    train_accuracy = Evaluation(predictor.probabilities(seen.x_train), seen.y_train).accuracy
    evaluation = Evaluation(predictor.probabilities(dataset.x_test), dataset.y_test)
    store.write(run.id, EVALUATION, evaluation.to_bytes())
    answer_own(run.id, predictor, run.asked.owner)
    ticks = store.metrics(run.id)
    whole = max((tick.epoch for tick in ticks if tick.ends_epoch), default=0)
    learnt = whole or max((tick.position for tick in ticks), default=0.0)  # what came after is in no model
    return Summary(
        test_accuracy=evaluation.accuracy,
        train_accuracy=train_accuracy,
        seconds=ticks[-1].seconds if ticks else 0.0,
        parameters=parameters,
        epochs=whole,
        model_bytes=len(content),
        pen_accuracy=pen_accuracy(predictor, [one.config for one in (*store.lineage(run), run)]),
        prediction_seconds=prediction_seconds(content),
        adjustments=tuple(one for one in adjustments(ticks) if one.epochs < learnt),
    )


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the packages that shape a result."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
