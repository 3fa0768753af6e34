"""Classes that draw together: a room for each, on the store of runs, so that several web processes serve one class.

<root>/.rooms/<code>/
  room.json               when it was opened, and its salt; where it is gone, so is the room
  stage.json              what the teacher shows now: the steps so far, paused or not, what the wall says
  alive                   the last sign of life, in seconds since 1970
  teachers/<owner>        who may lead it
  keys/<hash>             a link by which one more device leads it, once
  animals/<animal>        whose it is
  pupils/<pupil>.json     who is in: an animal, and nothing else about anybody
  seen/<pupil>            when a pupil's phone asked last
  drawings/<step>/<pupil>-<task>.json
  choices/<step>/<pupil>-<round>.json
  digits/<digest>.npz     what runs learn from beside MNIST
  trainings/<step>.json   which runs
  entries/<step>/<pupil>-<number>.json, and .run beside it once somebody has seen to it: which run trains it
  scores.json             how runs read the class's digits
  hidden/<step>-<pupil>-<task>

A pupil is the hash of the room's salt and of the owner that a browser's cookie identifies, so nothing here tells which
of the lab's visitors somebody is. What may be sent twice has a name that follows from what it is, so it counts once.
"""

import hashlib
import json
import random
import secrets
import threading
import time
from collections.abc import Callable, Container, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Annotated, Any, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mnist_lab.config.limits import Count, Moment, Share
from mnist_lab.datasets.arrays import MB
from mnist_lab.errors import DAMAGE, LimitReached, RoomError, StoreError, UnknownRoom
from mnist_lab.images.strokes import CANVAS_SIDE
from mnist_lab.store.folders import Folder
from mnist_lab.store.visitors import file_name

FOLDER = ".rooms"
DRAWINGS, CHOICES, ENTRIES = "drawings", "choices", "entries"
LETTERS = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so that no code is a word, and nothing to mistake for a digit
CODE_LENGTH = 5
LIFETIME = 24 * 3600.0  # seconds without a sign of life, after which a room erases itself
BETWEEN_SIGNS = 10.0  # seconds
PRESENT = 3 * BETWEEN_SIGNS  # seconds after which a phone that is not heard of counts as away
MOST_ROOMS = 50
MOST_OF_ONE = 3  # rooms that one visitor leads
MOST_PUPILS = 100
MOST_STEPS = 200
MOST_TASKS = 100
SPINS = 3
MOST_CHOICES = 20
TAKEN = b"-"  # in the place of an entry's run, until there is one
MOST_ENTRIES = 20  # of a pupil, in a step
MOST_BYTES = 100_000  # of a file
MOST_OF_DIGITS = 20 * MB
MOST_OF_SCORES = 5 * MB

FASTER = "That was done already, by a double click or from another device."
OVER = "There is no class with this code. It may be over, and nothing of it is kept."
FILES = ConfigDict(frozen=True, allow_inf_nan=False)
Model = TypeVar("Model", bound=BaseModel)
Place = Annotated[int, Field(ge=-CANVAS_SIDE, le=2 * CANVAS_SIDE)]


class Order(StrEnum):
    """How the wall sorts what was drawn."""

    NEWEST = "newest"
    DIGIT = "digit"
    DOUBT = "doubt"
    DISAGREEMENT = "disagreement"


class Stage(BaseModel):
    """`stage.json`: what all see. `steps` are the activities that were started, `current` counts them from 1.

    `phases` says how far each is, for those that the teacher leads from phase to phase.
    """

    model_config = FILES

    steps: tuple[str, ...] = Field((), max_length=MOST_STEPS)
    phases: tuple[Count, ...] = Field((), max_length=MOST_STEPS)
    current: Count = 0
    is_paused: bool = False
    is_closed: bool = False  # to whom is not in yet
    shows_answers: bool = True
    shows_animals: bool = False
    is_frozen: bool = False
    order: Order = Order.NEWEST

    def step(self, number: int) -> str | None:
        """The step of that number, from 1."""
        return self.steps[number - 1] if 0 < number <= len(self.steps) else None

    def phase(self, number: int) -> int:
        """How far that step is."""
        return self.phases[number - 1] if 0 < number <= len(self.phases) else 0


class Pupil(BaseModel):
    """`pupils/<pupil>.json`. `device` tells two pupils apart that come from one address, and is no address itself."""

    model_config = FILES

    animal: str = Field(max_length=40)
    spins: Count = SPINS  # that are left
    joined: Moment
    device: str = Field(max_length=64)


