"""Named models: what to train, and what is published about it. A new recipe is one entry."""

from difflib import get_close_matches
from typing import NamedTuple

from mnist_lab.config.numerals import quoted
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import UnknownRecipe


class Published(NamedTuple):
    """What the source prints: accuracies in [0, 1], None where it prints none; of training also epoch by epoch.

    `rounded` where it says "about" and gives whole per cents.
    """

    test_accuracy: float | None = None
    train_accuracy: float | None = None
    train_accuracies: tuple[float, ...] = ()
    train_losses: tuple[float, ...] = ()
    rounded: bool = False


class Recipe(NamedTuple):
    """A model worth training: its name for people, what it is, who trains it, what is published about it, and what to
    know about that.
    """

    title: str
    summary: str
    config: TrainConfig
    published: Published = Published()
    source: str = ""
    note: str = ""


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

SIGMOIDS = TrainConfig(
    units=(100, 100, 100),
    activation=("sigmoid", "relu", "relu"),
    dropout=(0.0, 0.2, 0.2),
    output="sigmoid",
    epochs=10,
    batch_size=32,
    validation_share=0.0,
)

BROKEN = (
    "10.41 % is chance, so the published run is broken: a network with its start weights, not trained at all, scores "
    "as much. Trained by the same text with a correct gradient, it reaches about 95 %."
)

