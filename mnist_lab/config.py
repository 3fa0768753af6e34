"""What can be asked of a training: one typed, bounded, frozen value.

The bounds written here drive the form, the command line, the JSON and the error messages.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, cast, get_args

from annotated_types import Ge, Le
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from mnist_lab.errors import ConfigError

DatasetName = Literal["mnist", "digits"]
Network = Literal["dense", "cnn"]
Activation = Literal["relu", "sigmoid", "tanh"]
Scaling = Literal["unit", "column-l2", "none"]
Loss = Literal["sparse-cross-entropy", "one-hot-cross-entropy", "mean-squared-error"]
Optimizer = Literal["adam", "rmsprop", "sgd"]
Schedule = Literal["constant", "cosine"]

CNN_ONLY = ("filters", "convolutions")  # settings that mean nothing for other networks


def _as_sizes(value: Any) -> Any:
    """Accept one number, or text such as "256, 128", where a list of sizes is asked for."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    if isinstance(value, int):
        return [value]
    return value


Units = Annotated[int, Field(ge=1, le=4096)]
Filters = Annotated[int, Field(ge=1, le=256)]


def _as_optional(value: Any) -> Any:
    """Accept an empty text where nothing may be given."""
    return None if value == "" else value


class TrainConfig(BaseModel):
    """The whole of what a training is asked to do.

    Frozen and hashable. Build it from untrusted input with `parse`, which turns pydantic's errors into a `ConfigError`
    that says what to do.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dataset: DatasetName = Field(
        "mnist", title="Dataset", description="MNIST's 60,000 images, or scikit-learn's 1,797 small 8 x 8 digits."
    )
    train_images: Annotated[int | None, BeforeValidator(_as_optional)] = Field(
        None,
        title="Training images",
        ge=100,
        le=60_000,
        description="Train on the first so many images only; empty means all of them.",
    )
    augment: bool = Field(
        False,
        title="Augmentation",
        description="Every epoch shows each image a little turned, slanted, scaled, shifted, bent, thicker or thinner.",
    )
    pens: bool = Field(
        False,
        title="Pen digits",
        description="Learn also from the UCI pen digits, drawn as on the canvas. They must be in MNIST_LAB_DATA.",
    )
    held_out_writers: int = Field(
        8,
        title="Writers held out",
        ge=0,
        le=29,
        description="So many of the 30 writers of pen digits are only watched; the seed draws them. Only with pens.",
    )
    network: Network = Field(
        "dense",
        title="Network",
        description="dense: every unit sees the whole image. cnn: small filters slide over it first.",
    )
    filters: Annotated[tuple[Filters, ...], BeforeValidator(_as_sizes)] = Field(
        (32, 64),
        title="Filters",
        min_length=1,
        max_length=3,
        description="Filters of the 3 x 3 convolutions ahead of each 2 x 2 max pooling, first to last. Only for cnn.",
    )
    convolutions: int = Field(
        1,
        title="Convolutions",
        ge=1,
        le=3,
        description="How many 3 x 3 convolutions stand ahead of each pooling. Only for cnn.",
    )
    units: Annotated[tuple[Units, ...], BeforeValidator(_as_sizes)] = Field(
        (128,),
        title="Hidden layers",
        max_length=8,
        description="Units of each hidden layer, first to last: 128, or 256 128, or nothing for no hidden layer.",
    )
    activation: Activation = Field(
        "relu", title="Activation", description="What makes the network more than one big linear map."
    )
    dropout: float = Field(
        0.2,
        title="Dropout",
        ge=0.0,
        le=0.9,
        description="Share of units switched off at random after each hidden layer in training; against over-fitting.",
    )
    batch_normalization: bool = Field(
        False,
        title="Batch normalization",
        description="Bring each batch to mean 0 and spread 1 ahead of every activation: steadier, for larger steps.",
    )
    scaling: Scaling = Field(
        "unit",
        title="Scaling",
        description="unit: pixels in [0, 1]. column-l2: each column divided by its length. none: 0 to 255 as they are.",
    )
    loss: Loss = Field(
        "sparse-cross-entropy",
        title="Loss",
        description="What training makes small. Sparse and one-hot cross-entropy are the same sum written twice.",
    )
    optimizer: Optimizer = Field("adam", title="Optimizer", description="The rule that turns gradients into steps.")
    learning_rate: float = Field(
        0.001,
        title="Learning rate",
        ge=1e-6,
        le=10.0,
        description="The size of a step: small is precise and slow, large is fast and unstable.",
    )
    schedule: Schedule = Field(
        "constant",
        title="Schedule",
        description="constant: every step the same size. cosine: small at first, then large, then down to nothing.",
    )
    batch_size: int = Field(
        32, title="Batch size", ge=1, le=60_000, description="Images looked at before each step of the optimizer."
    )
    epochs: int = Field(5, title="Epochs", ge=1, le=200, description="How often training goes through all the images.")
    validation_share: float = Field(
        0.1,
        title="Validation share",
        ge=0.0,
        le=0.5,
        description="Share of the training images held back to watch over-fitting while training.",
    )
    seed: int = Field(
        0,
        title="Seed",
        ge=0,
        le=2**31 - 1,
        description="The same seed gives the same start weights, the same split and the same order of images.",
    )


def parse(settings: Mapping[str, Any], base: TrainConfig | None = None) -> TrainConfig:
    """The configuration with `settings` laid over `base` (default: every field's default).

    Raises ConfigError, naming each field, what it was given and what it accepts.
    """
    start = base.model_dump() if base else {}
    try:
        return TrainConfig.model_validate({**start, **settings})
    except ValidationError as error:
        raise ConfigError("\n".join(explain(error))) from error


def explain(error: ValidationError) -> list[str]:
    """One kind line for each thing that is wrong: the field, what it was given, what it accepts."""
    return [_explain_one(str(item["loc"][0]), item) for item in error.errors()]


def accepted(field: str) -> str:
    """What a field accepts, in words: "a whole number from 1 to 200", "adam, rmsprop or sgd"."""
    schema = TrainConfig.model_json_schema()["properties"][field]
    options = schema.get("anyOf", [schema])
    shape = options[0]
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
    return f"{number} from {shape['minimum']:g} to {shape['maximum']:,}" + (" or nothing" if len(options) > 1 else "")


def _explain_one(field: str, item: Any) -> str:
    if item["type"] == "extra_forbidden":
        return f"There is no setting named {field!r}; the settings are {', '.join(TrainConfig.model_fields)}."
    return f"{field}: {item['input']!r} will not do; it takes {accepted(field)}."


def differing(configs: list[TrainConfig]) -> list[str]:
    """The fields in which the configurations are not all equal, in the order of TrainConfig."""
    return [field for field in TrainConfig.model_fields if len({getattr(config, field) for config in configs}) > 1]


def choices(field: str) -> tuple[str, ...]:
    """The values of a field that has a closed list of them."""
    return get_args(TrainConfig.model_fields[field].annotation)


def bounds(field: str) -> tuple[float, float]:
    """The least and the greatest value that a field of numbers takes."""
    limits = TrainConfig.model_fields[field].metadata
    (low,) = [limit.ge for limit in limits if isinstance(limit, Ge)]
    (high,) = [limit.le for limit in limits if isinstance(limit, Le)]
    return cast(float, low), cast(float, high)
