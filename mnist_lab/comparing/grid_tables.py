"""What a grid over one or two settings found, as a table."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.knobs import said
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import TrainConfig, differing
from mnist_lab.store.run import Run

MEANINGLESS = "–"  # shown for a setting that has no effect next to the others


class Table(NamedTuple):
    """The test accuracies of a grid over one or two settings: `accuracies` (rows, columns), NaN where there is none."""

    row: str
    rows: list[str]
    column: str | None
    columns: list[str]
    accuracies: NDArray[np.float64]


def table(runs: Sequence[Run]) -> Table | None:
    """What a grid found, or None where the runs do not differ in just one or two settings."""
    fields = differing([run.config for run in runs])
    if len(fields) not in (1, 2):
        return None
    row, column = fields[0], fields[1] if len(fields) == 2 else None
    cells = [(_seen(run.config, row), _seen(run.config, column) if column else None) for run in runs]
    rows, columns = (sorted(set(side), key=order) for side in zip(*cells, strict=True))
    accuracies = np.full((len(rows), len(columns)), np.nan)
    for run, (of_row, of_column) in zip(runs, cells, strict=True):
        if run.summary:
            accuracies[rows.index(of_row), columns.index(of_column)] = run.summary.test_accuracy
    return Table(row, list(map(said, rows)), column, list(map(said, columns)) if column else [""], accuracies)


def _seen(config: TrainConfig, field: str) -> Any:
    """The value of a setting, or a dash where it means nothing and so holds what it amounts to."""
    return getattr(config, field) if applies(field, config) else MEANINGLESS


def order(value: Any) -> tuple[int, Any]:
    """How values of a setting are sorted: numbers, words by the alphabet, lists, "all", and what means nothing."""
    if value in (None, MEANINGLESS):
        return (3, value == MEANINGLESS)
    return (0 if isinstance(value, int | float) else 1 if isinstance(value, str) else 2, value)
