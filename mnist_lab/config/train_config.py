"""What can be asked of a training: one typed, bounded, frozen value.

`settings` has what each setting accepts, `relevance` which settings have an effect next to which others.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple, Self

from pydantic import ValidationError, model_validator
from pydantic_core import PydanticCustomError

from mnist_lab.config.numerals import quoted, written
from mnist_lab.config.relevance import FIXED, applies, conflicts
from mnist_lab.config.settings import Activation, Settings
from mnist_lab.errors import ConfigError

WILL_NOT_DO = " will not do; it takes "  # between what was given and what is accepted
BESIDE = ("snapshots",)  # settings that change nothing of what is learnt


class HiddenLayer(NamedTuple):
    """One hidden layer: its units, its activation, and the share of its units that training switches off."""

    units: int
    activation: Activation
    dropout: float


class TrainConfig(Settings):
    """The whole of what a training is asked to do.

    Frozen and hashable. Build it from untrusted input with `parse`, which turns pydantic's errors into a `ConfigError`
    that says what to do. Settings that have no effect next to the others take the value that they amount to, so that
    equal trainings have equal configurations.
    """

    @model_validator(mode="after")
    def _settle(self) -> Self:
        """Refuse what cannot be; bring what means nothing to what it amounts to."""
        self.__dict__.update(FIXED.get(self.network, {}))
        for field, info in type(self).model_fields.items():
            if field not in FIXED.get(self.network, {}) and not applies(field, self):
                self.__dict__[field] = info.default
        for field, reason in conflicts(self):
            raise PydanticCustomError("conflict", "{reason}", {"field": field, "reason": reason})
        return self

    @property
    def rounds(self) -> int:
        """How often at most the training goes through all its images: epochs, or iterations of lbfgs."""
        return self.max_iterations if self.network == "logistic" else self.epochs

    @property
    def hidden_layers(self) -> tuple[HiddenLayer, ...]:
        """The hidden dense layers, first to last."""
        activations, dropouts = (_spread(value, self.units) for value in (self.activation, self.dropout))
        return tuple(map(HiddenLayer, self.units, activations, dropouts))

    @property
    def convolution_activation(self) -> Activation:
        return self.activation[0] if isinstance(self.activation, tuple) else self.activation

    @property
    def convolution_dropout(self) -> float:
        """What is dropped of what a cnn's convolutions give to the first dense layer."""
        return self.dropout[0] if isinstance(self.dropout, tuple) else self.dropout


def _spread(value: Any, units: tuple[int, ...]) -> tuple[Any, ...]:
    """One value for each hidden layer; of more, the last ones."""
    return value[len(value) - len(units) :] if isinstance(value, tuple) else (value,) * len(units)


def parse(settings: Mapping[str, Any], base: TrainConfig | None = None) -> TrainConfig:
    """The configuration with `settings` laid over `base` (default: every field's default).

    Raises ConfigError, naming each field, what it was given and what it accepts; `problems` has the same by field.
    """
    start = base.model_dump() if base else {}
    try:
        return TrainConfig.model_validate({**start, **settings})
    except ValidationError as error:
        problems = explain(error, settings)
        raise ConfigError("\n".join(f"{field}: {text}" for field, text in problems.items()), problems) from error


def explain(error: ValidationError, given: Mapping[str, Any]) -> dict[str, str]:
    """For each field that is wrong, one kind line: what it was given and what it accepts, or why it cannot be."""
    problems: dict[str, str] = {}
    for item in error.errors():
        field = item["ctx"]["field"] if item["type"] == "conflict" else str(item["loc"][0])
        problems.setdefault(field, refusal(field, item, given.get(field, item["input"])))
    return problems


def refusal(field: str, item: Any, given: Any) -> str:
    """Why one of pydantic's errors refuses what was given for a field, for the person who gave it."""
    if item["type"] in ("conflict", "unclear"):
        return str(item["msg"])
    if item["type"] == "extra_forbidden":
        return f"there is no setting of this name; the settings are {', '.join(TrainConfig.model_fields)}."
    if given is None or given in ("", [], ()):
        return f"nothing is given; it takes {accepted(field)}."
    return f"{quoted(given)}{WILL_NOT_DO}{accepted(field)}."


@cache
def schemas() -> dict[str, Any]:
    """What each field accepts, as JSON Schema has it, by field."""
    properties: dict[str, Any] = TrainConfig.model_json_schema()["properties"]
    return properties


def accepted(field: str) -> str:
    """What a field accepts, in words: "a whole number from 1 to 200", "adam, rmsprop or sgd"."""
    schema = schemas()[field]
    shape, *others = schema.get("anyOf", [schema])
    more = {"null": " or nothing", "array": ", or one for each hidden layer"}
    return _in_words(shape) + "".join(more[other["type"]] for other in others)


def _in_words(shape: dict[str, Any]) -> str:
    if "enum" in shape:
        *first, last = shape["enum"]
        return f"{', '.join(first)} or {last}"
    if shape["type"] == "array":
        item = shape["items"]
        fewest, most = shape.get("minItems", 0), shape["maxItems"]
        return f"{fewest} to {most} whole numbers, each from {item['minimum']} to {item['maximum']}"
    if shape["type"] == "boolean":
        return "true or false"
    number = "a whole number" if shape["type"] == "integer" else "a number"
    return f"{number} from {written(shape['minimum'])} to {_grouped(shape['maximum'])}"


def _grouped(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:,g}"


def differing(configs: list[TrainConfig]) -> list[str]:
    """The fields in which the configurations are not all equal, in the order of TrainConfig.

    What changes nothing of what is learnt tells nothing of two runs, and is left out.
    """
    fields = [field for field in TrainConfig.model_fields if field not in BESIDE]
    return [field for field in fields if len({getattr(config, field) for config in configs}) > 1]


def changed(config: TrainConfig, base: TrainConfig | None = None) -> dict[str, Any]:
    """The settings in which a configuration differs from another (default: from the defaults of its own network)."""
    base = base or TrainConfig(network=config.network)
    return {
        field: getattr(config, field)
        for field in TrainConfig.model_fields
        if (field == "network" and config.network != "dense") or getattr(config, field) != getattr(base, field)
    }
