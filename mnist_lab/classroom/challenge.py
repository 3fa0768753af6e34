"""Who trains the best small network: what is entered, who trains it, and how all stand."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from mnist_lab.classroom.activities import ChallengeActivity
from mnist_lab.classroom.known import known_of
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.engine import Engine
from mnist_lab.errors import MnistLabError, RoomError, RunError, StoreError, UnknownRun
from mnist_lab.networks.shapes import count_parameters
from mnist_lab.store.rooms import Room, RoomEntry, Stage
from mnist_lab.store.run import Run, RunState
from mnist_lab.store.runs import RunStore
from mnist_lab.store.validation import kept, validations

REFUSED = "refused: "  # begins the place of a run, where there is none, and why


class Entry(NamedTuple):
    """One entry: whose it is and which of theirs, from 0; its configuration and parameters; its run, once it has one.

    `accuracy` is that in validation, in [0, 1], once it is over; `problem` says why there is none.
    """

    pupil: str
    number: int
    config: TrainConfig
    parameters: int
    run: Run | None
    accuracy: float | None
    problem: str = ""

    @property
    def is_under_way(self) -> bool:
        """Whether it waits or is trained."""
        return self.accuracy is None and not self.problem


def is_open(stage: Stage, step: int) -> bool:
    """Whether entries are taken."""
    return stage.phase(step) == 0


def enter(room: Room, step: int, activity: ChallengeActivity, pupil: str, number: int, entry: RoomEntry) -> None:
    """Take an entry. Raises RoomError where it is closed, too large, one too many, or another one has its number."""
    if before := room.entry(step, f"{pupil}-{number}"):
        if before != entry:  # a second tab, or an answer that was lost
            raise RoomError("You have entered another one meanwhile. Press Train it once more.")
        return  # sent twice
    if not is_open(room.stage(), step):
        raise RoomError("The challenge is closed.")
    parameters = count_parameters(activity.config(entry.chosen))
    if parameters > activity.parameters:
        raise RoomError(f"This has {parameters:,} parameters. {activity.parameters:,} are allowed.")
    own = [name for name in room.entries(step) if name.startswith(f"{pupil}-")]
    if number != len(own) or number >= activity.entries:
        raise RoomError(f"Everybody has {activity.entries} entries.")
    room.enter_challenge(step, pupil, number, entry)


def entries(room: Room, step: int, activity: ChallengeActivity, store: RunStore) -> list[Entry]:
    """All entries in the order of their names."""
    over: dict[str, Entry] = known_of(room).setdefault(("entries", step), {})
    found = []
    for name, run_id in room.entries(step, known=over).items():
        if name not in over:
            pupil, _, number = name.partition("-")
            entry = room.entry(step, name)
            try:
                config = activity.config(entry.chosen if entry else {})
            except RoomError:
                continue  # damaged
            one = Entry(pupil, int(number), config, count_parameters(config), *_course(run_id, store))
            if one.is_under_way:
                found.append(one)
                continue
            over[name] = one
        found.append(over[name])
    return found


def _course(run_id: str | None, store: RunStore) -> tuple[Run | None, float | None, str]:
    """The run of an entry, its accuracy in validation, and what is wrong with it."""
    if not run_id:
        return None, None, ""
    if run_id.startswith(REFUSED):
        return None, None, run_id.removeprefix(REFUSED)
    try:
        run = store.get(run_id)
    except UnknownRun:
        return None, None, "It was deleted."
    except RunError:  # it cannot be read just now
        return None, None, ""
    if not run.state.is_over:
        return run, None, ""
    epoch = kept(validations(store.epochs(run.id)), run.config) if run.summary else None
    if epoch is None:
        return run, None, run.status.reason or "No epoch came to its end."
    return run, epoch.accuracy, ""


def tend(
    room: Room,
    step: int,
    activity: ChallengeActivity,
    engine: Engine,
    owner: str,
    may_train: Callable[[list[TrainConfig]], None],
) -> list[Entry]:
    """Have new entries trained as runs of who leads the class, and stop those that have had their time; all entries."""
    found = entries(room, step, activity, engine.store)
    with suppress(StoreError):  # the next look sees to the others
        for one in found:
            name, run = f"{one.pupil}-{one.number}", one.run
            if one.is_under_way and run is None and room.take_entry(step, name):
                room.settle_entry(step, name, _begin(one, engine, owner, may_train))
            elif run and run.state is RunState.RUNNING and _seconds(run, engine.store) > activity.seconds:
                engine.stop(run.id, f"Its {activity.seconds} seconds are over.")
    return found


def _begin(entry: Entry, engine: Engine, owner: str, may_train: Callable[[list[TrainConfig]], None]) -> str:
    try:
        may_train([entry.config])
        return engine.submit(entry.config, "Entry of the challenge", owner=owner).id
    except MnistLabError as error:
        return f"{REFUSED}{error}"[:150]


def _seconds(run: Run, store: RunStore) -> float:
    """How long a run has been trained, in seconds."""
    ticks = store.metrics(run.id)
    return ticks[-1].seconds if ticks else 0.0


def ranked(found: Iterable[Entry]) -> list[Entry]:
    """Those that are done, the best first; of equal ones the smaller."""
    done = [one for one in found if one.accuracy is not None]
    return sorted(done, key=lambda one: (-(one.accuracy or 0.0), one.parameters))


def front(found: Iterable[Entry]) -> list[Entry]:
    """Those than which none is both smaller and better, the smallest first (Pareto)."""
    best: list[Entry] = []
    for one in sorted(ranked(found), key=lambda one: (one.parameters, -(one.accuracy or 0.0))):
        if not best or (one.accuracy or 0.0) > (best[-1].accuracy or 0.0):
            best.append(one)
    return best
