"""The page for phones, and what it asks.

It is a page of its own and none of Streamlit's: thirty phones that join at once load a few kilobytes each, what they do
waits for no run of a script, and a phone works on while the network or the server is away.
"""

import base64
import hashlib
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from mnist_lab.classroom import board
from mnist_lab.classroom.activities import (
    DIGITS,
    ChallengeActivity,
    DrawActivity,
    ReadActivity,
    TrainActivity,
    step_of,
)
from mnist_lab.classroom.animals import ANIMALS
from mnist_lab.classroom.bets import Phase, phase_of
from mnist_lab.classroom.challenge import enter, entries, is_open, ranked
from mnist_lab.classroom.reading import pictures
from mnist_lab.classroom.training import outcome
from mnist_lab.classroom.windows import Guesses, Window
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import LimitReached, RoomError, RunError, UnknownRoom
from mnist_lab.images.strokes import CANVAS_SIDE
from mnist_lab.lessons.lesson import Lesson
from mnist_lab.networks.shapes import count_parameters
from mnist_lab.plots.pictures import data_url
from mnist_lab.store.rooms import (
    MOST_CHOICES,
    MOST_ENTRIES,
    MOST_STEPS,
    MOST_TASKS,
    OVER,
    Pupil,
    Room,
    RoomChoice,
    RoomDrawing,
    RoomEntry,
    Stage,
)
from mnist_lab.store.runs import DEFAULT_MODEL
from mnist_lab.ui import resources
from mnist_lab.ui.rooms import Asked, endpoint, is_crowded, rooms

HERE = Path(__file__).parent
SECONDS, MOST = 5.0, 25  # so many drawings, changed or sent again, are taken of one phone within these seconds
MOST_POINTS = 4000  # of a drawing
NOBODY = "Nobody asked for that."

_guesses = Guesses()
_sent = Window(SECONDS)

Line = Annotated[list[tuple[int, int]], Field(min_length=1)]


class Sent(BaseModel):
    """What a phone sends of a drawing: of which step and task, its number, its lines in pixels of the canvas."""

    model_config = ConfigDict(extra="forbid")

    step: int = Field(ge=1, le=MOST_STEPS)
    task: int = Field(ge=0, lt=MOST_TASKS)
    number: int = Field(ge=1, le=10**6)
    lines: Annotated[list[Line], Field(max_length=60)]
    done: bool


class Chosen(BaseModel):
    """What a phone sends of a bet or of a picture that was read: of which step and turn, and which option, from 0."""

    model_config = ConfigDict(extra="forbid")

    step: int = Field(ge=1, le=MOST_STEPS)
    turn: int = Field(ge=0, lt=MOST_TASKS)
    choice: int = Field(ge=0, lt=MOST_CHOICES)


class Entered(BaseModel):
    """What a phone sends of an entry to the challenge: of which step, its number, and the options chosen, from 0."""

    model_config = ConfigDict(extra="forbid")

    step: int = Field(ge=1, le=MOST_STEPS)
    number: int = Field(ge=0, lt=MOST_ENTRIES)
    chosen: dict[str, Annotated[int, Field(ge=0, le=100)]] = Field(max_length=20)


def page(_: Request) -> HTMLResponse:
    """The whole page in one file, which runs no script but its own."""
    html, script = _page()
    policy = f"default-src 'none'; script-src '{script}'; style-src 'unsafe-inline'; connect-src 'self'; img-src data:"
    head = {"Content-Security-Policy": f"{policy}; base-uri 'none'; form-action 'none'", "Cache-Control": "no-store"}
    return HTMLResponse(html, headers=head)


@lru_cache(maxsize=1)
def _page() -> tuple[str, str]:
    """The page, and the hash of its script."""
    script, style, body = ((HERE / name).read_text("utf-8") for name in ("join.js", "join.css", "join.html"))
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return body.replace("/*style*/", style).replace("/*script*/", script), f"sha256-{digest}"


def _me(asked: Asked) -> dict[str, Any]:
    """Who somebody is in a class, and what there is to do. Raises UnknownRoom for who is not in."""
    room, pupil, known = _known(asked)
    room.sign(pupil)
    return _state(room, pupil, known, asked.query.get("step", ""))


def _enter(asked: Asked) -> dict[str, Any]:
    """Join; who is in is who they were, and waits for nobody who tries codes from the same address."""
    with suppress(UnknownRoom):
        return _me(asked)
    _guesses.check(asked.address)
    try:
        room = rooms().room(asked.code)
    except UnknownRoom:
        _guesses.wrong(asked.address)
        raise
    pupil = room.pupil_of(asked.owner)
    known = room.enter(pupil, ANIMALS, asked.address)
    room.sign(pupil)
    return _state(room, pupil, known)