RECIPES: dict[str, Recipe] = {
    "logistic-digits": Recipe(
        "Straight lines, tiny images",
        "Logistic regression on 8 x 8 digits: no hidden layer, and small images that are easier than MNIST's.",
        TrainConfig(network="logistic", dataset="digits", scaling="8x8", max_iterations=10_000, validation_share=0.0),
        Published(test_accuracy=0.95, rounded=True),
        "An introduction that fits scikit-learn's LogisticRegression to scikit-learn's digits, until it converges.",
    ),
    "logistic-mnist": Recipe(
        "Straight lines only",
        "Logistic regression on the first 10,000 images of MNIST, to set against every network with a hidden layer.",
        TrainConfig(network="logistic", train_images=10_000, max_iterations=100, validation_share=0.0),
        Published(test_accuracy=0.90, rounded=True),
        "An introduction that fits scikit-learn's LogisticRegression to flattened images, with its default 100 "
        "iterations.",
    ),
    "dense-128-dropout": Recipe(
        "Small network",
        "The usual first network: one hidden layer of 128 ReLU units, and dropout.",
        TrainConfig(units=(128,), dropout=0.2, epochs=5, batch_size=32, validation_share=0.0, snapshots=True),
        Published(test_accuracy=0.98, rounded=True),
        "The first example of TensorFlow's own quickstart for beginners, and of many introductions since.",
    ),
    "dense-512-rmsprop": Recipe(
        "Wide network",
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
        Published(
            test_accuracy=0.9804,
            train_accuracy=0.9894,
            train_accuracies=(0.9252, 0.9692, 0.9797, 0.9850, 0.9894),
            train_losses=(0.2570, 0.1036, 0.0678, 0.0491, 0.0365),
        ),
        "A first look at a neural network in a well-known textbook on deep learning with Keras.",
    ),
    "dense-100x3-sigmoid": Recipe(
        "Ten sigmoids",
        "Three hidden layers of 100, the first of them sigmoid, and ten sigmoid outputs instead of softmax.",
        SIGMOIDS,
        source="An introduction that prints its confusion matrix and names sgd and rmsprop as alternatives to adam.",
    ),
    "dense-100x3-sigmoid-mse": Recipe(
        "Ten sigmoids, squared error",
        "The same with one-hot labels and the mean squared error: for once the loss sees the sigmoids.",
        TrainConfig.model_validate({**SIGMOIDS.model_dump(), "loss": "mean-squared-error"}),
        source="The variant that the same introduction proposes.",
    ),
    "dense-128x2-l2": Recipe(
        "Columns scaled one by one",
        "Two hidden layers on images whose columns are each divided by their L2 norm.",
        TrainConfig(units=(128, 128), dropout=0.0, scaling="column-l2", epochs=4, batch_size=32, validation_share=0.0),
        source="An introduction that scales with keras.utils.normalize(x, axis=1) and reports loss and accuracy.",
    ),
    "scratch-sigmoid-mse": Recipe(
        "By hand, with sigmoids",
        "Back-propagation by hand, in NumPy: 784-30-10, sigmoids, the quadratic cost, and very small batches.",
        TrainConfig(
            network="scratch",
            units=(30,),
            activation="sigmoid",
            initialization="normal",
            output="sigmoid",
            loss="quadratic-cost",
            learning_rate=3.0,
            epochs=30,
            batch_size=10,
            validation_share=0.0,
            snapshots=True,  # thirty units whose weights can be read as pictures
        ),
        Published(test_accuracy=0.1041),
        "An introduction that derives back-propagation and writes it out in NumPy.",
        BROKEN,
    ),
    "scratch-relu-softmax": Recipe(
        "By hand, with ReLU",
        "Back-propagation by hand, in NumPy: 784-100-200-10, ReLU, and softmax cross-entropy from the logits.",
        TrainConfig(
            network="scratch",
            units=(100, 200),
            output="logits",
            learning_rate=0.1,
            epochs=32,
            batch_size=64,
            validation_share=0.0,
        ),
        Published(test_accuracy=0.971),
        "An introduction that writes layers, the loss with logits and its gradient out in NumPy.",
    ),
    "dense-1024": Recipe(
        "Very wide, on raw pixels",
        "A very wide layer on raw pixels, 0 to 255, to see what scaling is worth.",
        TrainConfig(units=(1024,), dropout=0.0, scaling="none", epochs=5, batch_size=32, validation_share=0.0),
        Published(test_accuracy=0.972),
        "An introduction that feeds the pixels as they come.",
    ),
    "small-cnn": Recipe(
        "Small convolutional network",
        "Two convolutions with max pooling and dropout: fewer parameters than the first network, fewer mistakes.",
        TrainConfig(
            network="cnn",
            filters=(32, 64),
            units=(),
            dropout=0.5,
            epochs=12,
            batch_size=128,
            validation_share=0.0,
            snapshots=True,
        ),
    ),
    "fast-cnn": Recipe(
        "Fast convolutional network",
        "99 % in a few seconds: wide windows, few filters, steps that grow and shrink once.",
        TrainConfig(
            network="cnn",
            filters=(16, 32),
            kernel=5,
            units=(),
            dropout=0.0,
            batch_normalization=True,
            learning_rate=0.01,
            schedule="cosine",
            batch_size=128,
            epochs=3,
            validation_share=0.0,
        ),
    ),
    "best-cnn": Recipe(
        "Fewest mistakes on MNIST",
        "As few mistakes on MNIST as a network below 150,000 parameters makes after ten minutes.",
        HOUSE.model_copy(update={"epochs": 25}),
    ),
    "house-cnn": Recipe(
        "Best for what you draw",
        "The lab's own, for what people really draw, on dirty paper, too.",
        HOUSE.model_copy(
            update={"pens": True, "dirt": "prepared", "filters": (22, 44, 88), "dropout": 0.2, "epochs": 24}
        ),
    ),
    "house-cnn-mnist": Recipe(
        "From MNIST alone",
        "The lab's own network as it was before pen digits and dirty paper, and smaller: how well does it read you?",
        HOUSE,
    ),
}


def get(name: str) -> Recipe:
    """The recipe of that name. Raises UnknownRecipe, with the nearest names."""
    if name in RECIPES:
        return RECIPES[name]
    near = get_close_matches(name, RECIPES, n=1)
    hint = f" Did you mean {near[0]}?" if near else ""
    raise UnknownRecipe(f"There is no recipe named {quoted(name)}.{hint} The recipes are {', '.join(RECIPES)}.")


def named(config: TrainConfig) -> str | None:
    """The recipe that asks for just this, or None."""
    return next((name for name, recipe in RECIPES.items() if recipe.config == config), None)


def describe(config: TrainConfig) -> str:
    """A short name for any configuration: its recipe's, or one such as "cnn 32-64-128, adam 0.001"."""
    if config.network == "logistic":
        return named(config) or f"logistic, C {config.c:g}, {config.max_iterations} iterations"
    sizes = (*(config.filters if config.network == "cnn" else ()), *config.units)
    layers = "-".join(map(str, sizes)) or "no hidden layer"
    return named(config) or f"{config.network} {layers}, {config.optimizer} {config.learning_rate:g}"