class RoomDrawing(BaseModel):
    """A drawing of a step's task: lines of points (x, y) in pixels of a canvas of CANVAS_SIDE, and what was read.

    `number` counts the changes of the drawing; the highest is the newest. `probabilities` are ten, none for what is
    no digit or blank. `saved` is in seconds since 1970.
    """

    model_config = FILES

    number: int = Field(ge=1, le=10**6)
    asked: int = Field(ge=0, le=9)
    lines: list[list[tuple[Place, Place]]] = Field(max_length=60)
    is_done: bool = False
    probabilities: list[Share] | None = Field(None, min_length=10, max_length=10)
    saved: Moment = 0.0

    @property
    def reading(self) -> int | None:
        """The digit that the network says it is; None where it says that it is none."""
        return self.probabilities.index(max(self.probabilities)) if self.probabilities else None


class RoomChoice(BaseModel):
    """What a pupil chose among several, counted from 0."""

    model_config = FILES

    choice: int = Field(ge=0, lt=MOST_CHOICES)


class RoomTraining(BaseModel):
    """`trainings/<step>.json`: the runs of a step in which networks learn from the class's `digits`.

    All go on from `start`: `control` without the class, `folds` each without the digits of one part of it, `whole` with
    all of them. `pupils` are those whose digits they are, in the order in which the digits count them.
    """

    model_config = FILES

    digits: str
    pupils: tuple[str, ...]
    start: str
    control: str
    folds: tuple[str, ...]
    whole: str

    @property
    def runs(self) -> tuple[str, ...]:
        """All that are trained, in their order."""
        return (self.control, *self.folds, self.whole)


class RoomEntry(BaseModel):
    """What a pupil wants to have trained: the place of the option chosen, from 0, by the name of the setting."""

    model_config = FILES

    chosen: dict[str, Count] = Field(max_length=20)


class RoomScores(BaseModel):
    """`scores.json`: the accuracy of runs, in [0, 1], by their ids, on `several` digits by so many pupils."""

    model_config = FILES

    several: Count
    pupils: Count
    accuracies: dict[str, Share]


class _About(BaseModel):
    """`room.json`."""

    model_config = FILES

    opened: Moment
    salt: str = Field(max_length=64)


class Present(NamedTuple):
    """A pupil, whether the phone is there now, and whether another pupil has the same address."""

    id: str
    animal: str
    is_here: bool
    shares_address: bool


class Rooms:
    """All rooms on a store of runs."""

    def __init__(self, root: Folder, clock: Callable[[], float] = time.time) -> None:
        self._folder = Folder(f"{root.url}/{FOLDER}")
        self._clock = clock

    def open(self, owner: str) -> "Room":
        """A new room that this owner leads. Raises LimitReached, and StoreError where it cannot be written."""
        codes = self._folder.names()
        if len(codes) >= MOST_ROOMS or len(self._led_by(owner)) >= MOST_OF_ONE:
            raise LimitReached("There are enough classes open. Erase one that is over.")
        while True:
            code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
            about = _About(opened=self._clock(), salt=secrets.token_hex(16))
            if self._folder.create(f"{code}/room.json", about.model_dump_json().encode()):
                room = Room(self._folder, code, self._clock)
                room.let_lead(owner)
                return room

    def room(self, code: str) -> "Room":
        """The room with that code, in whatever case it was typed. Raises UnknownRoom."""
        typed = code.strip().upper()
        if len(typed) == CODE_LENGTH and not set(typed) - set(LETTERS):
            room = Room(self._folder, typed, self._clock)
            if room.exists():
                return room
        raise UnknownRoom(OVER)

    def led_by(self, owner: str) -> "Room | None":
        """The room opened last of those that an owner leads."""
        found = []
        for room in self._led_by(owner):
            with suppress(OSError):  # erased meanwhile
                found.append((room.opened(), room.code, room))
        return max(found)[-1] if found else None

    def erase(self, code: str) -> None:
        """Leave nothing of a room."""
        for _ in range(5):
            with suppress(StoreError):  # somebody wrote into a folder that was being emptied
                self._folder.delete(f"{code}/room.json")  # first: who writes later looks for it, and cleans up
                self._folder.delete(code)
                return
        self._folder.delete(code)

    def by_token(self, token: str) -> "Room":
        """The room whose runs name it so. Raises UnknownRoom where it is erased, RoomError where that is not known."""
        unread = False
        for code in self._folder.names():
            room = Room(self._folder, code, self._clock)
            try:
                if room.token == token:
                    return room
            except UnknownRoom:
                unread = unread or room.exists()
        if unread:
            raise RoomError("A class cannot be read just now.")
        raise UnknownRoom(OVER)

    def sweep(self) -> None:
        """Erase rooms that nobody uses any more, and what is left of a room that is none."""
        for code in self._folder.names():
            room = Room(self._folder, code, self._clock)
            with suppress(StoreError, OSError):  # another one erases it, or the next sweep will
                if room.is_empty():  # asked first, since room.json is the first that is written
                    continue
                if not room.exists() or self._clock() - room.last_sign() > LIFETIME:
                    self.erase(code)

    def _led_by(self, owner: str) -> "list[Room]":
        rooms = (Room(self._folder, code, self._clock) for code in self._folder.names())
        return [room for room in rooms if room.is_led_by(owner) and room.exists()]


