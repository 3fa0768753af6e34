"""What people type to find runs: words, and facts such as "dropout:0.2", "units>=128" or "accuracy>98%".

A word is looked for in all that people wrote about a run, and among the choices that it was trained with, defaults too.
A fact is a name, a sign and a value; of a setting, the value may follow its name at once ("dropout 0.2"). A minus turns
either into its opposite, and quotes keep words together. What cannot be understood is told, and hides nothing.
"""

import operator
import re
from collections.abc import Callable, Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache
from math import inf
from typing import Any, NamedTuple

from mnist_lab.comparing.listing import COLUMNS, Sources
from mnist_lab.config.knobs import knob, knobs, said, value
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import TrainConfig, accepted
from mnist_lab.errors import ConfigError
from mnist_lab.store.run import Run

EXAMPLES = ("dropout 0.2", "units>=128")

Condition = Callable[[Run], bool]

TOKEN = re.compile(r'(-?"[^"]*"?)|(!=|>=|<=|==|[:=<>≥≤])|((?:[^\s":=<>≥≤!]|!(?!=))+)')
EQUAL = (":", "=", "==")
UNEQUAL = "!="
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "≥": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "≤": operator.le,
}
NUMBER = re.compile(r"(-?[\d,]*(?:\.(\d*))?(?:e[+-]?\d+)?)(%?)")
SIMILAR = 0.75  # of names, from where on one is taken for a slip of the other


class Query(NamedTuple):
    """What a run must be like, each condition of it, and what was not understood, a kind sentence each."""

    conditions: tuple[Condition, ...]
    problems: tuple[str, ...]

    def finds(self, run: Run) -> bool:
        """Whether a run is like that."""
        return all(holds(run) for holds in self.conditions)


@lru_cache(maxsize=256)
def understand(text: str) -> Query:
    """What a text asks for."""
    return _Reader(text).read()


class _Token(NamedTuple):
    text: str
    is_sign: bool = False
    is_quoted: bool = False
    negated: bool = False


class _Reader:
    """Reads a text from left to right."""

    def __init__(self, text: str) -> None:
        self._left = list(_tokens(text.lower()))
        self._words: list[_Token] = []  # behind, none of which belongs to a fact
        self._conditions: list[Condition] = []
        self._problems: list[str] = []

    def read(self) -> Query:
        while self._left:
            if not self._read_fact():
                token = self._left.pop(0)
                if token.is_sign or (self._left and self._left[0].is_sign and not token.is_quoted):
                    self._give_up(token)
                else:
                    self._words.append(token)
        words = [_negated(_has_word(word.text), word.negated) for word in self._words if word.text]
        return Query((*self._conditions, *words), tuple(self._problems))

    def _read_fact(self) -> bool:
        """Take a known name, with what is asked of it, off what is left; whether there was one."""
        for length in range(LONGEST_NAME, 0, -1):
            tokens = self._left[:length]
            name = " ".join(token.text for token in tokens)
            if name not in NAMES or any(token.is_sign or token.is_quoted for token in tokens):
                continue
            rest = self._left[length:]
            signs = [token.text for token in rest[:2] if token.is_sign] if rest and rest[0].is_sign else []
            given = rest[len(signs) : len(signs) + 1]
            if not signs and not (given and _may_follow(name, given[0].text)):
                continue
            self._left = rest[len(signs) + len(given) :]
            self._add(name, signs[-1] if signs else ":", given[0].text if given else "", tokens[0].negated)
            return True
        return False

    def _add(self, name: str, sign: str, given: str, negated: bool) -> None:
        try:
            self._conditions.append(_negated(_fact(name, sign, given), negated))
        except ConfigError as error:
            self._problems.append(str(error))

    def _give_up(self, token: _Token) -> None:
        """Tell that there is no such name; words ahead that may belong to it go along, since they are in no run."""
        while self._left and self._left[0].is_sign:
            self._left.pop(0)
        del self._left[:1]
        if token.is_sign:
            self._problems.append(f"“{token.text}” needs a name ahead of it, as in {EXAMPLES[-1]}.")
            return
        near: list[str] = []
        for length in range(LONGEST_NAME - 1, -1, -1):
            before = self._words[len(self._words) - length :]
            name = " ".join(word.text for word in (*before, token))
            near = get_close_matches(name, NAMES, n=1, cutoff=SIMILAR)
            if near and len(before) == length:
                del self._words[len(self._words) - length :]
                break
        meant = f" Did you mean {near[0]}?" if near else " Put it into quotes to look for these words."
        self._problems.append(f"There is nothing named “{name}”.{meant}")


