"""A configuration in an address: only what differs from the defaults, and which fields a teacher locks or hides."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from mnist_lab.config import recipes
from mnist_lab.config.addresses import Address
from mnist_lab.config.numerals import quoted
from mnist_lab.config.train_config import TrainConfig, changed, parse
from mnist_lab.errors import ConfigError

RECIPE, LOCK, HIDE = "recipe", "lock", "hide"
OWN_WORDS = (RECIPE, LOCK, HIDE)


class Link(NamedTuple):
    """What an address says: a configuration, the fields that cannot be changed or are not shown, and what was wrong."""

    config: TrainConfig
    locked: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()
    problems: tuple[str, ...] = ()


def write(config: TrainConfig) -> dict[str, str]:
    """The parameters of an address for the configuration; none for the default one, only a name for a recipe."""
    if name := recipes.named(config):
        return {RECIPE: name}
    return {field: _in_words(value) for field, value in changed(config).items()}


def read(parameters: Mapping[str, str]) -> Link:
    """What an address says; what it says wrongly is left at its default, with the reason among the problems.

    Parameters that are not the lab's own are left alone.
    """
    address = Address(parameters)
    given = {field: address.word(field) for field in parameters if field in TrainConfig.model_fields}
    settings = {field: text for field, text in given.items() if text is not None}
    problems, base = address.problems, TrainConfig()
    if name := address.word(RECIPE):
        try:
            base = recipes.get(name).config
        except ConfigError as error:
            problems.append(str(error))
    fields = {word: _fields(address.word(word) or "", problems) for word in (LOCK, HIDE)}
    config = _as_far_as_possible(settings, base, problems)
    return Link(config, fields[LOCK], fields[HIDE], tuple(problems))


def _as_far_as_possible(settings: dict[str, str], base: TrainConfig, problems: list[str]) -> TrainConfig:
    """The configuration without the settings that cannot be, each of which is told once."""
    while True:
        try:
            return parse(settings, base)
        except ConfigError as error:
            problems += [f"{field}: {reason}" for field, reason in error.problems.items()]
            kept = {field: text for field, text in settings.items() if field not in error.problems}
            settings = kept if len(kept) < len(settings) else _without_one(settings, base)


def _without_one(settings: dict[str, str], base: TrainConfig) -> dict[str, str]:
    """The settings without the one that conflicts with a default; without any, where it is not just one."""
    for field in settings:
        rest = {name: text for name, text in settings.items() if name != field}
        try:
            parse(rest, base)
            return rest
        except ConfigError:
            continue
    return {}


def _fields(text: str, problems: list[str]) -> frozenset[str]:
    names = {name for name in text.replace(" ", ",").split(",") if name}
    unknown = sorted(names - set(TrainConfig.model_fields))
    if unknown:
        problems.append(f"There is no setting named {quoted(' '.join(unknown))} to lock or hide.")
    return frozenset(names - set(unknown))


def _in_words(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(map(_in_words, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.10g}" if isinstance(value, float) else "" if value is None else str(value)