def _spin(asked: Asked) -> dict[str, Any]:
    """Draw another animal."""
    room, pupil, _ = _known(asked)
    return _state(room, pupil, room.spin(pupil, ANIMALS))


def _draw(asked: Asked) -> dict[str, Any]:
    """Keep a drawing and have it read; what is sent twice is kept once."""
    sent = Sent.model_validate_json(asked.body)
    room, pupil, stage = _sender(asked)
    step = step_of(stage.step(sent.step))
    asks = step.activity if step else None
    todo = asks.tasks(_seed(room, sent.step, pupil)) if isinstance(asks, DrawActivity) else ()
    if sent.task >= len(todo) or sum(map(len, sent.lines)) > MOST_POINTS:
        raise RoomError(NOBODY)
    lines = [[(_inside(x), _inside(y)) for x, y in line] for line in sent.lines]
    is_read = sent.done or not is_crowded()  # one that still grows is drawn, and read a little later
    said = board.read(lines, resources.predictor(DEFAULT_MODEL)) if is_read else None
    drawing = RoomDrawing(number=sent.number, asked=todo[sent.task], lines=lines, is_done=sent.done, probabilities=said)
    kept = {"number": room.keep(sent.step, pupil, sent.task, drawing)}
    return {**kept, "reading": drawing.reading} if stage.shows_answers and sent.done else kept


def _choose(asked: Asked) -> dict[str, Any]:
    """Keep a bet, or what a picture was read as, as long as that is asked for; what is chosen anew counts once."""
    sent = Chosen.model_validate_json(asked.body)
    room, pupil, stage = _sender(asked)
    step = step_of(stage.step(sent.step))
    if step and isinstance(step.activity, ReadActivity):
        which = _picture(step.activity, sent, stage, _seed(room, sent.step, pupil))
    elif step and step.lesson:
        which = _turn(step.lesson, sent, stage)
    else:
        raise RoomError(NOBODY)
    room.choose(sent.step, pupil, which, RoomChoice(choice=sent.choice))
    return {}


def _size(asked: Asked) -> dict[str, Any]:
    """What an entry to the challenge would be, before it is one: its size, which knobs matter, what is wrong."""
    sent = Entered.model_validate_json(asked.body)
    _, _, stage = _sender(asked)
    activity = _challenge(stage, sent.step)
    try:
        config = activity.config(sent.chosen)
    except RoomError as error:
        return {"parameters": None, "matter": [*activity.knobs], "problem": str(error)}
    return {
        "parameters": count_parameters(config),
        "matter": [name for name in activity.knobs if applies(name, config)],
        "problem": "",
    }


def _enter_challenge(asked: Asked) -> dict[str, Any]:
    """Take an entry to the challenge; what is sent twice is one."""
    sent = Entered.model_validate_json(asked.body)
    room, pupil, stage = _sender(asked)
    entry = RoomEntry(chosen=sent.chosen)
    enter(room, sent.step, _challenge(stage, sent.step), pupil, sent.number, entry)
    return {}


def _challenge(stage: Stage, number: int) -> ChallengeActivity:
    step = step_of(stage.step(number))
    if not step or not isinstance(step.activity, ChallengeActivity):
        raise RoomError(NOBODY)
    return step.activity


def _entries(room: Room, step: int, pupil: str, activity: ChallengeActivity) -> list[dict[str, Any]]:
    """A pupil's own entries, in their order, and which place each has among all."""
    found = entries(room, step, activity, resources.store())
    places = {(one.pupil, one.number): place for place, one in enumerate(ranked(found), 1)}
    return [
        {
            "parameters": one.parameters,
            "accuracy": one.accuracy,
            "place": places.get((one.pupil, one.number)),
            "problem": one.problem,
        }
        for one in sorted(found, key=lambda one: one.number)
        if one.pupil == pupil
    ]


def _picture(activity: ReadActivity, sent: Chosen, stage: Stage, seed: str) -> int:
    """Which picture was read, as all know it. Raises RoomError where it was none, or the answers are shown."""
    shown = pictures(activity.pictures, resources.store())
    if sent.turn >= len(shown) or sent.choice >= DIGITS:
        raise RoomError(NOBODY)
    if stage.phase(sent.step):
        raise RoomError("The answers are shown already.")
    return activity.order(len(shown), seed)[sent.turn]


def _turn(lesson: Lesson, sent: Chosen, stage: Stage) -> int:
    """The turn of a bet. Raises RoomError where it is on nothing, or not now."""
    phase = phase_of(stage, sent.step)
    if sent.choice >= len(lesson.choices):
        raise RoomError(NOBODY)
    if not phase.takes_bets or sent.turn != phase.turn:
        raise RoomError("The bets are closed.")
    return sent.turn


