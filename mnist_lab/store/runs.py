"""Runs as values, and the store that keeps them. Pages read frozen snapshots; only the store writes."""

import json
import os
import re
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from enum import StrEnum
from itertools import groupby
from math import inf
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mnist_lab.config.knobs import knob
from mnist_lab.config.limits import LATEST, MOST, Amount, Count, Moment, Share, Text
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.arrays import MB
from mnist_lab.errors import DAMAGE, RunError, StoreError, UnknownRun
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.store.annotations import NOTHING, Annotation, Annotations
from mnist_lab.store.folders import Folder

BUNDLED = Path(__file__).parents[1] / "bundled"
DEFAULT_MODEL = "house-cnn"
RUN_ID = re.compile(r"[a-zA-Z0-9][\w.-]{0,99}")  # of all runs; what is the lab's own begins with a dot
SECONDS_BETWEEN_TICKS = 0.25  # while an epoch lasts; its end has a tick of its own
TICKS_AN_EPOCH = 20  # at least, where it has as many steps: the curve of a short training has to show how it learnt
CLAIM_SECONDS = 15.0
MOST_TOLD = 16  # runs whose ticks are kept in memory
MOST_REMEMBERED = 4 * MB  # of ticks of one run

Model = TypeVar("Model", bound=BaseModel)