def _tokens(text: str) -> Iterator[_Token]:
    for quoted, sign, word in TOKEN.findall(text):
        written = quoted or word
        negated = written.startswith("-") and len(written) > 1 and not NUMBER.fullmatch(written)
        if sign:
            yield _Token(sign, is_sign=True)
        elif quoted:
            yield _Token(quoted.lstrip("-").strip('"'), is_quoted=True, negated=negated)
        elif stripped := word.strip(",;"):
            yield _Token(stripped[1:] if negated else stripped, negated=negated)


def _negated(holds: Condition, negated: bool) -> Condition:
    return (lambda run: not holds(run)) if negated else holds


def _has_word(word: str) -> Condition:
    return lambda run: word in _text(run) or word in _chosen(run.config)


def _text(run: Run) -> str:
    """All that people wrote about a run, in lower case."""
    notes, asked = run.annotation, run.asked
    parts = (run.name, run.id, asked.name, asked.recipe or "", asked.group or "", notes.note, *notes.tags)
    return "\n".join(parts).lower()


@lru_cache(maxsize=5000)
def _chosen(config: TrainConfig) -> frozenset[str]:
    """Of the settings that are chosen from a list, what a run has, its network and its optimizer for example."""
    found: set[str] = set()
    for field in CHOSEN:
        if applies(field, config):
            its = getattr(config, field)
            found |= set(its) if isinstance(its, tuple) else {its}
    return frozenset(found)


def _fact(name: str, sign: str, given: str) -> Condition:
    """What is asked of a name. Raises ConfigError, the first one's where the name has several meanings."""
    first: ConfigError | None = None
    for meaning in NAMES[name]:
        try:
            return meaning(sign, given)
        except ConfigError as error:
            first = first or error
    assert first
    raise first


def _may_follow(name: str, given: str) -> bool:
    """Whether this can be the value of that name without a sign between them: a value of it, or a number at least."""
    if name not in SETTINGS:
        return False
    try:
        value(SETTINGS[name], given)
    except ConfigError:
        return knob(SETTINGS[name]).is_number and _is_number(given)
    return True


def _setting(field: str) -> Callable[[str, str], Condition]:
    """What can be asked of a setting. It is equal where all of it is, and more or less where every layer of it is.

    In a run in which it means nothing, nothing holds.
    """

    def read(sign: str, given: str) -> Condition:
        if sign in COMPARISONS:
            if not knob(field).is_number:
                raise ConfigError(f"{field} is no number: write {field}:{said(knob(field).options[-1])}.")
            compare, limit = COMPARISONS[sign], _number(field, given)
            return lambda run: (
                applies(field, run.config) and _every(getattr(run.config, field), lambda one: compare(one, limit))
            )
        if not given:
            raise ConfigError(f"{field}: which value? It takes {accepted(field)}.")
        wanted = said(value(field, given))
        if sign == UNEQUAL:
            return lambda run: applies(field, run.config) and said(getattr(run.config, field)) != wanted
        return lambda run: applies(field, run.config) and said(getattr(run.config, field)) == wanted

    return read


def _every(its: Any, holds: Callable[[float], bool]) -> bool:
    """Whether something holds for a number, or for each one of several; no limit is more than any number."""
    return bool(its) and all(map(holds, its)) if isinstance(its, tuple) else holds(inf if its is None else its)


