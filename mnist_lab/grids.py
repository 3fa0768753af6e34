"""Several values in one field make a grid: every combination of them, as one group of runs."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config import TrainConfig, differing, parse
from mnist_lab.errors import ConfigError
from mnist_lab.knobs import knob, said
from mnist_lab.relevance import applies
from mnist_lab.runs import Run

MOST_RUNS = 200
MOST_REASONS = 5
MEANINGLESS = "–"  # stands for the value of a setting that means nothing beside the others


def expand(base: TrainConfig, values: Mapping[str, Sequence[Any]]) -> list[TrainConfig]:
    """Every combination of the values over `base`, the last field turning fastest; the same training is there once.

    Raises ConfigError where a combination is impossible, with the reason, or where there are more than MOST_RUNS.
    """
    for field in values:
        knob(field)
    combinations = math.prod(len(several) for several in values.values())
    if combinations > MOST_RUNS:
        raise ConfigError(f"That makes {combinations:,} runs; a grid has at most {MOST_RUNS}. Leave some values out.")
    made: list[TrainConfig] = []
    refused: dict[str, list[dict[str, Any]]] = {}
    for chosen in product(*values.values()):
        settings = dict(zip(values, chosen, strict=True))
        try:
            made.append(parse(settings, base))
        except ConfigError as error:
            refused.setdefault(str(error), []).append(settings)
    if refused:
        raise ConfigError(_explained(refused, combinations))
    return list(dict.fromkeys(made))


def name_of(fields: Iterable[str], taken: Iterable[str] = ()) -> str:
    """A name for a group that varies these fields, and that no other group has: "units by dropout 2"."""
    return free_name(" by ".join(field.replace("_", " ") for field in fields), taken)


def free_name(name: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it where it is taken."""
    others = set(taken)
    numbered = (f"{name} {number}" for number in range(2, len(others) + 3))
    return name if name not in others else next(one for one in numbered if one not in others)


def _explained(refused: Mapping[str, list[dict[str, Any]]], combinations: int) -> str:
    lines = []
    for reason, several in list(refused.items())[:MOST_REASONS]:
        example = ", ".join(f"{field}={said(value)}" for field, value in several[0].items())
        lines.append(f"{len(several)} of {combinations} combinations cannot be trained, such as {example}: {reason}")
    return "\n".join(lines)


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
