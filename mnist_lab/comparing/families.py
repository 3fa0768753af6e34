"""Runs that are one training with several seeds, and what tells runs apart."""

from collections.abc import Sequence

from mnist_lab.config.knobs import in_words
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import differing
from mnist_lab.store.run import Run


def families(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs, those that differ in nothing but their seed together, in the order of the first of each."""
    found: dict[object, list[Run]] = {}
    for run in runs:
        alike = (run.config.model_copy(update={"seed": 0}), run.asked.parent)
        found.setdefault(alike, []).append(run)
    return list(found.values())


def differences(runs: Sequence[Run], but: Sequence[str] = ()) -> dict[str, str]:
    """For each run, by its id, the settings in which these runs differ: "units 64, dropout 0.2"."""
    fields = [field for field in differing([run.config for run in runs]) if field not in but]
    return {run.id: in_words(run.config, [field for field in fields if applies(field, run.config)]) for run in runs}
