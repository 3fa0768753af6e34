"""Several values in one field make a grid: every combination of them, as one group of runs."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any

from mnist_lab.config.knobs import knob, said
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.errors import ConfigError

MOST_RUNS = 200
MOST_REASONS = 5


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
