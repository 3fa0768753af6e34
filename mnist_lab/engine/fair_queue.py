"""The order in which waiting runs begin: owners take turns, so no one's tenth run goes before another's first."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from mnist_lab.store.run import Run

LATER = 1e12  # seconds since 1970: after all turns that were ever had


def line(runs: Iterable[Run]) -> list[Run]:
    """The waiting ones of all runs of a store, in the order in which they will begin.

    The next turn is that of the owner with the fewest runs under way or earlier in the line. Of several owners it is
    that of the one whose last turn was longest ago, and then of the one who has waited longest. Runs without an owner
    share one turn.
    """
    turns: Counter[str] = Counter()
    latest: defaultdict[str, float] = defaultdict(float)
    waiting: defaultdict[str, list[Run]] = defaultdict(list)
    for run in runs:
        owner = run.asked.owner or ""
        if run.is_waiting:
            waiting[owner].append(run)
        elif not run.bundled:
            turns[owner] += not run.state.is_over
            latest[owner] = max(latest[owner], run.status.sent or run.status.started or 0.0)
    for own in waiting.values():
        own.sort(key=_place_among_own, reverse=True)
    in_line: list[Run] = []
    while waiting:
        owner = min(waiting, key=lambda owner: (turns[owner], latest[owner], waiting[owner][-1].asked.created))
        in_line.append(waiting[owner].pop())
        turns[owner] += 1
        latest[owner] = LATER + len(in_line)
        if not waiting[owner]:
            del waiting[owner]
    return in_line


def _place_among_own(run: Run) -> tuple[float, float]:
    """What was moved to the front comes first, the last moved before all; the others as they were asked for."""
    return -run.moved, run.asked.created
