"""Named models: what to train, and what is published about it. A new recipe is one entry."""

from difflib import get_close_matches
from typing import NamedTuple

from mnist_lab.config import TrainConfig
from mnist_lab.errors import UnknownRecipe


class Published(NamedTuple):
    """Accuracies in [0, 1] that the source prints; None where it prints none."""

    test_accuracy: float | None = None
    train_accuracy: float | None = None


class Recipe(NamedTuple):
    """A model worth training, with what its source says about it."""

    summary: str
    config: TrainConfig
    published: Published = Published()


HOUSE = TrainConfig(
    augment=True,
    network="cnn",
    filters=(16, 48),
    convolutions=2,
    units=(64,),
    dropout=0.25,
    batch_normalization=True,
    learning_rate=0.003,
    schedule="cosine",
    batch_size=128,
    epochs=20,
    validation_share=0.0,
    held_out_writers=8,
)

RECIPES: dict[str, Recipe] = {
    "dense-128-dropout": Recipe(
        "The usual first network: one hidden layer of 128 ReLU units, and dropout.",
        TrainConfig(units=(128,), dropout=0.2, epochs=5, batch_size=32, validation_share=0.0),
        Published(test_accuracy=0.98),
    ),
    "dense-512-rmsprop": Recipe(
        "A wide layer without dropout, one-hot labels: watch the gap between training and test accuracy.",
        TrainConfig(
            units=(512,),
            dropout=0.0,
            loss="one-hot-cross-entropy",
            optimizer="rmsprop",
            epochs=5,
            batch_size=128,
            validation_share=0.0,
        ),
        Published(test_accuracy=0.9804, train_accuracy=0.9894),
    ),
    "dense-128x2-l2": Recipe(
        "Two hidden layers on images whose columns are each divided by their L2 norm.",
        TrainConfig(units=(128, 128), dropout=0.0, scaling="column-l2", epochs=4, batch_size=32, validation_share=0.0),
    ),
    "dense-1024": Recipe(
        "A very wide layer on raw pixels, 0 to 255, to see what scaling is worth.",
        TrainConfig(units=(1024,), dropout=0.0, scaling="none", epochs=5, batch_size=32, validation_share=0.0),
        Published(test_accuracy=0.972),
    ),
    "small-cnn": Recipe(
        "Two convolutions with max pooling and dropout: fewer parameters than the first network, fewer mistakes.",
        TrainConfig(
            network="cnn", filters=(32, 64), units=(), dropout=0.5, epochs=12, batch_size=128, validation_share=0.0
        ),
    ),
    "house-cnn": Recipe(
        "The lab's own, for what people really draw.",
        HOUSE.model_copy(update={"pens": True}),
    ),
    "house-cnn-mnist": Recipe(
        "The lab's own network without pen digits: how well does it read what you draw?",
        HOUSE,
    ),
}


def get(name: str) -> Recipe:
    """The recipe of that name. Raises UnknownRecipe, with the nearest names."""
    if name in RECIPES:
        return RECIPES[name]
    near = get_close_matches(name, RECIPES, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UnknownRecipe(f"There is no recipe named {name!r}.{hint} The recipes are {', '.join(RECIPES)}.")


def named(config: TrainConfig) -> str | None:
    """The recipe that asks for just this, or None."""
    return next((name for name, recipe in RECIPES.items() if recipe.config == config), None)


def describe(config: TrainConfig) -> str:
    """A short name for any configuration: its recipe's, or one such as "cnn 32-64-128, adam 0.001"."""
    sizes = (*(config.filters if config.network == "cnn" else ()), *config.units)
    layers = "-".join(map(str, sizes)) or "no hidden layer"
    return named(config) or f"{config.network} {layers}, {config.optimizer} {config.learning_rate:g}"
