"""Which settings have an effect next to which others, and which exclude each other."""

from collections.abc import Callable, Iterator
from typing import Any

from mnist_lab.config.settings import Settings

FIXED: dict[str, dict[str, Any]] = {
    "scratch": {
        "dropout": 0.0,
        "batch_normalization": False,
        "l2": 0.0,
        "optimizer": "sgd",
        "momentum": 0.0,
        "schedule": "constant",
    },
    "logistic": {
        "units": (),
        "activation": "relu",
        "dropout": 0.0,
        "batch_normalization": False,
        "initialization": "zeros",
        "l2": 0.0,
        "output": "softmax",
        "loss": "sparse-cross-entropy",
        "augment": False,
    },
}
"""What a network itself decides: scikit-learn's regression has no layers, ours from scratch descends in plain steps."""

STEPWISE = ("optimizer", "learning_rate", "schedule", "batch_size", "epochs", "patience")

APPLIES: dict[str, Callable[[Settings], bool]] = {
    "filters": lambda config: config.network == "cnn",
    "kernel": lambda config: config.network == "cnn",
    "convolutions": lambda config: config.network == "cnn",
    "c": lambda config: config.network == "logistic",
    "max_iterations": lambda config: config.network == "logistic",
    "held_out_writers": lambda config: config.pens,
    "activation": lambda config: bool(config.units) or config.network == "cnn",
    "dropout": lambda config: bool(config.units) or config.network == "cnn",
    "weight_decay": lambda config: config.optimizer == "adamw",
    "momentum": lambda config: config.optimizer == "sgd",
    "nesterov": lambda config: config.optimizer == "sgd" and config.momentum > 0,
} | {field: lambda config: config.network != "logistic" for field in STEPWISE}


def applies(field: str, config: Settings) -> bool:
    """Whether a setting changes anything, given the others."""
    if field in FIXED.get(config.network, {}):
        return False
    return APPLIES[field](config) if field in APPLIES else True


def conflicts(config: Settings) -> Iterator[tuple[str, str]]:
    """The settings that the others exclude, each with the reason and what to do."""
    layers = len(config.units) + (config.network == "cnn")
    for field in ("activation", "dropout"):
        given = getattr(config, field)
        if applies(field, config) and isinstance(given, tuple) and len(given) != layers:
            first = " and one for the convolutions ahead of them" if config.network == "cnn" else ""
            yield (
                field,
                f"{len(given)} values are given for {len(config.units)} hidden layers. Give one value for all of "
                f"them, or one for each{first}.",
            )
    if config.output == "logits" and not config.loss.endswith("cross-entropy"):
        yield (
            "loss",
            "squared errors are measured from 0 and 1, and logits can be any number. Choose softmax or sigmoid "
            "as the output, or a cross-entropy as the loss.",
        )
    if config.network == "cnn" and _last_side(config) < 1:
        side = _first_side(config)
        yield (
            "filters",
            f"{side} x {side} pixels are too few for {len(config.filters)} rounds of convolutions with a kernel of "
            f"{config.kernel} and pooling. Give fewer numbers of filters, a smaller kernel or another scaling.",
        )
    if config.batch_normalization and config.batch_size == 1:
        yield (
            "batch_size",
            "batch normalization compares the images of a batch, so it needs at least 2. Raise the batch "
            "size, or switch batch normalization off.",
        )
    watched = config.validation_share > 0 or (config.pens and config.held_out_writers > 0)
    if applies("patience", config) and config.patience and not watched:
        yield (
            "patience",
            "early stopping watches the validation images, and none are held back. Raise the validation share, or "
            "set the patience to 0.",
        )
    if len(config.leave_out) > 8:
        yield "leave_out", "at least two digits must be left to tell apart."


def _first_side(config: Settings) -> int:
    return 8 if config.scaling == "8x8" else 28


def _last_side(config: Settings) -> int:
    """The side of what the last pooling gives, in pixels."""
    side = _first_side(config)
    for _ in config.filters:
        side = (side - config.kernel + 1) // 2
    return side
