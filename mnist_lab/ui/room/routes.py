"""What the wall asks, and a teacher's click on it; who does not lead the class gets no answer."""

from collections import Counter
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from starlette.routing import Route

from mnist_lab.classroom import board
from mnist_lab.classroom.activities import ChallengeActivity, ReadActivity, TrainActivity, step_of
from mnist_lab.classroom.bets import phase_of, told
from mnist_lab.classroom.challenge import is_open, tend
from mnist_lab.store.rooms import MOST_STEPS, Order, Room, RoomDrawing, Stage
from mnist_lab.ui import resources
from mnist_lab.ui.allowed import may_train_for
from mnist_lab.ui.room import betting, challenge, reading, training
from mnist_lab.ui.rooms import Asked, endpoint, led


class Hiding(BaseModel):
    """A click on a drawing."""

    model_config = ConfigDict(extra="forbid")

    step: int = Field(ge=1, le=MOST_STEPS)
    name: str = Field(pattern=r"^[0-9a-f]{12}-\d{1,3}$")
    hidden: bool


class Shown(BaseModel):
    """What is changed on the wall itself."""

    model_config = ConfigDict(extra="forbid")

    is_frozen: bool | None = None
    order: Order | None = None


class Since(BaseModel):
    """What a wall shows already: of which step, up to which moment in seconds since 1970."""

    step: int = 0
    since: float = 0.0


def _wall(asked: Asked) -> dict[str, Any]:
    """What a wall shows: all of a step that is new to it, else what was saved since; always who is in."""
    room, known = led(asked), Since.model_validate(dict(asked.query))
    stage = room.stage()
    number, step = stage.current, step_of(stage.step(stage.current))
    is_known = known.step == number
    drawn = board.drawings(room, number).all()
    new = board.since(drawn, known.since) if is_known else drawn
    placed = board.choices(room, number).all()
    poster = ""
    if step and step.lesson:
        phase = phase_of(stage, number)
        poster = betting.written(step.lesson, told(placed, phase, len(step.lesson.choices)), phase)
    elif step and isinstance(step.activity, ReadActivity):
        poster = reading.written(step.activity, placed, bool(stage.phase(number)))
    elif step and isinstance(step.activity, TrainActivity):
        poster = training.written(room, number, step.activity, _names(room, stage))
    elif step and isinstance(step.activity, ChallengeActivity):
        poster = _challenge(room, stage, step.activity, asked.owner)
    done = Counter(name.partition("-")[0] for name in [*placed, *(name for name, one in drawn.items() if one.is_done)])
    return {
        "stage": stage.model_dump(mode="json"),
        "step": number,
        "until": max([known.since if is_known else 0.0, *(one.saved for one in new.values())]),
        "drawings": {name: _told(one) for name, one in new.items()},
        "poster": poster,
        "hidden": sorted(room.hidden(number)),
        "pupils": [{**one._asdict(), "done": done[one.id]} for one in room.present()],
    }


def _challenge(room: Room, stage: Stage, activity: ChallengeActivity, owner: str) -> str:
    """The board; a wall that looks at it has new entries trained, as runs of who leads the class."""
    step, may_train = stage.current, partial(may_train_for, owner)
    found = tend(room, step, activity, resources.engine(), owner, may_train)
    return challenge.written(activity, found, not is_open(stage, step), _names(room, stage))


def _names(room: Room, stage: Stage) -> dict[str, str]:
    """Whose each is, by pupil, where that is shown."""
    return {one.id: one.animal for one in room.present()} if stage.shows_animals else {}


def _told(drawing: RoomDrawing) -> dict[str, Any]:
    surest = max(drawing.probabilities) if drawing.probabilities else 0.0
    return {
        "lines": drawing.lines,
        "asked": drawing.asked,
        "done": drawing.is_done,
        "reading": drawing.reading,
        "surest": surest,
        "saved": drawing.saved,
    }


def _hide(asked: Asked) -> dict[str, Any]:
    """Take a drawing off the wall, or bring it back."""
    room, sent = led(asked), Hiding.model_validate_json(asked.body)
    room.hide(sent.step, sent.name, sent.hidden)
    return {}


def _show(asked: Asked) -> dict[str, Any]:
    """Freeze the wall, or sort it."""
    room, sent = led(asked), Shown.model_validate_json(asked.body)
    stage = room.show(**sent.model_dump(exclude_none=True))
    return stage.model_dump(mode="json")


def _digits(asked: Asked) -> Response:
    """The class's digits as a file to take away."""
    room = led(asked)
    head = {"Content-Disposition": f'attachment; filename="class-{room.code}.npz"', "Cache-Control": "no-store"}
    return Response(board.to_take_away(room), media_type="application/octet-stream", headers=head)


BELOW = "/{below:path}room/{code}"  # whatever path the lab is served at
ROUTES = (
    Route(f"{BELOW}/wall", endpoint(_wall)),
    Route(f"{BELOW}/hidden", endpoint(_hide), methods=["POST"]),
    Route(f"{BELOW}/stage", endpoint(_show), methods=["POST"]),
    Route(f"{BELOW}/digits", endpoint(_digits)),
)
