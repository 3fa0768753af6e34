"""One run as a value: what was asked, how far it has come, what came out."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from mnist_lab.config.damage import Damage
from mnist_lab.config.limits import MOST, Amount, Count, Moment, Share, Text
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.adjustments import MOST_ADJUSTMENTS, Adjustment
from mnist_lab.store.annotations import NOTHING, Annotation
from mnist_lab.store.ticks import MOST_EPOCHS

CONFIG, STATUS, METRICS = "config.json", "status.json", "metrics.jsonl"
MODEL, KERAS_MODEL, EVALUATION = "model.tflite", "model.keras", "evaluation.npz"
WISH = "wish.json"
CHECKPOINTS = "checkpoint"
CHECKPOINT = f"{CHECKPOINTS}/last.weights.h5"
"""The files in a run's folder."""
MOST_FOLDS = 100


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

    `train_accuracy` is on the training images, without the soiled copies that `dirt` adds. Runs of an earlier lab lack
    what is None here: `pen_accuracy`, on the digits of `pens.shared_test`, which is None also where the run has learnt
    from their writers; `prediction_seconds` for one image on one core. `adjustments` is what was changed
    while it trained.
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
    adjustments: tuple[Adjustment, ...] = Field((), max_length=MOST_ADJUSTMENTS)


class Beside(BaseModel):
    """So many digits that a class has drawn, which a run learns from beside its dataset: all of them, or those of all
    pupils but one in `folds`.

    `room` is the token of the class, and "" in a run from elsewhere; `digits` names the digits there.
    """

    model_config = ConfigDict(frozen=True)

    room: str = Field(max_length=20)
    digits: str = Field(max_length=64, pattern=r"^[0-9a-f]*$")
    several: Count
    fold: int | None = Field(None, ge=0, lt=MOST_FOLDS)
    folds: int = Field(1, ge=1, le=MOST_FOLDS)

    def __str__(self) -> str:
        """What was learnt from besides, in words."""
        apart = "" if self.fold is None else f", without part {self.fold + 1} of {self.folds}"
        return f"learnt from {self.several} digits of a class, too{apart}"


class Asked(BaseModel):
    """`config.json`: what was asked, and by whom. Never changes once written. `created` in seconds since 1970.

    `owner` is who asked, `group` the name that the runs of one grid or search share, and `parent` the id of the run
    whose model this one goes on with, or is a damaged copy of where `damage` says how: nothing is trained then.
    `beside` is what it learns from besides its dataset.
    """

    model_config = ConfigDict(frozen=True)

    name: Text
    recipe: Text | None = None
    config: TrainConfig
    created: Moment
    owner: Text | None = None
    group: Text | None = None
    parent: Text | None = None
    damage: Damage | None = None
    beside: Beside | None = None


class Status(BaseModel):
    """`status.json`: how far it has come. Times in seconds since 1970.

    `engine` is the one that queued the run, later the one that sent it to its cluster at the time `sent`; None for a
    run that its maker trains itself. `claims` counts how often an engine has taken the run in hand, `attempts`
    how often a worker has: a holder of an older number has lost it. The dataset's digest and the versions are those
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
    def adjustments(self) -> tuple[Adjustment, ...]:
        """What was changed of it while it trained, once the run is over: it is then not quite what was asked."""
        return self.summary.adjustments if self.summary else ()

    @property
    def deviations(self) -> tuple[str, ...]:
        """What makes it another network than its configuration trains, in words: changes meanwhile, damage, and what
        it has learnt from besides.
        """
        beside = [str(self.asked.beside)] if self.asked.beside else []
        damage = [f"damaged: {self.asked.damage}"] if self.asked.damage else []
        return (*beside, *map(str, self.adjustments), *damage)

    @property
    def is_from_elsewhere(self) -> bool:
        """Whether it came in a zip file and was never trained here."""
        return self.state.is_over and self.status.engine is None and not self.status.attempts and not self.bundled

    def annotated(self, annotations: Mapping[str, Annotation]) -> "Run":
        """The same run with what is noted about it."""
        annotation = annotations.get(self.id, NOTHING)
        return self if annotation == self.annotation else replace(self, annotation=annotation)


class Listing(NamedTuple):
    """The runs that can be read, newest first with the bundled ones last, and why others cannot, by id."""

    runs: list[Run]
    problems: dict[str, str]
