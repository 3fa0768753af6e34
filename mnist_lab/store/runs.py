"""The store of runs. Pages read frozen snapshots; only the store writes."""

import os
import re
import time
import uuid
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from mnist_lab.config.damage import Damage
from mnist_lab.config.limits import LATEST
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.arrays import MB
from mnist_lab.errors import DAMAGE, RunError, StoreError, UnknownRun
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.store.adjustments import Wish
from mnist_lab.store.annotations import Annotation, Annotations
from mnist_lab.store.claims import claim
from mnist_lab.store.folders import Folder
from mnist_lab.store.run import CONFIG, EVALUATION, METRICS, STATUS, WISH, Asked, Beside, Listing, Run, RunState, Status
from mnist_lab.store.ticks import KnownTicks, Tick, epochs_in, lines_of

BUNDLED = Path(__file__).parents[1] / "bundled"
DEFAULT_MODEL = "house-cnn"
RUN_ID = re.compile(r"[a-zA-Z0-9][\w.-]{0,99}")  # of all runs; what is the lab's own begins with a dot
LARGEST_WISH = 1000  # bytes
LONGEST_TIME = 100  # bytes of a file that holds a time

Model = TypeVar("Model", bound=BaseModel)
About = str | Damage | Beside | None

LARGEST = {CONFIG: MB // 10, STATUS: MB // 10, EVALUATION: 20 * MB, METRICS: 200 * MB}
"""Of what is read whole, the most bytes that a run of this lab needs; so many metrics take days of training."""


class RunStore:
    """All runs below one folder or fsspec URL, and the read-only ones that come with the lab."""

    def __init__(self, root: str | Path, bundled: str | Path | None = BUNDLED) -> None:
        self.folder = Folder(root)
        self._bundled = Folder(bundled) if bundled else None
        self.annotations = Annotations(self.folder)
        self._ticks = KnownTicks()
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
        **about: About,
    ) -> Run:
        """A new, queued run; `about` is the rest of Asked. Raises StoreError where the folder cannot be written."""
        asked = Asked(name=name, recipe=recipe, config=config, created=time.time(), **about)
        status = Status(state=RunState.QUEUED, engine=engine)
        run_id = f"{time.strftime('%Y%m%d-%H%M%S')}-{_slug(name)}-{uuid.uuid4().hex[:8]}"
        files = {STATUS: status.model_dump_json().encode(), CONFIG: asked.model_dump_json().encode()}
        self.folder.publish(files, run_id)
        return Run(run_id, asked, status)

    def get(self, run_id: str) -> Run:
        """A snapshot of one run. Raises UnknownRun, or RunError where its folder is damaged."""
        run = self._get(run_id, self._folder_of(run_id))
        return run.annotated({run_id: self.annotations.get(run_id)})

    def _get(self, run_id: str, folder: Folder) -> Run:
        if run_id in self._over:
            return self._over[run_id]
        asked = _parse(Asked, folder, run_id, CONFIG)
        status = _parse(Status, folder, run_id, STATUS)
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
            if run.summary and (text == run.name or (text == run.asked.recipe and not run.deviations)):
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
        before = _parse(Status, self.folder, run_id, STATUS)
        status = Status.model_validate({**dict(before), **changes})
        self.folder.write(f"{run_id}/{STATUS}", status.model_dump_json().encode())
        return status

    def log(self, run_id: str, *ticks: Tick) -> None:
        """Add lines to the run's metrics."""
        self.folder.append(f"{run_id}/{METRICS}", lines_of(ticks))

    def forget_after(self, run_id: str, epochs: int) -> None:
        """Take the ticks of later epochs away: their training was lost, and what it made is in no model."""
        ticks = self.metrics(run_id)
        if ticks and ticks[-1].epoch > epochs:
            self.write(run_id, METRICS, lines_of(tick for tick in ticks if tick.epoch <= epochs))

    def metrics(self, run_id: str) -> list[Tick]:
        """The run's ticks in order. A torn or damaged line is skipped; what a resumed run did twice is there once."""
        return self._ticks.of(run_id, self._lines(run_id))

    def epochs(self, run_id: str) -> list[Tick]:
        """Those of the run's ticks that end an epoch, several times as quick."""
        return epochs_in(self._lines(run_id))

    def _lines(self, run_id: str) -> bytes:
        folder = self._folder_of(run_id)
        try:
            return folder.read(f"{run_id}/{METRICS}", LARGEST[METRICS])
        except OSError:  # it has none yet, or one that cannot be read
            return b""

    def evaluation(self, run_id: str) -> Evaluation:
        """The run's answers on its test set. Raises RunError where there are none, or they are damaged."""
        content = self.read(run_id, EVALUATION)
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
        """Ask the run's worker to stop, and say why; it sees this within a second. Raises UnknownRun."""
        self._folder_of(run_id)
        self.write(run_id, "stop", reason.encode())

    def stop_reason(self, run_id: str) -> str | None:
        """Why the run was asked to stop, where a reason was given."""
        return self.read(run_id, "stop").decode(errors="replace") or None if self.stop_requested(run_id) else None

    def stop_requested(self, run_id: str) -> bool:
        """Whether the run was asked to stop."""
        return self.folder.exists(f"{run_id}/stop")

    def wish(self, run_id: str, wish: Wish) -> None:
        """Change how a run is trained, while it is; its worker sees this within a second. Raises UnknownRun."""
        self._folder_of(run_id)
        self.write(run_id, WISH, wish.model_dump_json().encode())

    def wish_of(self, run_id: str) -> Wish:
        """How the run is wished to be trained, by who asked last; as it was asked for where nobody did."""
        try:
            return Wish.model_validate_json(self.folder.read(f"{run_id}/{WISH}", LARGEST_WISH))
        except DAMAGE:
            return Wish()

    def move_to_front(self, run_id: str) -> None:
        """Let a waiting run begin before the others of its owner. Raises UnknownRun for one that was deleted."""
        self._folder_of(run_id)
        self.write(run_id, "front", str(time.time()).encode())

    def claim(self, run: Run, **changes: Any) -> bool:
        """Take a run in hand and change its status; False where another was quicker: of several only one gets it.

        `run` is the snapshot that the claim is made for.
        """
        following = run.status.claims + 1
        number = claim(self.folder, f"{run.id}/claim", following, lambda one: self.get(run.id).status.claims >= one)
        if number is not None:
            self.update(run.id, claims=number, **changes)
        return number is not None

    def annotate(self, run_id: str, **changes: Any) -> Annotation:
        """Note something about a run: fields of Annotation. Raises UnknownRun, ConfigError where it is too long."""
        self._folder_of(run_id)
        return self.annotations.change(run_id, **changes)

    def delete(self, run_id: str) -> None:
        """Delete a run with all its files, permanently."""
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
        moment = float(folder.read(name, LONGEST_TIME))
    except DAMAGE:
        return 0.0
    return moment if 0 <= moment <= LATEST else 0.0


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "run"
