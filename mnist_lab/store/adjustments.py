"""What is changed of a run while it trains: wished for in one file, told in its ticks, kept in its summary."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Self

from pydantic import BaseModel, ConfigDict, model_validator

from mnist_lab.config.knobs import said
from mnist_lab.config.limits import Amount, Moment
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.store.ticks import Tick, within

ADJUSTABLE = ("learning_rate", "dropout")
MOST_ADJUSTMENTS = 1000  # of a run, that are told of
SLOW_SECONDS = 120.0  # after which a training goes on at full speed by itself: others wait for its worker
LONGEST_REST = 1.0  # seconds between two steps, or a few: somebody may press Stop
STEPS_A_SECOND = {"full": None, "slow": 20.0, "very slow": 2.0}


class Settings(BaseModel):
    """Some of what can change while a run trains, each within its bounds; None is one that stays."""

    model_config = ConfigDict(frozen=True)

    learning_rate: float | None = None
    dropout: float | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        if wrong := [field for field, number in self.settings.items() if not within(field, number)]:
            raise ValueError(f"{wrong[0]} is out of bounds")
        return self

    @property
    def settings(self) -> dict[str, float]:
        """Those that change, by field."""
        return {field: number for field in ADJUSTABLE if (number := getattr(self, field)) is not None}


class Wish(Settings):
    """How a run is to be trained from now on: what was wished for last.

    `moment` is when that was, in seconds since 1970. `steps_a_second` holds for SLOW_SECONDS after it was wished for at
    the moment `paced`.
    """

    steps_a_second: Amount | None = None
    paced: Moment = 0.0
    moment: Moment = 0.0

    def changes(self, config: TrainConfig) -> dict[str, float]:
        """The settings that it would change of a training that goes on with `config`."""
        can, wished = adjustable(config), self.settings
        return {field: wished[field] for field in can if field in wished and wished[field] != getattr(config, field)}


class Adjustment(Settings):
    """Settings that were changed when so many epochs were behind."""

    epochs: Amount

    @property
    def what(self) -> str:
        """What was changed, in words: "learning rate 0.01, dropout 0.5"."""
        return ", ".join(f"{field.replace('_', ' ')} {said(value)}" for field, value in self.settings.items())

    @property
    def when(self) -> str:
        """When, in words: "after 1.25 epochs"."""
        return f"after {self.epochs:.3g} epochs"

    def __str__(self) -> str:
        """In words: "learning rate 0.01 after 1.25 epochs"."""
        return f"{self.what} {self.when}"


def adjustable(config: TrainConfig) -> list[str]:
    """The settings that can change while such a run trains: those that mean something, and are one for all layers."""
    fields = [field for field in ADJUSTABLE if applies(field, config)]
    return [field for field in fields if not isinstance(getattr(config, field), tuple)]


def adjustments(ticks: Iterable[Tick]) -> tuple[Adjustment, ...]:
    """What was changed of a training, in order, as its ticks tell."""
    told = (tick for tick in ticks if tick.new_rate is not None or tick.new_dropout is not None)
    return tuple(
        Adjustment(epochs=tick.position, learning_rate=tick.new_rate, dropout=tick.new_dropout)
        for tick in islice(told, MOST_ADJUSTMENTS)
    )


def adjusted(config: TrainConfig, made: Sequence[Adjustment]) -> TrainConfig:
    """The configuration after these adjustments."""
    settings: dict[str, float] = {}
    for one in made:
        settings |= one.settings
    return parse(settings, config)


def telling(tick: Tick, changes: Mapping[str, float]) -> Tick:
    """The tick, telling of settings that are changed after its step."""
    return tick._replace(new_rate=changes.get("learning_rate"), new_dropout=changes.get("dropout"))
