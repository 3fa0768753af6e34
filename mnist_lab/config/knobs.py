"""The settings of a training as things to vary: what values they take, how several are written, how one is said."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Annotated, Any, NamedTuple

from pydantic import TypeAdapter, ValidationError

from mnist_lab.config.numerals import Steps
from mnist_lab.config.train_config import TrainConfig, accepted, refusal, schemas
from mnist_lab.errors import ConfigError

RANGE = re.compile(r"^(\S+?)\s*\.\.\s*(\S+)$")
DASH = re.compile(r"(?<=\d)-(?=\d)|(?<=[a-z])-(?=[a-z])")  # between the layers of a value; not that of 1e-3
OFFERED, TENTH = 3, 0.1  # values to each side of a number's, where it has stops, and the step of a share
DECIMAL_COMMA = re.compile(r"\d,\s?\d")
NOTHING = ("none", "all")  # words for an empty list and for no limit
WIDE = 100  # a range whose ends are so many times apart is searched by its logarithm
WIDE_BOUNDS = 1000  # and so is any range of a setting whose bounds are so many times apart


class Knob(NamedTuple):
    """What one setting takes. `options` is the closed list of its values; `low` and `high` bound a number.

    `stops` are the values at which a number stops when it is made larger or smaller step by step; none: at every whole
    one. Where it takes a list, with a value for each layer, they are those of one layer.
    """

    field: str
    options: tuple[Any, ...] = ()
    low: float | None = None
    high: float | None = None
    stops: tuple[float, ...] = ()
    whole: bool = False
    is_list: bool = False
    may_be_nothing: bool = False

    @property
    def is_number(self) -> bool:
        """Whether a range can be given for it."""
        return self.low is not None and self.high is not None

    @property
    def is_switch(self) -> bool:
        """Whether it is on or off."""
        return self.options == (False, True)

    @property
    def is_typed(self) -> bool:
        """Whether it is one number that is written rather than chosen along a line, as a share is."""
        return self.is_number and not self.is_list and (self.whole or bool(self.stops))

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the greatest value of a number."""
        assert self.low is not None
        assert self.high is not None
        return self.low, self.high


@cache
def knobs() -> dict[str, Knob]:
    """Every setting of TrainConfig, in its order."""
    return {field: _knob(field, schema) for field, schema in schemas().items()}


def knob(field: str) -> Knob:
    """The setting of that name. Raises ConfigError, with the names there are."""
    try:
        return knobs()[field]
    except KeyError:
        raise ConfigError(f"There is no setting named {field!r}; the settings are {', '.join(knobs())}.") from None


def value(field: str, given: Any) -> Any:
    """What is given for one setting, as TrainConfig keeps it. Raises ConfigError, with what the setting takes.

    A text may separate the layers of a list by spaces or dashes ("128-64"), and say "none" or "all" for nothing.
    """
    this = knob(field)
    taken = given.strip() if isinstance(given, str) else given
    if isinstance(taken, str) and this.may_be_nothing and taken.lower() in NOTHING:
        taken = ""
    if isinstance(taken, str) and this.is_list:
        taken = DASH.sub(" ", taken)
    try:
        return _adapter(field).validate_python(taken)
    except ValidationError as error:
        reason = refusal(field, error.errors()[0], given)
        raise ConfigError(f"{field}: {reason}", {field: reason}) from None


def parts(field: str, text: str) -> list[str]:
    """The values in a text, one by one as they stand there, if all of them will do; otherwise the text as it is."""
    several = _separated(text)
    try:
        for part in several:
            value(field, part)
    except ConfigError:
        return [text]
    return several


def values(field: str, text: str) -> list[Any]:
    """The values in a text: "32, 128-64, 512" are three, and so are "32; 128, 64; 512". Raises ConfigError."""
    several = _separated(text)
    if not several:
        raise ConfigError(f"{field}: no value is given; it takes {accepted(field)}, several separated by commas.")
    try:
        return list(dict.fromkeys(value(field, part) for part in several))
    except ConfigError as error:
        if ";" not in text and DECIMAL_COMMA.search(text) and not knob(field).whole and knob(field).is_number:
            hint = "Between several values stand commas, so write decimals with a point, such as 0.2, 0.5."
            raise ConfigError(f"{error} {hint}", {at: f"{why} {hint}" for at, why in error.problems.items()}) from None
        raise


