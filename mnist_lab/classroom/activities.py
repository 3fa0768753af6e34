"""What a class can do together, each a file in `shipped/`, in their order."""

import random
import re
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.errors import ConfigError, RoomError
from mnist_lab.lessons.lesson import Lesson
from mnist_lab.lessons.library import library
from mnist_lab.store.rooms import MOST_ENTRIES

SHIPPED = Path(__file__).parent / "shipped"
DIGITS = 10


Pictures = Literal["hard", "doubted"]


class _Words(BaseModel):
    """What the teacher reads (`title`, `lead`), and what the phones say (`prompt`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str = Field(min_length=1, max_length=60)
    lead: str = Field(min_length=1, max_length=300)
    prompt: str = Field(min_length=1, max_length=120)


class DrawActivity(_Words):
    """Everybody draws each of the ten digits so many `rounds`."""

    kind: Literal["draw"]
    rounds: int = Field(ge=1, le=10)

    def tasks(self, seed: str) -> tuple[int, ...]:
        """The digits to draw, in 0..9: all ten, in an order that follows from the seed, and so each round."""
        lot = random.Random(seed)
        return tuple(digit for _ in range(self.rounds) for digit in lot.sample(range(DIGITS), DIGITS))


class BetActivity(_Words):
    """Everybody bets on a lesson's question, twice."""

    kind: Literal["bet"]


class ReadActivity(_Words):
    """Everybody reads the same test images, in an order of their own, in so many `seconds` each; 0 is no limit."""

    kind: Literal["read"]
    pictures: Pictures
    seconds: int = Field(ge=0, le=600)

    def order(self, several: int, seed: str) -> list[int]:
        """In which order somebody sees so many pictures, from 0."""
        return random.Random(seed).sample(range(several), several)


class TrainActivity(_Words):
    """A network learns from what everybody has drawn: a `run` goes on for so many `epochs` with so many of MNIST's
    `images`, once for each of `folds` parts of the class, without that part's digits.
    """

    kind: Literal["train"]
    run: str = Field(min_length=1, max_length=200)
    images: int = Field(ge=100, le=60_000)
    epochs: int = Field(ge=1, le=50)
    folds: int = Field(ge=2, le=20)


class ChallengeActivity(_Words):
    """Who trains the best network with so many `parameters` at most, in so many `seconds` of training?

    Everybody has so many `entries`. `base` are settings of all, `knobs` what everybody chooses: for each setting, the
    options as they would be typed.
    """

    kind: Literal["challenge"]
    parameters: int = Field(ge=100, le=10_000_000)
    seconds: int = Field(ge=1, le=3600)
    entries: int = Field(ge=1, le=MOST_ENTRIES)
    base: dict[str, Any]
    knobs: dict[str, tuple[str, ...]]

    def config(self, chosen: Mapping[str, int]) -> TrainConfig:
        """What is trained with these options, counted from 0. Raises RoomError where there are none such."""
        if {*chosen} != {*self.knobs} or any(not 0 <= chosen[name] < len(self.knobs[name]) for name in chosen):
            raise RoomError("Nobody asked for that.")
        try:
            return parse({**self.base, **{name: self.knobs[name][place] for name, place in chosen.items()}})
        except ConfigError as error:
            raise RoomError(str(error)) from error


Activity = DrawActivity | BetActivity | ReadActivity | TrainActivity | ChallengeActivity


class Step(NamedTuple):
    """A step that was started: the activity, and the lesson that it is about, if it is about one."""

    activity: Activity
    lesson: Lesson | None


_activity: TypeAdapter[Activity] = TypeAdapter(Annotated[Activity, Field(discriminator="kind")])


@lru_cache(maxsize=1)
def activities() -> dict[str, Activity]:
    """The activities by id: their file's name without its leading number. Raises RoomError for a broken one."""
    return {re.sub(r"^\d+-", "", path.stem): _read(path) for path in sorted(SHIPPED.glob("*.toml"))}


def step_of(written: str | None) -> Step | None:
    """The step that a stage keeps as "draw" or "bet dropout"; None where there is none any more."""
    name, _, about = (written or "").partition(" ")
    found = activities().get(name)
    lesson = lessons().get(about)
    if found is None or (isinstance(found, BetActivity) and lesson is None):
        return None
    return Step(found, lesson)


@lru_cache(maxsize=1)
def lessons() -> dict[str, Lesson]:
    """The lessons that can be bet on, by id, as they were when the first was asked for."""
    return library().lessons


def _read(path: Path) -> Activity:
    try:
        return _activity.validate_python(tomllib.loads(path.read_text("utf-8")))
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise RoomError(f"{path.name} is no activity: {error}") from error