def _sender(asked: Asked) -> tuple[Room, str, Stage]:
    """The room, who sends something, and what is asked for. Raises LimitReached for more than a person can do."""
    room, pupil, _ = _known(asked)
    if _sent.add(f"{room.code} {pupil}") > MOST:
        raise LimitReached("That was a lot at once. Take your time; nothing is lost.")
    return room, pupil, room.stage()


def _known(asked: Asked) -> tuple[Room, str, Pupil]:
    """The room, and who asks; to who is not in, no code is told from any other."""
    with suppress(UnknownRoom):
        room = rooms().room(asked.code)
        pupil = room.pupil_of(asked.owner)
        if known := room.pupil(pupil):
            return room, pupil, known
    raise UnknownRoom(OVER)


def _state(room: Room, pupil: str, known: Pupil, has: str = "") -> dict[str, Any]:
    """What a phone shows; what does not change in a step unless it is the one that the phone `has` already."""
    stage = room.stage()
    number, step = stage.current, step_of(stage.step(stage.current))
    state: dict[str, Any] = {
        "code": room.code,
        "animal": known.animal,
        "spins": known.spins,
        "step": number if step else 0,
        "paused": stage.is_paused,
    }
    if not step:
        return state
    activity, is_new = step.activity, has != str(number)
    if is_new:
        state |= {"kind": activity.kind, "prompt": activity.prompt}
    if isinstance(activity, DrawActivity) and is_new:
        drawn = board.drawings(room, number).of(pupil)
        state["tasks"] = activity.tasks(_seed(room, number, pupil))
        state["drawn"] = {task: {"number": one.number, "done": one.is_done} for task, one in drawn.items()}
    if isinstance(activity, ReadActivity):
        state["open"] = not stage.phase(number)
        if is_new:
            shown = pictures(activity.pictures, resources.store())
            order = activity.order(len(shown), _seed(room, number, pupil))
            read = board.choices(room, number).of(pupil)
            state["pictures"] = [data_url(shown[which].image / 255) for which in order]
            state["read"] = [turn for turn, which in enumerate(order) if which in read]
            state["seconds"] = activity.seconds
    if isinstance(activity, ChallengeActivity):
        state |= {"open": is_open(stage, number), "entries": _entries(room, number, pupil, activity)}
        if is_new:
            state |= {"most": activity.parameters, "tries": activity.entries}
            state["knobs"] = [
                {"name": name, "label": TrainConfig.model_fields[name].title or name, "options": options}
                for name, options in activity.knobs.items()
            ]
    if isinstance(activity, TrainActivity):
        state["own"] = _own(room, number, pupil)
    if step.lesson:
        phase = phase_of(stage, number)
        chosen = board.choices(room, number).of(pupil).get(phase.turn)
        state |= {"question": step.lesson.question, "options": step.lesson.choices}
        state |= {"turn": phase.turn, "open": phase.takes_bets, "over": phase is Phase.OVER}
        state["chosen"] = chosen.choice if chosen else None
    return state


def _own(room: Room, step: int, pupil: str) -> dict[str, int] | None:
    """How a pupil's own digits are read before and after networks have learnt from the others'; None until it is so."""
    training = room.training(step)
    if training is None or pupil not in training.pupils:
        return None
    with suppress(RoomError, RunError):  # the wall says so
        if found := outcome(room, step, training, resources.store()):
            one = training.pupils.index(pupil)
            return {name: int(getattr(found, name)[one]) for name in ("digits", "before", "after")}
    return None


def _seed(room: Room, step: int, pupil: str) -> str:
    return f"{room.code} {step} {pupil}"


def _inside(place: int) -> int:
    """A coordinate as far as a line may reach beyond the canvas."""
    return min(max(place, -CANVAS_SIDE), 2 * CANVAS_SIDE)


BELOW = "/{below:path}room/{code}"  # whatever path the lab is served at
ROUTES = (
    Route("/{below:path}join", page),
    Route(f"{BELOW}/me", endpoint(_me)),
    Route(f"{BELOW}/enter", endpoint(_enter), methods=["POST"]),
    Route(f"{BELOW}/spin", endpoint(_spin), methods=["POST"]),
    Route(f"{BELOW}/drawing", endpoint(_draw), methods=["PUT"]),
    Route(f"{BELOW}/size", endpoint(_size), methods=["POST"]),
    Route(f"{BELOW}/entry", endpoint(_enter_challenge), methods=["PUT"]),
    Route(f"{BELOW}/choice", endpoint(_choose), methods=["PUT"]),
)
