"""The runs of a lesson: those that exist already, no matter who trained them, and those still to be trained."""

import threading
from collections.abc import Iterable
from functools import lru_cache, partial
from itertools import chain, islice
from statistics import median

from mnist_lab.config import recipes
from mnist_lab.datasets.mnist import load_test_part
from mnist_lab.engine.engine import Engine
from mnist_lab.engine.forecast import forecasts
from mnist_lab.exploring.robustness import accuracy_after
from mnist_lab.lessons.lesson import Lesson, PlannedRun
from mnist_lab.lessons.measures import Result
from mnist_lab.store.models import model_of
from mnist_lab.store.run import Run, RunState
from mnist_lab.store.runs import RunStore

GROUP = "lesson: "  # begins the name of the group that a lesson's runs share
OVERHEAD = 3.0  # seconds a run takes besides its training, where this machine has no past run to measure

_submitting = threading.Lock()
_reading = threading.Lock()

Standing = dict[str, Run | None]


def standing(lesson: Lesson, runs: Iterable[Run]) -> Standing:
    """For each run of a lesson, by its name: a finished one like it, or else one under way, or else one that failed."""
    known = [*runs]
    return {planned.name: _nearest(planned, known) for planned in lesson.runs}


def _nearest(planned: PlannedRun, runs: list[Run]) -> Run | None:
    as_planned = (run for run in runs if run.config == planned.config and not (run.asked.parent or run.deviations))
    alike = [run for run in as_planned if _rank(run) is not None]
    return min(alike, key=lambda run: _rank(run) or 0, default=None)


def _rank(run: Run) -> int | None:
    """How near a run is to an answer; None for a run that was stopped."""
    if run.state is RunState.FINISHED and run.summary:
        return 0
    if run.state in (RunState.QUEUED, RunState.RUNNING):
        return 1
    return 2 if run.state is RunState.FAILED else None


def is_done(run: Run | None) -> bool:
    """Whether a run can be compared."""
    return run is not None and _rank(run) == 0


def is_under_way(run: Run | None) -> bool:
    """Whether a run waits or is trained."""
    return run is not None and _rank(run) == 1


def missing(lesson: Lesson, runs: Iterable[Run]) -> list[PlannedRun]:
    """The runs of a lesson that are neither there nor under way."""
    now = standing(lesson, runs)
    return [planned for planned in lesson.runs if not (is_done(now[planned.name]) or is_under_way(now[planned.name]))]


def submit(lesson: Lesson, engine: Engine, owner: str | None = None) -> None:
    """Queue what is neither there nor under way, as one group. Of a whole class that asks at once, it is queued once.

    Raises StoreError where the folder of runs cannot be written.
    """
    with _submitting:
        for planned in missing(lesson, engine.store.listing().runs):
            name = f"{lesson.title}: {planned.name}"
            group = GROUP + lesson.id
            engine.submit(planned.config, name, recipes.named(planned.config), group=group, owner=owner)


def results(lesson: Lesson, store: RunStore, now: Standing) -> list[Result]:
    """The finished runs with their evaluations, in the lesson's order. Raises RunError where one is damaged."""
    runs = [(name, run) for name in lesson.names if (run := now[name]) and is_done(run)]
    return [
        Result(name, run, store.metrics(run.id), store.evaluation(run.id), partial(_accuracy_after, store, run.id))
        for name, run in runs
    ]


def _accuracy_after(store: RunStore, run_id: str, corruption: str) -> float:
    with _reading:  # a class asks at once, and each but the first finds it known
        return _known_accuracy_after(store, run_id, corruption)


@lru_cache(maxsize=256)
def _known_accuracy_after(store: RunStore, run_id: str, corruption: str) -> float:
    test = load_test_part(store.get(run_id).config.dataset)
    return accuracy_after(model_of(store, run_id), test, corruption)


def seconds_to_go(lesson: Lesson, runs: Iterable[Run]) -> float | None:
    """About how long the runs that are not there yet will take one after the other, or None where none tells."""
    return all_seconds_to_go([lesson], runs)[0]


def all_seconds_to_go(lessons: Iterable[Lesson], runs: Iterable[Run]) -> list[float | None]:
    """The `seconds_to_go` of each lesson; 0 where all runs are there. What the runs tell is worked out once for all."""
    known = [*runs]
    missing = []
    for lesson in lessons:
        now = standing(lesson, known)
        missing.append([planned.config for planned in lesson.runs if not is_done(now[planned.name])])
    training, overhead = iter(forecasts(chain.from_iterable(missing), known)), _overhead(known)
    found: list[float | None] = []
    for configs in missing:
        told = [*islice(training, len(configs))]
        costs = [seconds + overhead for seconds in told if seconds is not None]
        found.append(sum(costs) if len(costs) == len(told) else None)
    return found


def _overhead(runs: list[Run]) -> float:
    own = [
        run.status.ended - run.status.started - run.summary.seconds
        for run in runs
        if run.summary and not (run.bundled or run.asked.damage) and run.status.ended and run.status.started
    ]
    return median(own) if own else OVERHEAD
