"""Numbers as people write them: read where they can mean one thing only, and written out in full.

A comma is a decimal comma to some and separates thousands or two values for others.
"""

import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar

from pydantic_core import PydanticCustomError

NUMBER = re.compile(r"[+-]?\d*[.,]?\d+([eE][+-]?\d+)?")
THOUSANDS = re.compile(r"[+-]?[1-9]\d{0,2}(,\d{3})+")
TINY = 1e-6  # what is smaller is shorter with an exponent
MOST_DIGITS = 20  # of a whole number that is read: Python refuses thousands of them
LONGEST = 80  # characters of what was given that a message repeats

Value = TypeVar("Value")


class Steps(NamedTuple):
    """How a number is stepped through: the numbers between two bounds at which to stop, besides the bounds themselves.

    They are the `digits`, times any power of `base`, from `least` on.
    """

    base: int
    digits: tuple[int, ...] = (1,)
    least: float = 0.0

    def stops(self, low: float, high: float) -> tuple[float, ...]:
        """Where to stop, from the one bound to the other, both among them. Above 0, `low` or `least` must be."""
        found, power = {low, high}, 0
        least = self.least or low
        while self._at(1, power) > least:
            power -= 1
        while self._at(1, power) <= high:
            found |= {stop for digit in self.digits if least <= (stop := self._at(digit, power)) <= high}
            power += 1
        return tuple(sorted(found))

    def _at(self, digit: int, power: int) -> float:
        """The float nearest to it: 0.3, which 3 * 0.1 is not."""
        return float(f"{digit}e{power}") if self.base == 10 else digit * float(self.base) ** power


def real(given: Any) -> Any:
    """A text such as "0,2" with the point that Python reads; anything else as it is."""
    if not isinstance(given, str) or not NUMBER.fullmatch(text := given.strip()):
        return given
    if THOUSANDS.fullmatch(text):
        point, thousand = text.replace(",", "."), text.replace(",", "")
        raise unclear(f"{quoted(given)} can be read as {point} or as {thousand}; write the one that you mean.")
    return text.replace(",", ".")


def whole(given: Any) -> Any:
    """A text such as "60,000" or "1e3" as the whole number it is; anything else as it is."""
    if not isinstance(given, str):
        return given
    text = given.strip()
    if THOUSANDS.fullmatch(text):
        return text.replace(",", "")
    if NUMBER.fullmatch(text) and "e" in text.lower() and (number := float(text.replace(",", "."))).is_integer():
        return int(number)
    return given


def within(low: float, high: float, text: str) -> int | None:
    """The whole number in a text, or None where there is none between the two; of a text of any length."""
    is_short = text.isdecimal() and len(text) <= MOST_DIGITS
    return number if is_short and low <= (number := int(text)) <= high else None


def reals(text: str, check: Callable[[list[str]], Value]) -> Value | list[str]:
    """Several numbers, separated by spaces, semicolons or commas, as `check` takes them.

    `check` raises ValueError for what cannot be. A comma is a decimal comma where it can be nothing else. Where it can
    be neither, the parts are given back for others to refuse. Raises PydanticCustomError where both are possible.
    """
    usual, with_commas = _apart(text), [real(part) for part in re.split(r"[\s;]+|,(?:\s+|$)", text) if part]
    ways = [way for parts in (usual, with_commas) if (way := _checked(parts, check)) is not None]
    if ways and ways[0] == ways[-1]:
        return ways[0]
    meant = _apart(re.sub(r"(\d+)\s*,\s*(\d+)", r"\1.\2", text))
    if "," in text and _checked(meant, check) is not None:
        both = f"{' and '.join(meant)}, write {' '.join(meant)}" if len(meant) > 1 else f"{meant[0]}, write it so"
        raise unclear(f"{quoted(text)} is unclear: if you mean {both}.")
    return usual


def written(number: float | None) -> str:
    """A number in full, as a person would type it: "0.00001", "128"; nothing for None."""
    if number is None:
        return ""
    if not isinstance(number, float) or not TINY <= abs(number) < 1 / TINY:
        return f"{number:g}" if number == 0 else str(number)
    text = f"{Decimal(repr(number)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quoted(given: Any) -> str:
    """A value given for a setting, as a message shows it: never as Python writes it."""
    if isinstance(given, str):
        return f"'{given[:LONGEST]}…'" if len(given) > LONGEST else f"'{given}'"
    if isinstance(given, bool) or given is None or isinstance(given, dict):
        return json.dumps(given, default=str)
    if isinstance(given, Sequence):
        return quoted(" ".join(map(_bare, given)))
    return str(given)


def unclear(reason: str) -> PydanticCustomError:
    """The error of a validator that cannot tell what is meant."""
    return PydanticCustomError("unclear", "{reason}", {"reason": reason})


def _apart(text: str) -> list[str]:
    return re.sub("[,;]", " ", text).split()


def _checked(parts: list[str], check: Callable[[list[str]], Value]) -> Value | None:
    try:
        return check(parts)
    except ValueError:
        return None


def _bare(given: Any) -> str:
    return given if isinstance(given, str) else quoted(given).strip("'")