class Room:
    """One class. Its methods raise UnknownRoom where it is erased, StoreError where nothing can be written."""

    _entering = threading.Lock()  # a phone that is impatient asks twice
    _changing = threading.RLock()  # the stage, or a drawing: what is read before it is written

    def __init__(self, folder: Folder, code: str, clock: Callable[[], float]) -> None:
        self.code = code
        self._rooms = folder
        self._folder = Folder(f"{folder.url}/{code}")
        self._clock = clock

    @property
    def url(self) -> str:
        """Its folder."""
        return self._folder.url

    def exists(self) -> bool:
        """Whether it is not erased."""
        return self._folder.exists("room.json")

    @property
    def token(self) -> str:
        """By what runs name it, of which all may know: it tells nobody the code. Raises UnknownRoom."""
        return _hash(f"{self._about().salt} runs")[:16]

    def opened(self) -> float:
        """When, in seconds since 1970; of a damaged room when its file was written. Raises OSError for a room gone."""
        about = self._read("room.json", _About)
        return about.opened if about else self._clock() - self._folder.age("room.json")

    def is_empty(self) -> bool:
        """Whether nothing is kept of it: it is about to be opened."""
        return not self._folder.names()

    def last_sign(self) -> float:
        """When somebody asked for it last, in seconds since 1970."""
        return max(self._moment("alive"), self.opened())

    # who leads

    def is_led_by(self, owner: str) -> bool:
        """Whether an owner may pace, hide, close and erase."""
        return self._folder.exists(f"teachers/{file_name(owner)}")

    def let_lead(self, owner: str) -> None:
        """Let an owner lead it, too."""
        self._write(f"teachers/{file_name(owner)}", b"1")

    def new_key(self) -> str:
        """A secret that lets whoever has it lead the room, once."""
        key = secrets.token_urlsafe(24)
        self._write(f"keys/{_hash(key)}", b"1")
        return key

    def take_key(self, key: str, owner: str) -> None:
        """Let an owner lead it who has the key, unless they do. Raises RoomError where it is none, or was used."""
        if self.is_led_by(owner):
            return
        name = _hash(key)
        if not self._folder.exists(f"keys/{name}") or not self._folder.create(f"keys/{name}.used"):
            raise RoomError("This link was used already, or its class is over. Make a new one on the first device.")
        self.let_lead(owner)

    def stage(self) -> Stage:
        """What all see now."""
        return self._read("stage.json", Stage) or Stage()

    def show(self, **changes: Any) -> Stage:
        """Change what all see. Raises RoomError where that is nothing that can be seen."""
        with self._changing:
            try:
                stage = Stage.model_validate({**self.stage().model_dump(), **changes})
            except ValidationError as error:
                raise RoomError("That cannot be shown.") from error
            self._write("stage.json", stage.model_dump_json().encode())
            return stage

    def start(self, activity: str, after: int | None = None) -> None:
        """Begin a step: an activity's name, and what it is about, if it is about something.

        Raises RoomError, with `after`, where there are no longer just so many steps: a double click, or another device.
        """
        with self._changing:
            stage = self.stage()
            if after not in (None, len(stage.steps)):
                raise RoomError(FASTER)
            steps, phases = (*stage.steps, activity), (*stage.phases, 0)
            self.show(steps=steps, phases=phases, current=len(steps), is_paused=False, is_frozen=False)

    def go_on(self, step: int, phase: int) -> None:
        """Lead a step to its next phase. Raises RoomError where it is not at the one before."""
        with self._changing:
            stage = self.stage()
            if stage.phase(step) != phase - 1:
                raise RoomError(FASTER)
            self.show(phases=(*stage.phases[: step - 1], phase, *stage.phases[step:]))

    # who is in

    def pupil_of(self, owner: str) -> str:
        """Under which name a room knows a visitor."""
        return _hash(self._about().salt + owner)[:12]

    def pupil(self, pupil: str) -> Pupil | None:
        """Who that is; None for who is not in."""
        return self._read(f"pupils/{pupil}.json", Pupil)

    def enter(self, pupil: str, animals: Sequence[str], address: str) -> Pupil:
        """Let a pupil in, with an animal drawn by lot; who is in already stays who they are.

        Raises RoomError where the room is closed or full.
        """
        with self._entering:
            if known := self.pupil(pupil):
                return known
            if self.stage().is_closed:
                raise RoomError("The door of this class is closed. Ask your teacher to open it again.")
            if len(self._names("pupils")) >= MOST_PUPILS:
                raise RoomError(f"This class is full: it has {MOST_PUPILS} phones.")
            device = _hash(self._about().salt + address)
            new = Pupil(animal=self._draw_lot(pupil, animals), joined=self._clock(), device=device)
            self._write(f"pupils/{pupil}.json", new.model_dump_json().encode())
            return new

    def spin(self, pupil: str, animals: Sequence[str]) -> Pupil:
        """Give a pupil another animal. Raises RoomError where they had enough."""
        with self._entering:
            known = self.pupil(pupil)
            if not known or not known.spins:
                raise RoomError(f"There are {SPINS} spins for each. You are who you are now.")
            new = known.model_copy(update={"animal": self._draw_lot(pupil, animals), "spins": known.spins - 1})
            self._write(f"pupils/{pupil}.json", new.model_dump_json().encode())
            self._folder.delete(f"animals/{known.animal}")
            return new

    def present(self) -> list[Present]:
        """Everybody who is in, by animal."""
        now = self._clock()
        known = {name.removesuffix(".json"): self._read(f"pupils/{name}", Pupil) for name in self._names("pupils")}
        pupils = {pupil: found for pupil, found in known.items() if found}
        devices = [found.device for found in pupils.values()]
        behind_one = len(devices) > 3 and len(set(devices)) == 1  # a proxy; it says nothing of phones
        return sorted(
            (
                Present(
                    pupil,
                    found.animal,
                    now - self._moment(f"seen/{pupil}") < PRESENT,
                    not behind_one and devices.count(found.device) > 1,
                )
                for pupil, found in pupils.items()
            ),
            key=lambda one: one.animal,
        )

    def sign(self, pupil: str | None = None) -> None:
        """Somebody asked for the room: a pupil, or who leads it. Written now and then only."""
        for name in ("alive", *([f"seen/{pupil}"] if pupil else [])):
            if abs(self._clock() - self._moment(name)) > BETWEEN_SIGNS:
                self._write(name, str(self._clock()).encode())

    # what is drawn and chosen

    def keep(self, step: int, pupil: str, task: int, drawing: RoomDrawing) -> int:
        """Keep a drawing, unless one as new is there; the number of the one that is there now."""
        name = f"{DRAWINGS}/{step}/{pupil}-{task}.json"
        with self._changing:
            before = self._read(name, RoomDrawing)
            if before and before.number >= drawing.number:
                return before.number
            self._write(name, drawing.model_copy(update={"saved": self._clock()}).model_dump_json().encode())
            return drawing.number

    def choose(self, step: int, pupil: str, turn: int, choice: RoomChoice) -> None:
        """Keep what a pupil chose in a turn, in the place of what they chose before."""
        self._write(f"{CHOICES}/{step}/{pupil}-{turn}.json", choice.model_dump_json().encode())

    def stamps(self, kind: str, step: int) -> dict[str, str]:
        """For each drawing or choice of a step, `<pupil>-<task>`, something that changes with it."""
        found = self._folder.stamps(f"{kind}/{step}")
        return {name.removesuffix(".json"): stamp for name, stamp in found.items() if not name.startswith(".")}

    def drawing(self, step: int, name: str) -> RoomDrawing | None:
        """A drawing of a step, `<pupil>-<task>`; None where there is none, or a damaged one."""
        return self._read(f"{DRAWINGS}/{step}/{name}.json", RoomDrawing)

    def choice(self, step: int, name: str) -> RoomChoice | None:
        """A choice of a step, `<pupil>-<turn>`; None where there is none, or a damaged one."""
        return self._read(f"{CHOICES}/{step}/{name}.json", RoomChoice)

    def keep_digits(self, content: bytes) -> str:
        """Keep digits to learn from; their name, which is the same for the same digits."""
        name = hashlib.sha256(content).hexdigest()[:16]
        self._write(f"digits/{name}.npz", content)
        return name

    def digits(self, name: str) -> bytes:
        """What was kept under that name. Raises RoomError where it is gone."""
        try:
            return self._folder.read(f"digits/{name}.npz", MOST_OF_DIGITS)
        except DAMAGE as error:
            raise RoomError("The digits of this class cannot be read any more.") from error

    def keep_training(self, step: int, training: RoomTraining) -> None:
        """Keep which runs a step has."""
        self._write(f"trainings/{step}.json", training.model_dump_json().encode())

    def training(self, step: int) -> RoomTraining | None:
        """The runs of a step; None before they are asked for."""
        return self._read(f"trainings/{step}.json", RoomTraining)

    def enter_challenge(self, step: int, pupil: str, number: int, entry: RoomEntry) -> None:
        """Keep what a pupil wants to have trained; what comes a second time is the first."""
        name = f"{ENTRIES}/{step}/{pupil}-{number}.json"
        with self._changing:
            if not self._folder.exists(name):
                self._write(name, entry.model_dump_json().encode())

    def entry(self, step: int, name: str) -> RoomEntry | None:
        """An entry of a step, `<pupil>-<number>`; None where there is none, or a damaged one."""
        return self._read(f"{ENTRIES}/{step}/{name}.json", RoomEntry)

    def take_entry(self, step: int, name: str) -> bool:
        """See to an entry: of several who want to, one may."""
        return self.exists() and self._folder.create(f"{ENTRIES}/{step}/{name}.run", TAKEN)

    def settle_entry(self, step: int, name: str, run: str) -> None:
        """Say which run trains an entry that was taken."""
        self._write(f"{ENTRIES}/{step}/{name}.run", run.encode())

    def entries(self, step: int, known: Container[str] = ()) -> dict[str, str | None]:
        """The run of each entry, `<pupil>-<number>`: "" on its way, or where it is `known`, which saves to look; None
        where nobody has seen to it yet.
        """
        names = {*self._names(f"{ENTRIES}/{step}")}
        found = sorted(name.removesuffix(".json") for name in names if name.endswith(".json"))
        taken = {name for name in found if f"{name}.run" in names}
        return {name: ("" if name in known else self._run_of(step, name)) if name in taken else None for name in found}

    def _run_of(self, step: int, name: str) -> str:
        try:
            content = self._folder.read(f"{ENTRIES}/{step}/{name}.run", 200)
            return "" if content == TAKEN else content.decode()
        except DAMAGE:
            return ""

    def keep_scores(self, scores: RoomScores) -> None:
        """Keep how runs read the class's digits, in the place of what was known before."""
        self._write("scores.json", scores.model_dump_json().encode())

    def scores(self) -> RoomScores | None:
        """How runs read the class's digits; None where they were not asked."""
        return self._read("scores.json", RoomScores, MOST_OF_SCORES)

    def hidden(self, step: int) -> set[str]:
        """The drawings of a step that a teacher has hidden."""
        head = f"{step}-"
        return {name.removeprefix(head) for name in self._names("hidden") if name.startswith(head)}

    def hide(self, step: int, name: str, hidden: bool) -> None:
        """Take a drawing off the wall, or bring it back. Raises RoomError for what is no drawing."""
        if not self.drawing(step, name):
            raise RoomError("There is no such drawing.")
        if hidden:
            self._write(f"hidden/{step}-{name}", b"1")
        else:
            self._folder.delete(f"hidden/{step}-{name}")

    def _draw_lot(self, pupil: str, animals: Sequence[str]) -> str:
        for animal in random.sample(animals, len(animals)):
            if self._folder.create(f"animals/{animal}", pupil.encode()):
                return animal
        raise RoomError("No animal is left for you. Ask your teacher to open a new class.")

    def _about(self) -> _About:
        about = self._read("room.json", _About)
        if not about:
            raise UnknownRoom(OVER)
        return about

    def _names(self, below: str) -> list[str]:
        return Folder(f"{self._folder.url}/{below}").names()

    def _moment(self, name: str) -> float:
        try:
            return float(self._folder.read(name, 40))
        except DAMAGE:
            return 0.0

    def _read(self, name: str, model: type[Model], most: int = MOST_BYTES) -> Model | None:
        """What a file holds; None where there is none, or a damaged one."""
        try:
            return model.model_validate(json.loads(self._folder.read(name, most)))
        except (ValidationError, *DAMAGE):
            return None

    def _write(self, name: str, content: bytes) -> None:
        """Write a file, unless the room is erased, or is meanwhile: then nothing of it stays."""
        if self.exists():
            self._folder.write(name, content)
        if not self.exists():
            self._rooms.delete(self.code)
            raise UnknownRoom(OVER)


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