def nearby(field: str, now: Any) -> list[str]:
    """Values to offer for a number, or for the layers of one that takes a list, around the value that it has."""
    this = knob(field)
    if not this.is_number or (isinstance(now, tuple) and len(now) != 1):
        return [said(now)]
    low, high = this.bounds
    here = now[0] if isinstance(now, tuple) else high if now is None else now
    if this.stops:
        place = sum(stop < here for stop in this.stops)
        found = this.stops[max(place - OFFERED, 0) : place + OFFERED + 1]
    elif this.whole:
        found = tuple(here * factor for factor in (0.25, 0.5, 1, 2, 4)) if here else (0, 1, 2, 3)
    else:
        found = tuple(low + step * TENTH for step in range(round((high - low) / TENTH) + 1))
    within = [int(one) if this.whole else one for one in found if low <= one <= high]
    return list(dict.fromkeys([said(now), *map(said, within)]))


def is_range(text: str) -> bool:
    """Whether a text is a range, such as "0.0001..0.1"."""
    return RANGE.match(text.strip()) is not None


def limits(field: str, text: str) -> tuple[float, float]:
    """The ends of a range such as "0.0001..0.1", within the setting's bounds. Raises ConfigError.

    For a list of numbers they are those of its only one: "16..512" units make one layer of 16 to 512.
    """
    this = knob(field)
    match = RANGE.match(text.strip())
    if not this.is_number:
        raise ConfigError(f"{field} takes {accepted(field)}: give the values to choose among, not a range.")
    if not match:
        raise ConfigError(
            f"{field}: {text!r} is no range; write it as LOW..HIGH, for example {this.low:g}..{this.high:g}."
        )
    low, high = (_number(value(field, end), field) for end in match.groups())
    if low >= high:
        raise ConfigError(f"{field}: the range {text!r} is empty; its first end must be the smaller one.")
    return low, high


def is_logarithmic(field: str, low: float, high: float) -> bool:
    """Whether a range is better searched by factors than by differences: learning rates, widths, batch sizes."""
    this = knob(field)
    factor = this.high / this.low if this.high and this.low else 0.0
    return low > 0 and (high / low >= WIDE or factor >= WIDE_BOUNDS)


def said(value: Any) -> str:
    """One value in a word: "128-64", "yes", "0.00322", "none" for an empty list, "all" for no limit."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return "-".join(map(said, value)) or "none"
    return "all" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def in_words(config: TrainConfig, fields: Iterable[str]) -> str:
    """What some settings are, in words: "units 32, dropout 0.2"."""
    return ", ".join(f"{field.replace('_', ' ')} {said(getattr(config, field))}" for field in fields)


def _knob(field: str, schema: dict[str, Any]) -> Knob:
    shapes = schema.get("anyOf", [schema])
    lists = [shape for shape in shapes if shape["type"] == "array"]
    single = next((shape for shape in shapes if shape["type"] not in ("array", "null")), None)
    item = single or lists[0]["items"]
    empty = single is None and not lists[0].get("minItems")
    low, high = item.get("minimum"), item.get("maximum")
    steps = next((one for one in TrainConfig.model_fields[field].metadata if isinstance(one, Steps)), None)
    return Knob(
        field,
        options=(False, True) if item["type"] == "boolean" else tuple(item.get("enum", ())),
        low=low,
        high=high,
        stops=steps.stops(low, high) if steps else (),
        whole=item["type"] == "integer",
        is_list=bool(lists),
        may_be_nothing=empty or any(shape["type"] == "null" for shape in shapes),
    )


@cache
def _adapter(field: str) -> TypeAdapter[Any]:
    about = TrainConfig.model_fields[field]
    return TypeAdapter(Annotated[about.annotation, about])  # type: ignore[arg-type]


def _separated(text: str) -> list[str]:
    """What stands between the semicolons of a text or, where it has none, between its commas."""
    return [part.strip() for part in text.split(";" if ";" in text else ",") if part.strip()]


def _number(value: Any, field: str) -> float:
    if isinstance(value, tuple):
        if len(value) != 1:
            raise ConfigError(f"{field}: the ends of a range are single numbers.")
        (value,) = value
    return float(value)
