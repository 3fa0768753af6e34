"""Runs that differ in one setting alone: only they tell what it does."""

from collections.abc import Sequence

import numpy as np

from mnist_lab.comparing.settings import Axis
from mnist_lab.config.train_config import BESIDE, TrainConfig, parse
from mnist_lab.errors import ConfigError
from mnist_lab.store.run import Run


def alike_but_for(axis: Axis, runs: Sequence[Run]) -> list[list[int]]:
    """The places of the runs that are alike in all but this setting, in the order of its values; no run is alone.

    The seed is a setting like others: another one may be luck. `axis` is of these runs.
    """
    groups: dict[object, list[int]] = {}
    for place in np.flatnonzero(axis.is_meant).tolist():
        run = runs[place]
        others = run.config.model_copy(update=dict.fromkeys((axis.field, *BESIDE)))
        groups.setdefault((others, run.asked.parent, run.deviations), []).append(place)
    by_value = (sorted(group, key=axis.values.__getitem__) for group in groups.values())
    return [group for group in by_value if len(np.unique(axis.values[group])) > 1]


def one_at_a_time(axes: Sequence[Axis], runs: Sequence[Run]) -> list[TrainConfig]:
    """The first run's configuration with one setting changed to another run's, for each setting and value.

    What cannot be trained is left out.
    """
    first = runs[0].config
    found = []
    for axis in axes:
        for config in (run.config for run, is_meant in zip(runs, axis.is_meant, strict=True) if is_meant):
            try:
                found.append(parse({axis.field: getattr(config, axis.field)}, first))
            except ConfigError:
                continue
    return [config for config in dict.fromkeys(found) if config != first]