def _measured(column: str) -> Callable[[str, str], Condition]:
    """What can be asked of a number in the table; equal is what is so to as many digits as are given.

    Accuracies are given as 98%, 98 or 0.98.
    """

    def read(sign: str, given: str) -> Condition:
        limit, within = _number(column, given), _half_a_digit(given)
        if column in SHARES and (given.endswith("%") or limit <= 1):
            limit, within = 100 * limit, 100 * within

        def number(run: Run) -> float | None:
            found: float | None = COLUMNS[column](run, NO_SOURCES)
            return found

        if compare := COMPARISONS.get(sign):
            return lambda run: (found := number(run)) is not None and compare(found, limit)
        unequal = sign == UNEQUAL
        return lambda run: (found := number(run)) is not None and (abs(found - limit) <= within) != unequal

    return read


def _written(parts: Callable[[Run], Sequence[str]]) -> Callable[[str, str], Condition]:
    """What can be asked of something that is written about a run: that a text is in it."""

    def read(sign: str, given: str) -> Condition:
        if sign in COMPARISONS or not given:
            raise ConfigError("Names, recipes, groups, states, tags and notes are words: write tag:best.")
        return _negated(lambda run: any(given in part.lower() for part in parts(run)), sign == UNEQUAL)

    return read


def _is_number(text: str) -> bool:
    return any(character.isdigit() for character in text) and NUMBER.fullmatch(text) is not None


def _number(name: str, given: str) -> float:
    """A number such as 0.2, 1e-3, 10,000 or 20%, which is 0.2. Raises ConfigError."""
    if not _is_number(given):
        raise ConfigError(f"{name}: {given!r} is no number." if given else f"{name}: which number? None is given.")
    match = NUMBER.fullmatch(given)
    assert match
    return float(match[1].replace(",", "")) / (100 if match[3] else 1)


def _half_a_digit(given: str) -> float:
    """Half of what the last digit of a number counts."""
    match = NUMBER.fullmatch(given)
    assert match
    return 0.5 * 10.0 ** -len(match[2] or "") / (100 if match[3] else 1)


NO_SOURCES = Sources(lambda run: [], {})
SHARES = ("test accuracy", "train accuracy", "pen digits")
CHOSEN = [field for field, knob in knobs().items() if knob.options and isinstance(knob.options[0], str)]
MEASURED = {
    **{column: column for column in (*SHARES, "parameters", "size", "training time", "prediction time")},
    **{"accuracy": "test accuracy", "test": "test accuracy"},
    **{"training accuracy": "train accuracy", "training": "train accuracy", "prediction": "prediction time"},
}
"""Numbers of the table by the names that people know them by; own drawings and validation are in no summary."""

SETTINGS = {
    name: field
    for field, about in TrainConfig.model_fields.items()
    for name in (field, field.replace("_", " "), (about.title or field).lower())
}
WRITTEN: dict[str, Callable[[Run], Sequence[str]]] = {
    "name": lambda run: [run.name],
    "id": lambda run: [run.id],
    "recipe": lambda run: [run.asked.recipe or ""],
    "group": lambda run: [run.asked.group or ""],
    "state": lambda run: [str(run.state)],
    "tag": lambda run: run.annotation.tags,
    "tags": lambda run: run.annotation.tags,
    "note": lambda run: [run.annotation.note],
}
NAMES: dict[str, list[Callable[[str, str], Condition]]] = {}
"""What a name can mean, the most usual first."""

for _name, _field in SETTINGS.items():
    NAMES.setdefault(_name, []).append(_setting(_field))
for _name, _column in MEASURED.items():
    NAMES.setdefault(_name, []).append(_measured(_column))
for _name, _parts in WRITTEN.items():
    NAMES.setdefault(_name, []).append(_written(_parts))
LONGEST_NAME = max(len(name.split()) for name in NAMES)
