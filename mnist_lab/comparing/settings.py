"""The settings in which runs differ, as numbers and as words, and nothing where a setting means nothing."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.comparing.grid_tables import order
from mnist_lab.config.knobs import is_logarithmic, said
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import TrainConfig, differing

MEANINGLESS = "does not apply"


class Axis(NamedTuple):
    """One setting over several runs.

    `values`, float64 (runs,): numbers as they are, anything else by its place in `words`; NaN for a run in which the
    setting has no effect next to the others. `words` are what is said of its values, in their order; `is_number` tells
    that they can be measured, `is_log` that they are better told apart by factors.
    """

    field: str
    values: NDArray[np.float64]
    words: tuple[str, ...]
    is_number: bool
    is_log: bool

    @property
    def title(self) -> str:
        """The setting in plain words."""
        return self.field.replace("_", " ")

    @property
    def is_meant(self) -> NDArray[np.bool_]:
        """In which runs the setting means something, bool (runs,)."""
        return ~np.isnan(self.values)

    def word(self, run: int) -> str:
        """What is said of the value in one run, counted from 0."""
        if not self.is_meant[run]:
            return MEANINGLESS
        return said_number(self.values[run]) if self.is_number else self.words[int(self.values[run])]


def axes(configs: Sequence[TrainConfig]) -> list[Axis]:
    """The settings that differ among the configurations in which they mean something, in the order of TrainConfig."""
    found = [_axis(field, configs) for field in differing(list(configs))]
    return [axis for axis in found if len(np.unique(axis.values[axis.is_meant])) > 1]


def said_number(value: float) -> str:
    """A number as people write it: "128", "0.001"."""
    return said(int(value) if value.is_integer() else float(value))


def _axis(field: str, configs: Sequence[TrainConfig]) -> Axis:
    given = [_single(getattr(config, field)) if applies(field, config) else None for config in configs]
    there = sorted({value for value in given if value is not None}, key=order)
    is_number = all(isinstance(value, int | float) and not isinstance(value, bool) for value in there)
    if is_number:
        values = np.array([np.nan if value is None else float(value) for value in given])
        is_log = bool(there) and is_logarithmic(field, float(there[0]), float(there[-1]))
        return Axis(field, values, tuple(map(said, there)), True, is_log)
    places = {value: place for place, value in enumerate(there)}
    values = np.array([np.nan if value is None else float(places[value]) for value in given])
    return Axis(field, values, tuple(map(said, there)), False, False)


def _single(value: Any) -> Any:
    """The only element of a list of one, such as the width of a single layer; "all" for no limit."""
    if value is None:
        return "all"
    return value[0] if isinstance(value, tuple) and len(value) == 1 else value
