"""What runs are called beside each other."""

from collections import Counter
from collections.abc import Iterable

from mnist_lab.runs import Run

SHORTEST = 4  # characters of an id: those that the store draws at random


def labels(runs: Iterable[Run]) -> dict[str, str]:
    """For each run, by its id, a name that no other of them has: where several share one, with the end of the id.

    Of the ids there is as much as it takes to tell all apart.
    """
    by_id = {run.id: run for run in runs}
    count = Counter(run.name for run in by_id.values())
    length = SHORTEST
    while True:
        found = {
            run_id: run.name if count[run.name] == 1 else f"{run.name} ({run_id[-length:]})"
            for run_id, run in by_id.items()
        }
        if len(set(found.values())) == len(found) or length >= max(map(len, by_id)):
            return found
        length += 1
