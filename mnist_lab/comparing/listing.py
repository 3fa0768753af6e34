"""The columns that a table of runs can have. All from what the runs' folders hold; no model runs here."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from mnist_lab.config.knobs import in_words, said
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import TrainConfig, changed, differing
from mnist_lab.store.run import Run
from mnist_lab.store.validation import Epoch, best

FEW_SETTINGS = 4  # so many get a column each, more of them share one
SETTINGS = "settings"


class Sources(NamedTuple):
    """Where columns find what is not in the snapshot of a run.

    `validation` has the epochs of a run that were validated; by the run's id, `own` has the accuracies in [0, 1] on the
    person's own drawings, `classed` those on the digits of the person's class, and `names` the names of runs in this
    list, where they differ from a run's own name.
    """

    validation: Callable[[Run], Sequence[Epoch]]
    own: Mapping[str, float]
    names: Mapping[str, str] = {}
    classed: Mapping[str, float] = {}


Cell = Callable[[Run, Sources], Any]


def _summary(field: str, factor: float = 1) -> Cell:
    """A field of the summary, times a factor; None where the run has none."""

    def cell(run: Run, sources: Sources) -> float | None:
        value = getattr(run.summary, field) if run.summary else None
        return None if value is None else factor * value

    return cell


def _best(run: Run, sources: Sources) -> Epoch | None:
    return best(sources.validation(run))


def _best_accuracy(run: Run, sources: Sources) -> float | None:
    epoch = _best(run, sources)
    return epoch and 100 * epoch.accuracy


def _best_epoch(run: Run, sources: Sources) -> int | None:
    epoch = _best(run, sources)
    return epoch and epoch.number


def _last_accuracy(run: Run, sources: Sources) -> float | None:
    curve = sources.validation(run)
    return 100 * curve[-1].accuracy if curve else None


def _own(run: Run, sources: Sources) -> float | None:
    return 100 * sources.own[run.id] if run.id in sources.own else None


def _classed(run: Run, sources: Sources) -> float | None:
    return 100 * sources.classed[run.id] if run.id in sources.classed else None


COLUMNS: dict[str, Cell] = {
    "star": lambda run, _: "★" if run.annotation.starred else "",
    "name": lambda run, sources: sources.names.get(run.id, run.name),
    "state": lambda run, _: str(run.state),
    "test accuracy": _summary("test_accuracy", 100),
    "own drawings": _own,
    "class digits": _classed,
    "pen digits": _summary("pen_accuracy", 100),
    "train accuracy": _summary("train_accuracy", 100),
    "best validation": _best_accuracy,
    "best epoch": _best_epoch,
    "last validation": _last_accuracy,
    "epochs": _summary("epochs"),
    "parameters": _summary("parameters"),
    "size": _summary("model_bytes", 1e-3),
    "changed": lambda run, _: "; ".join(run.deviations),
    "training time": _summary("seconds"),
    "prediction time": _summary("prediction_seconds", 1e3),
    "tags": lambda run, _: list(run.annotation.tags),
    "note": lambda run, _: run.annotation.note,
    "recipe": lambda run, _: run.asked.recipe or "",
    "group": lambda run, _: run.asked.group or "",
    "made": lambda run, _: datetime.fromtimestamp(run.asked.created, UTC),
}
"""Accuracies are in percent, the size in kB, training in seconds, prediction in milliseconds an image."""


def usual(runs: Sequence[Run], own: Mapping[str, float], classed: Mapping[str, float]) -> list[str]:
    """The columns to begin with: few, and those that say something about these runs."""
    says_something = {
        "star": any(run.annotation.starred for run in runs),
        "state": any(run.summary is None for run in runs),
        "own drawings": bool(own),
        "class digits": bool(classed),
        "pen digits": any(run.summary and run.summary.pen_accuracy is not None for run in runs),
        "best epoch": 2 * sum(run.config.validation_share > 0 for run in runs) > len(runs),
        "changed": any(run.deviations for run in runs),
        "tags": any(run.annotation.tags for run in runs),
        "note": any(run.annotation.note for run in runs),
    }
    columns = [
        *(
            "star",
            "name",
            "state",
            "test accuracy",
            "own drawings",
            "class digits",
            "pen digits",
            "best epoch",
            "epochs",
        ),
        *("parameters", "training time", *(field for field in setting_columns(runs) if field != "epochs")),
        *("changed", "tags", "note"),
    ]
    return [column for column in columns if says_something.get(column, True)]


def setting_columns(runs: Sequence[Run]) -> list[str]:
    """A column for each setting that is not equal everywhere, or one for all where that would be many."""
    fields = differing([run.config for run in runs])
    return fields if len(fields) <= FEW_SETTINGS else [SETTINGS]


def rows(runs: Sequence[Run], columns: Iterable[str], sources: Sources) -> list[dict[str, Any]]:
    """A dictionary a run; a column is one of COLUMNS, a setting, or SETTINGS."""
    columns = list(columns)
    fields = differing([run.config for run in runs]) if SETTINGS in columns else []
    return [{column: _cell(run, column, fields, sources) for column in columns} for run in runs]


def _cell(run: Run, column: str, fields: list[str], sources: Sources) -> Any:
    if column in COLUMNS:
        return COLUMNS[column](run, sources)
    if column == SETTINGS:
        own = changed(run.config)
        return in_words(run.config, [field for field in fields if field in own])
    return _setting(run.config, column)


def _setting(config: TrainConfig, field: str) -> str:
    return said(getattr(config, field)) if applies(field, config) else ""
