"""A search: what is asked of it, and how its knobs become configurations and come back from them."""

import math
from collections.abc import Mapping, Sequence
from itertools import product
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from mnist_lab.config.knobs import is_logarithmic, knob, said, value
from mnist_lab.config.limits import Moment, Text
from mnist_lab.config.numerals import quoted
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.errors import ConfigError

Sampler = Literal["tpe", "random"]
Pruner = Literal["median", "halving", "none"]

DATA = ("dataset", "train_images", "leave_out", "spoiled_labels", "pens", "held_out_writers", "dirt")
YARDSTICK = (*DATA, "validation_share", "seed")
DIGITS = 3  # significant ones of a sampled number: 0.00322 says all there is to say
FEW = 2000  # combinations that can be counted one by one
DEFAULT_SHARE = 0.1
TRIALS = (1, 500)  # at least and at most


def _typed(choices: dict[str, tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """The values as TrainConfig keeps them, also where they were read from a file. Raises ConfigError."""
    return {field: tuple(value(field, one) for one in several) for field, several in choices.items()}


class Search(BaseModel):
    """What is searched for, over which knobs, and how. Frozen; `plan` makes one from what a person asks.

    `ranges` are fields with their least and greatest value, `choices` fields with the values to choose among; what is
    named in neither is as in `base`. `at_once` trials run side by side; None: as many as there are workers.
    It was last begun or gone on with `since` then, in seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, Field(min_length=1, max_length=80)]
    base: TrainConfig
    recipe: Text | None = None
    ranges: dict[str, tuple[FiniteFloat, FiniteFloat]] = {}
    choices: Annotated[dict[str, tuple[Any, ...]], AfterValidator(_typed)] = {}
    trials: Annotated[int, Field(ge=TRIALS[0], le=TRIALS[1])] = 20
    sampler: Sampler = "tpe"
    pruner: Pruner = "median"
    at_once: Annotated[int, Field(ge=1, le=64)] | None = None
    seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0
    owner: Text | None = None
    created: Moment = 0.0
    since: Moment = 0.0

    @property
    def fields(self) -> list[str]:
        return [*self.ranges, *self.choices]


def plan(**asked: Any) -> Search:
    """A search that can be run. Raises ConfigError, with what to change."""
    try:
        search = Search(**asked)
    except ValidationError as error:
        raise ConfigError("\n".join(_explain(item) for item in error.errors())) from error
    if not search.fields:
        raise ConfigError("A search needs at least one setting to vary.")
    if twice := set(search.ranges) & set(search.choices):
        raise ConfigError(f"{', '.join(sorted(twice))}: give a range or values to choose among, not both.")
    for field in search.fields:
        knob(field)
        if field in YARDSTICK:
            raise ConfigError(
                f"{field} cannot be searched: it changes what the trials are measured by. A grid can vary it."
            )
    if not search.base.validation_share:
        raise ConfigError(
            "A search chooses by validation accuracy, never by the test set, which is for the final score only. "
            "Hold some training images back: set validation_share above 0, for example to 0.1."
        )
    return search


def holding_back(base: TrainConfig) -> TrainConfig:
    """The configuration with DEFAULT_SHARE of the training images held back, where it holds back none."""
    return base if base.validation_share else base.model_copy(update={"validation_share": DEFAULT_SHARE})


def to_config(search: Search, params: Mapping[str, Any]) -> TrainConfig:
    """The configuration that a sampler's numbers and words describe. Raises ConfigError where it is impossible."""
    settings = {field: _rounded(field, params[field], *ends) for field, ends in search.ranges.items()}
    for field in search.choices:
        settings[field] = _choices(search, field)[params[field]]
    return parse(settings, search.base)


def to_params(search: Search, config: TrainConfig) -> dict[str, Any] | None:
    """What a sampler would have said for a configuration, or None where it is none of this search's.

    A setting that has no effect next to the others may have been set to a value that is not searched; then any will
    do that makes the same configuration.
    """
    params: dict[str, Any] = {}
    for field, (low, high) in search.ranges.items():
        found = getattr(config, field)
        if isinstance(found, tuple) and len(found) == 1:
            (found,) = found
        params[field] = found if isinstance(found, int | float) and low <= found <= high else low
    for field in search.choices:
        words = _choices(search, field)
        found = said(getattr(config, field))
        params[field] = found if found in words else next(iter(words))
    try:
        return params if to_config(search, params) == config else None
    except ConfigError:
        return None


def distributions(search: Search) -> dict[str, Any]:
    """The search's knobs as optuna knows them."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, Any] = {}
    for field, (low, high) in search.ranges.items():
        log = is_logarithmic(field, low, high)
        whole = knob(field).whole
        found[field] = IntDistribution(int(low), int(high), log=log) if whole else FloatDistribution(low, high, log=log)
    for field in search.choices:
        found[field] = CategoricalDistribution(list(_choices(search, field)))
    return found


def combinations(search: Search) -> list[dict[str, Any]] | None:
    """All that a sampler could ever say, or None where that is more than FEW."""
    each: list[Sequence[Any]] = [list(_choices(search, field)) for field in search.choices]
    for field, (low, high) in search.ranges.items():
        if not knob(field).whole:
            return None
        each.append(range(int(low), int(high) + 1))
    if math.prod(len(several) for several in each) > FEW:
        return None
    return [dict(zip([*search.choices, *search.ranges], chosen, strict=True)) for chosen in product(*each)]


def _choices(search: Search, field: str) -> dict[str, Any]:
    """The values to choose among, by the word for each."""
    return {said(one): one for one in search.choices[field]}


def _rounded(field: str, number: float, low: float, high: float) -> float | int:
    if knob(field).whole:
        return int(number)
    return min(max(float(f"{number:.{DIGITS}g}"), low), high)


def _explain(item: Any) -> str:
    where = str(item["loc"][0])
    annotation = Search.model_fields[where].annotation
    options = get_args(annotation)
    if item["type"] == "literal_error":
        return f"{where}: {quoted(item['input'])} will not do; it takes {' or '.join(options)}."
    return f"{where}: {quoted(item['input'])} will not do ({item['msg'][0].lower()}{item['msg'][1:]})."
