"""The searches of a store: their small files next to the runs, and how far each has come, read from its runs."""

import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mnist_lab.config.search import Search, plan
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import DAMAGE, ConfigError
from mnist_lab.store.claims import Lease
from mnist_lab.store.folders import Folder
from mnist_lab.store.run import Run, RunState
from mnist_lab.store.runs import RunStore
from mnist_lab.store.validation import Epoch, kept, validations

ROOT = ".studies"
MOST_BYTES = 100_000  # of a file
PRUNED = "Pruned: its curve was worse than those of the trials before."


def reached(curve: Sequence[Epoch], config: TrainConfig) -> float | None:
    """What a search chooses by: the validation accuracy of the weights that a run keeps.

    Those are the last epoch's, or with early stopping those of the epoch with the lowest validation loss.
    """
    epoch = kept(curve, config)
    return epoch and epoch.accuracy


class Trial(NamedTuple):
    """One run of a search: its number from 1, and the validation accuracy that it has reached, if it has."""

    number: int
    run: Run
    value: float | None

    @property
    def is_pruned(self) -> bool:
        """Whether the search gave it up."""
        return self.run.status.reason == PRUNED

    @property
    def never_began(self) -> bool:
        """Whether it was stopped while it waited, and so tells nothing."""
        return self.run.state is RunState.STOPPED and self.run.summary is None


@dataclass(frozen=True)
class Study:
    """A snapshot of a search: its trials in order, and why it is over, if it is: "" where it has done its work."""

    search: Search
    trials: tuple[Trial, ...]
    over: str | None

    @property
    def best(self) -> Trial | None:
        """The trial with the greatest validation accuracy among those that ran to their end."""
        done = [trial for trial in self.trials if trial.run.state is RunState.FINISHED and trial.value is not None]
        return max(done, key=lambda trial: trial.value or 0.0, default=None)

    @property
    def asked(self) -> int:
        """How many trials were begun or wait; those stopped while they waited are none."""
        return sum(not trial.never_began for trial in self.trials)

    @property
    def under_way(self) -> list[Trial]:
        """The trials that wait or run."""
        return [trial for trial in self.trials if not trial.run.state.is_over]

    def count(self, state: RunState) -> int:
        """How many trials are in that state; pruned ones are no stopped ones."""
        return sum(trial.run.state is state and not trial.is_pruned for trial in self.trials)

    @property
    def pruned(self) -> int:
        """How many trials the search gave up."""
        return sum(trial.is_pruned for trial in self.trials)


class Studies:
    """All searches of a store. What one has learnt is in its runs; its own files say what is asked.

    ```
    .studies/<slug>/search.json   what is asked
                    over          there once it is over: why
                    lease         which engine drives it
                    claim-1 …     an engine that creates the next one changes the lease
    ```
    """

    def __init__(self, store: RunStore) -> None:
        self.store = store
        self._folder = Folder(f"{store.folder.url}/{ROOT}")
        self._values: dict[str, float | None] = {}  # of runs that are over

    def names(self) -> list[str]:
        """The names of all searches that can be read, newest first."""
        searches = [search for search in map(self._load, self._folder.names()) if search]
        return [search.name for search in sorted(searches, key=lambda search: -search.created)]

    def open_names(self) -> list[str]:
        """The names of the searches that are not over."""
        slugs = [slug for slug in self._folder.names() if not self._folder.exists(f"{slug}/over")]
        return [search.name for search in map(self._load, slugs) if search]

    def taken_names(self) -> set[str]:
        """The names that groups of runs and searches have."""
        return {run.asked.group for run in self.store.listing().runs if run.asked.group} | set(self.names())

    def begin(self, search: Search) -> None:
        """Keep a new search. Raises ConfigError where its name is taken."""
        if search.name in self.taken_names() or self._load(slug(search.name)):
            raise ConfigError(f"There already are runs named {search.name!r}; choose another name.")
        now = time.time()
        self._save(search.model_copy(update={"created": now, "since": now}))

    def find(self, name: str) -> Search | None:
        search = self._load(slug(name))
        return search if search and search.name == name else None

    def go_on(self, name: str, trials: int) -> None:
        """Have a search go on until it has so many trials in all, also where it was stopped."""
        self._save(plan(**{**self._find(name).model_dump(), "trials": trials, "since": time.time()}))
        self._folder.delete(f"{slug(name)}/over")

    def end(self, name: str, reason: str = "") -> None:
        """Ask no more trials; `reason` is empty where all are done."""
        self._folder.write(f"{slug(name)}/over", reason.encode())

    def over(self, name: str) -> str | None:
        """Why a search is over, or None while it is not."""
        try:
            return self._folder.read(f"{slug(name)}/over", MOST_BYTES).decode(errors="replace")
        except OSError:
            return None

    def lease(self, name: str) -> Lease:
        """Who drives the search."""
        return Lease(self._folder, slug(name))

    def study(self, name: str) -> Study:
        """How far a search has come."""
        over = self.over(name)
        runs = [run for run in self.store.listing().runs if run.asked.group == name and not run.bundled]
        runs.sort(key=lambda run: run.asked.created)
        trials = (Trial(number, run, self._value(run)) for number, run in enumerate(runs, 1))
        return Study(self._find(name), tuple(trials), over)

    def curve(self, run: Run) -> list[Epoch]:
        """A run's whole epochs."""
        return validations(self.store.epochs(run.id))

    def _value(self, run: Run) -> float | None:
        if run.id in self._values:
            return self._values[run.id]
        value = reached(self.curve(run), run.config)
        if run.state.is_over:
            self._values[run.id] = value
        return value

    def _find(self, name: str) -> Search:
        search = self.find(name)
        if search is None:
            raise ConfigError(f"There is no search named {name!r}.")
        return search

    def _load(self, folder: str) -> Search | None:
        """The search in a folder; None where there is none that could be run."""
        try:
            search = plan(**json.loads(self._folder.read(f"{folder}/search.json", MOST_BYTES)))
        except (ConfigError, *DAMAGE):
            return None
        return search if slug(search.name) == folder else None

    def _save(self, search: Search) -> None:
        self._folder.write(f"{slug(search.name)}/search.json", search.model_dump_json().encode())


def slug(name: str) -> str:
    """A search's folder. Different names may share one, and then exclude each other."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:60] or "search"


class Point(NamedTuple):
    """One trial in the picture of a search: its validation accuracy, and the best of all trials so far."""

    number: int
    name: str
    value: float
    best: float | None
    is_whole: bool


def points(study: Study) -> list[Point]:
    """The trials with a validation accuracy, in their order; only those that ran to their end count for the best."""
    found: list[Point] = []
    best: float | None = None
    for trial in study.trials:
        if trial.value is None:
            continue
        is_whole = trial.run.state is RunState.FINISHED
        if is_whole:
            best = max(best or 0.0, trial.value)
        found.append(Point(trial.number, trial.run.name, trial.value, best, is_whole))
    return found
