"""What tells runs apart: their names, their settings, or nothing but their seeds."""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import lru_cache

from mnist_lab.config.knobs import in_words
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import BESIDE, differing
from mnist_lab.store.run import Run

SHORTEST = 4  # characters of an id: those that the store draws at random
LETTERS = ("A", "B")  # of two runs that are compared, in the order in which they were picked


def families(runs: Sequence[Run]) -> list[list[Run]]:
    """The runs, those that differ in nothing but their seed together, in the order of the first of each."""
    found: dict[object, list[Run]] = {}
    for run in runs:
        asked = run.config.model_copy(update={"seed": 0, **dict.fromkeys(BESIDE)})
        alike = (asked, run.asked.parent, run.deviations)
        found.setdefault(alike, []).append(run)
    return list(found.values())


def differences(runs: Sequence[Run], but: Sequence[str] = ()) -> dict[str, str]:
    """For each run, by its id, the settings in which these runs differ: "units 64, dropout 0.2".

    What was changed while it trained, and how it was damaged, is among them.
    """
    fields = [field for field in differing([run.config for run in runs]) if field not in but]
    own = {run.id: in_words(run.config, [field for field in fields if applies(field, run.config)]) for run in runs}
    return {run.id: ", then ".join(filter(None, [own[run.id], *run.deviations])) for run in runs}


def labels(runs: Iterable[Run]) -> dict[str, str]:
    """For each run, by its id, a name that no other of them has: where several share one, with the end of the id.

    Of the ids there is as much as it takes to tell all apart.
    """
    return dict(_told_apart(tuple((run.id, run.name) for run in runs)))


def lettered(runs: Sequence[Run]) -> dict[str, str]:
    """The `labels` of these runs, those of just two with their letters: "small-cnn (A)"."""
    names = labels(runs)
    if len(names) != len(LETTERS):
        return names
    return {run_id: f"{name} ({letter})" for (run_id, name), letter in zip(names.items(), LETTERS, strict=True)}


@lru_cache(maxsize=64)
def _told_apart(named: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """Kept, since a page that tells of a training asks for the names of all runs several times a second."""
    by_id = dict(named)
    count = Counter(by_id.values())
    length = SHORTEST
    while True:
        found = {run_id: name if count[name] == 1 else f"{name} ({run_id[-length:]})" for run_id, name in by_id.items()}
        if len(set(found.values())) == len(found) or length >= max(map(len, by_id)):
            return found
        length += 1