LARGEST = {"config.json": MB // 10, "status.json": MB // 10, "evaluation.npz": 20 * MB, "metrics.jsonl": 200 * MB}
"""Of what is read whole, the most bytes that a run of this lab needs; so many metrics take days of training."""
MOST_EPOCHS = int(max(knob(field).bounds[1] for field in ("epochs", "max_iterations")))
MOST_IMAGES = 10**6  # of an epoch, and so steps
MOST_LOSS, FASTEST = 1e300, 1e3
LONGEST_LINE = 1000  # bytes of a tick


class RunState(StrEnum):
    """Where a run is on its way."""

    QUEUED = "queued"
    RUNNING = "running"
    STOPPING = "stopping"
    FINISHED = "finished"
    STOPPED = "stopped"
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self in (RunState.FINISHED, RunState.STOPPED, RunState.FAILED)


class Summary(BaseModel):
    """What came out. Accuracies in [0, 1], `seconds` of training without loading and evaluation, size in bytes.

    Runs of an earlier lab lack what is None here: `pen_accuracy`, on the digits of `pens.shared_test`, which is None
    also where the run has learnt from their writers; `prediction_seconds` for one image on one core.
    """

    model_config = ConfigDict(frozen=True)

    test_accuracy: Share
    train_accuracy: Share
    seconds: Amount
    parameters: Count
    epochs: int = Field(ge=0, le=MOST_EPOCHS)
    model_bytes: int = Field(ge=0, le=10 * MOST)
    pen_accuracy: Share | None = None
    prediction_seconds: Amount | None = None


class Asked(BaseModel):
    """`config.json`: what was asked, and by whom. Never changes once written. `created` in seconds since 1970.

    `owner` is whoever asked, `group` the name that the runs of one grid or search share, and `parent` the id of the run
    whose model this one goes on with.
    """

    model_config = ConfigDict(frozen=True)

    name: Text
    recipe: Text | None = None
    config: TrainConfig
    created: Moment
    owner: Text | None = None
    group: Text | None = None
    parent: Text | None = None


class Status(BaseModel):
    """`status.json`: how far it has come. Times in seconds since 1970.

    `engine` is the one that queued the run, later the one that sent it to its cluster at the time `sent`; None for a
    run that whoever made it trains itself. `claims` counts how often an engine has taken the run in hand, `attempts`
    how often a worker has: whoever holds an older number has lost it. The dataset's digest and the versions are those
    that the worker found, since that is where they matter.
    """

    model_config = ConfigDict(frozen=True)

    state: RunState
    engine: Text | None = None
    claims: Count = 0
    sent: Moment | None = None
    attempts: Count = 0
    started: Moment | None = None
    ended: Moment | None = None
    heartbeat: Moment | None = None
    phase: Text | None = None
    reason: Text | None = None
    dataset_digest: Text | None = None
    versions: dict[Text, Text] = Field({}, max_length=100)
    summary: Summary | None = None


class Tick(NamedTuple):
    """One line of `metrics.jsonl`.

    `epoch` counts from 1 and `step` from 1 to `steps` within it. Loss and accuracy are means over the epoch so far,
    which are so many `images`; the validation's are there at the end of an epoch only. `seconds` of training, since its
    start. Runs of an earlier lab do not say how many images they are.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    accuracy: float
    learning_rate: float
    seconds: float
    val_loss: float | None = None
    val_accuracy: float | None = None
    images: int | None = None

    @property
    def position(self) -> float:
        """How many epochs are behind: 1.5 in the middle of the second."""
        return self.epoch - 1 + self.step / self.steps

    @property
    def ends_epoch(self) -> bool:
        """Whether this is the last tick of its epoch."""
        return self.step == self.steps

    @property
    def can_be(self) -> bool:
        """Whether a training can have written it. Raises TypeError where what it holds are no numbers.

        A loss that is no number ends a training ahead of its tick; that of a validation does not.
        """
        epoch, step, steps, loss, accuracy, rate, seconds, val_loss, val_accuracy, images = self
        return (
            type(epoch) is type(step) is type(steps) is int
            and 1 <= epoch <= MOST_EPOCHS
            and 1 <= step <= steps <= MOST_IMAGES
            and (images is None or (type(images) is int and 1 <= images <= MOST_IMAGES))
            and 0 <= loss <= MOST_LOSS
            and 0 <= accuracy <= 1
            and 0 <= rate <= FASTEST
            and 0 <= seconds <= MOST
            and (val_loss is None or 0 <= val_loss <= MOST_LOSS or val_loss == inf or val_loss != val_loss)
            and (val_accuracy is None or 0 <= val_accuracy <= 1)
        )


def steps_told(steps: int) -> frozenset[int]:
    """Of an epoch's steps, counted from 1, those after which a tick is due however little time has passed."""
    return frozenset(-(-steps * part // TICKS_AN_EPOCH) for part in range(1, TICKS_AN_EPOCH + 1))


@dataclass(frozen=True)
class Run:
    """A snapshot of one run."""

    id: str
    asked: Asked
    status: Status
    bundled: bool = False
    moved: float = 0.0  # when it was moved to the front of its owner's runs; seconds since 1970
    annotation: Annotation = NOTHING

    @property
    def name(self) -> str:
        """The name people see: the last one it was given."""
        return self.annotation.name or self.asked.name

    @property
    def config(self) -> TrainConfig:
        """What was asked of the training."""
        return self.asked.config

    @property
    def state(self) -> RunState:
        """Where the run is on its way."""
        return self.status.state

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for a worker."""
        return self.state is RunState.QUEUED and self.status.engine is not None and self.status.sent is None

    @property
    def summary(self) -> Summary | None:
        """What came out, once the run is over and not failed."""
        return self.status.summary

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether it came in a zip file: nobody here ever had it in hand."""
        return self.state.is_over and self.status.engine is None and not self.status.attempts and not self.bundled

    def annotated(self, annotations: Mapping[str, Annotation]) -> "Run":
        """The same run with what is noted about it."""
        annotation = annotations.get(self.id, NOTHING)
        return self if annotation == self.annotation else replace(self, annotation=annotation)


class Listing(NamedTuple):
    """The runs that can be read, newest first with the bundled ones last, and why others cannot, by id."""

    runs: list[Run]
    problems: dict[str, str]


class RunStore:
    """All runs below one folder or fsspec URL, and the read-only ones that come with the lab."""

    def __init__(self, root: str | Path, bundled: str | Path | None = BUNDLED) -> None:
        self.folder = Folder(root)
        self._bundled = Folder(bundled) if bundled else None
        self.annotations = Annotations(self.folder)
        self._told: dict[str, tuple[bytes, list[Tick]]] = {}  # by run, those asked for last: lines and what they say
        self._telling = threading.Lock()
        self._over: dict[str, Run] = {}  # what is over never changes, so it is read once

    @classmethod
    def default(cls) -> "RunStore":
        """The store at `MNIST_LAB_RUNS`, or at ./runs."""
        return cls(os.environ.get("MNIST_LAB_RUNS") or "runs")

    def create(
        self,
        config: TrainConfig,
        name: str,
        recipe: str | None = None,
        engine: str | None = None,
        **about: str | None,
    ) -> Run:
        """A new, queued run; `about` is the rest of Asked. Raises StoreError where the folder cannot be written."""
        asked = Asked(name=name, recipe=recipe, config=config, created=time.time(), **about)
        status = Status(state=RunState.QUEUED, engine=engine)
        run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{_slug(name)}-{uuid.uuid4().hex[:8]}"
        files = {"status.json": status.model_dump_json().encode(), "config.json": asked.model_dump_json().encode()}
        self.folder.publish(files, run_id)
        return Run(run_id, asked, status)

    def get(self, run_id: str) -> Run:
        """A snapshot of one run. Raises UnknownRun, or RunError where its folder is damaged."""
        run = self._get(run_id, self._folder_of(run_id))
        return run.annotated({run_id: self.annotations.get(run_id)})

    def _get(self, run_id: str, folder: Folder) -> Run:
        if run_id in self._over:
            return self._over[run_id]
        asked = _parse(Asked, folder, run_id, "config.json")
        status = _parse(Status, folder, run_id, "status.json")
        if status.state is RunState.RUNNING and folder.exists(f"{run_id}/stop"):
            status = status.model_copy(update={"state": RunState.STOPPING})
        run = Run(run_id, asked, status, bundled=folder is self._bundled)
        if run.is_waiting:
            run = replace(run, moved=_time_in(folder, f"{run_id}/front"))
        if run.state.is_over:
            self._over[run_id] = run
        return run

    def listing(self) -> Listing:
        """Every run, the newest first and the bundled ones last; a damaged one is a problem and hides no other."""
        runs, problems = [], {}
        annotations = self.annotations.all()
        folders = [self.folder, *([self._bundled] if self._bundled else [])]
        for folder in folders:
            for run_id in sorted(folder.names()):
                if not RUN_ID.fullmatch(run_id):
                    problems[ascii(run_id)] = "No run can be called so."
                    continue
                try:
                    runs.append(self._get(run_id, folder).annotated(annotations))
                except RunError as error:
                    problems[run_id] = str(error)
        runs.sort(key=lambda run: (run.bundled, 0 if run.bundled else -run.asked.created))
        return Listing(runs, problems)

    def find(self, text: str) -> Run:
        """The run of that id, or the newest finished or stopped one of that name or recipe. Raises UnknownRun."""
        runs = self.listing().runs
        for run in runs:
            if run.id == text:
                return run
        for run in runs:
            if text in (run.name, run.asked.recipe) and run.summary:
                return run
        known = [*dict.fromkeys(name for run in runs for name in (run.id, run.name))]
        near = get_close_matches(text, known, n=3, cutoff=0.4) or known[:3]
        raise UnknownRun(f"There is no run {text!r}. Near to it: {', '.join(near)}.")

    def lineage(self, run: Run) -> list[Run]:
        """The runs that this one goes on from, the first one first; those that were deleted are left out."""
        ancestors: list[Run] = []
        while run.asked.parent and run.asked.parent not in [one.id for one in ancestors]:
            try:
                run = self.get(run.asked.parent)
            except RunError:
                break
            ancestors.insert(0, run)
        return ancestors

    def update(self, run_id: str, **changes: Any) -> Status:
        """Write the status with some fields changed; the new status."""
        self._check_writable(run_id)
        self._over.pop(run_id, None)
        before = _parse(Status, self.folder, run_id, "status.json")
        status = Status.model_validate({**dict(before), **changes})
        self.folder.write(f"{run_id}/status.json", status.model_dump_json().encode())
        return status

    def log(self, run_id: str, *ticks: Tick) -> None:
        """Add lines to the run's metrics."""
        self.folder.append(f"{run_id}/metrics.jsonl", lines_of(ticks))

    def forget_after(self, run_id: str, epochs: int) -> None:
        """Take the ticks of later epochs away: their training was lost, and what it made is in no model."""
        ticks = self.metrics(run_id)
        if ticks and ticks[-1].epoch > epochs:
            self.write(run_id, "metrics.jsonl", lines_of(tick for tick in ticks if tick.epoch <= epochs))

    def metrics(self, run_id: str) -> list[Tick]:
        """The run's ticks in order. A torn or damaged line is skipped; what a resumed run did twice is there once.

        Of a run that is read again and again only what came since is parsed.
        """
        content = self._content(run_id)
        with self._telling:
            known, ticks = self._told.pop(run_id, (b"", []))
        if not content.startswith(known):
            known, ticks = b"", []
        whole = content[: content.rfind(b"\n") + 1]
        ticks = [*ticks, *ticks_in(whole[len(known) :].splitlines())]
        with self._telling:
            if len(whole) < MOST_REMEMBERED:
                self._told[run_id] = whole, ticks
            while len(self._told) > MOST_TOLD:
                del self._told[next(iter(self._told))]
        return _in_order([*ticks, *ticks_in(content[len(whole) :].splitlines())])

    def epochs(self, run_id: str) -> list[Tick]:
        """Those of the run's ticks that end an epoch, several times as quick: few of the others are looked at.

        A resumed run begins with a whole epoch, so the first and the last line of each show what it did twice.
        """
        lines = self._content(run_id).splitlines()
        epochs = (list(lines) for _, lines in groupby(lines, lambda line: line.partition(b",")[0]))
        ends = (line for lines in epochs for line in (lines[:1] if len(lines) == 1 else (lines[0], lines[-1])))
        return [tick for tick in _in_order(ticks_in(ends)) if tick.ends_epoch]

    def _content(self, run_id: str) -> bytes:
        folder = self._folder_of(run_id)
        try:
            return folder.read(f"{run_id}/metrics.jsonl", LARGEST["metrics.jsonl"])
        except OSError:  # it has none yet, or one that cannot be read
            return b""

    def evaluation(self, run_id: str) -> Evaluation:
        """The run's answers on its test set. Raises RunError where there are none, or they are damaged."""
        content = self.read(run_id, "evaluation.npz")
        try:
            return Evaluation.from_bytes(content)
        except RunError as error:
            raise RunError(f"The run {run_id} cannot be compared: {error}") from error

    def read(self, run_id: str, name: str, most: int | None = None) -> bytes:
        """One file of a run, of `most` bytes. Raises RunError where it is missing, cannot be read or is too large."""
        try:
            return _whole(self._folder_of(run_id), run_id, name, most)
        except FileNotFoundError:
            raise RunError(f"The run {run_id} has no {name}; it did not get that far.") from None

    def write(self, run_id: str, name: str, content: bytes) -> None:
        """Write one file of a run, whole."""
        self._check_writable(run_id)
        self.folder.write(f"{run_id}/{name}", content)

    def has(self, run_id: str, name: str) -> bool:
        """Whether the run has that file."""
        return self._folder_of(run_id).exists(f"{run_id}/{name}")

    def files(self, run_id: str, folder: str) -> list[str]:
        """The names of the files in a folder of a run, sorted; none where it has no such folder."""
        return Folder(f"{self._folder_of(run_id).url}/{run_id}/{folder}").names()

    def request_stop(self, run_id: str, reason: str = "") -> None:
        """Ask whoever trains the run to stop, and say why; they see it within a second. Raises UnknownRun."""
        self._folder_of(run_id)
        self.write(run_id, "stop", reason.encode())

    def stop_reason(self, run_id: str) -> str | None:
        """Why the run was asked to stop, where somebody said so."""
        return self.read(run_id, "stop").decode(errors="replace") or None if self.stop_requested(run_id) else None

    def stop_requested(self, run_id: str) -> bool:
        """Whether somebody asked for the run to stop."""
        return self.folder.exists(f"{run_id}/stop")

    def move_to_front(self, run_id: str) -> None:
        """Let a waiting run begin ahead of the others of its owner. Raises UnknownRun for one that was deleted."""
        self._folder_of(run_id)
        self.write(run_id, "front", str(time.time()).encode())

    def claim(self, run: Run, **changes: Any) -> bool:
        """Take a run in hand and change its status; False where another was quicker: of several only one gets it.

        `run` is the snapshot that the claim is made for. A claim that no status followed, since its maker died in
        between, holds for a few seconds only.
        """
        number = run.status.claims + 1
        while not self.folder.create(f"{run.id}/claim-{number}"):
            followed = self.get(run.id).status.claims >= number
            if followed or abs(self.folder.age(f"{run.id}/claim-{number}")) < CLAIM_SECONDS:
                return False
            number += 1
        self.update(run.id, claims=number, **changes)
        return True

    def annotate(self, run_id: str, **changes: Any) -> Annotation:
        """Note something about a run: fields of Annotation. Raises UnknownRun, ConfigError where it is too long."""
        self._folder_of(run_id)
        return self.annotations.change(run_id, **changes)

    def delete(self, run_id: str) -> None:
        """Delete a run with all its files, for good."""
        self.discard(run_id, "")

    def put_away(self, run_id: str, place: str) -> None:
        """Move a run's folder to a place below the store where it is no run any more. Raises UnknownRun."""
        self._folder_of(run_id)
        self._check_writable(run_id)
        self._over.pop(run_id, None)
        self.folder.move(run_id, f"{place}/{run_id}")

    def discard(self, run_id: str, name: str) -> None:
        """Delete one file or folder of a run."""
        self._check_writable(run_id)
        self._over.pop(run_id, None)
        self.folder.delete(f"{run_id}/{name}".rstrip("/"))

    def _check_writable(self, run_id: str) -> None:
        if not RUN_ID.fullmatch(run_id):
            raise UnknownRun(f"No run can be called {run_id!r}.")
        if self._bundled and self._bundled.exists(run_id) and not self.folder.exists(run_id):
            raise StoreError(f"The run {run_id} comes with the lab and cannot be changed.")

    def _folder_of(self, run_id: str) -> Folder:
        if RUN_ID.fullmatch(run_id):
            for folder in (self.folder, self._bundled):
                if folder and folder.exists(run_id):
                    return folder
        raise UnknownRun(f"There is no run {run_id!r} in {self.folder.path}.")


def lines_of(ticks: Iterable[Tick]) -> bytes:
    """Ticks as lines of `metrics.jsonl`."""
    lines = [{key: value for key, value in tick._asdict().items() if value is not None} for tick in ticks]
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()


def _parse(model: type[Model], folder: Folder, run_id: str, name: str) -> Model:
    try:
        return model.model_validate_json(_whole(folder, run_id, name))
    except FileNotFoundError:
        raise RunError(f"{run_id}/{name} is missing.") from None
    except ValidationError as error:
        raise RunError(f"{run_id}/{name} is damaged ({error.errors(include_input=False)[0]['msg']}).") from error


def _whole(folder: Folder, run_id: str, name: str, most: int | None = None) -> bytes:
    """A file of a run. Raises FileNotFoundError, and RunError where it cannot be read or is far too large."""
    most = most or LARGEST.get(name)
    try:
        content = folder.read(f"{run_id}/{name}", most and most + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise RunError(f"{run_id}/{name} cannot be read ({error.strerror or error}).") from error
    if most and len(content) > most:
        raise RunError(f"{run_id}/{name} is larger than {most / MB:g} MB, which this run does not need.")
    return content


def _time_in(folder: Folder, name: str) -> float:
    """The time that a file holds, in seconds since 1970; 0 where there is none."""
    try:
        moment = float(folder.read(name, LONGEST_LINE))
    except DAMAGE:
        return 0.0
    return moment if 0 <= moment <= LATEST else 0.0


def ticks_in(lines: Iterable[bytes]) -> Iterator[Tick]:
    """The ticks in lines of `metrics.jsonl`; a line that is torn, or that no training can have written, is skipped."""
    for line in lines:
        if len(line) > LONGEST_LINE:
            continue
        try:
            tick = Tick(**json.loads(line))
            if tick.can_be:
                yield tick
        except DAMAGE:
            continue


def _in_order(ticks: Iterable[Tick]) -> list[Tick]:
    """The ticks without those that a resumed run did again."""
    kept: list[Tick] = []
    for tick in ticks:
        while kept and kept[-1].position >= tick.position:
            kept.pop()
        kept.append(tick)
    return kept


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "run"
