"""The nine recipes as their sources write them, and as Keras is asked to train them. Needs TensorFlow."""

import pytest

from mnist_lab.config import recipes
from mnist_lab.config.recipes import RECIPES
from mnist_lab.engine.worker import execute
from mnist_lab.store.run import RunState
from tests.conftest import slow_but

DENSE = {  # layers, outputs, loss, optimizer, learning rate, epochs, batch, dropouts
    "dense-128-dropout": ("128 relu", "softmax", "SparseCategoricalCrossentropy", "Adam", 0.001, 5, 32, [0.2]),
    "dense-512-rmsprop": ("512 relu", "softmax", "CategoricalCrossentropy", "RMSprop", 0.001, 5, 128, []),
    "dense-100x3-sigmoid": (
        *("100 sigmoid 100 relu 100 relu", "sigmoid", "SparseCategoricalCrossentropy"),
        *("Adam", 0.001, 10, 32, [0.2, 0.2]),
    ),
    "dense-100x3-sigmoid-mse": (
        *("100 sigmoid 100 relu 100 relu", "sigmoid", "MeanSquaredError"),
        *("Adam", 0.001, 10, 32, [0.2, 0.2]),
    ),
    "dense-128x2-l2": ("128 relu 128 relu", "softmax", "SparseCategoricalCrossentropy", "Adam", 0.001, 4, 32, []),
    "dense-1024": ("1024 relu", "softmax", "SparseCategoricalCrossentropy", "Adam", 0.001, 5, 32, []),
}
QUICK = {"dataset": "digits", "train_images": 200, "epochs": 1, "max_iterations": 20}


@pytest.mark.parametrize("name", DENSE)
def test_a_dense_recipe_trains_what_its_source_writes(name):
    from mnist_lab.training.keras_models import build

    config = recipes.get(name).config
    model = build(config)
    *hidden, outputs = [layer for layer in model.layers if type(layer).__name__ == "Dense"]
    assert (
        " ".join(f"{layer.units} {layer.activation.__name__}" for layer in hidden),
        outputs.activation.__name__,
        type(model.loss).__name__,
        type(model.optimizer).__name__,
        float(f"{float(model.optimizer.learning_rate):g}"),
        config.epochs,
        config.batch_size,
        [layer.rate for layer in model.layers if type(layer).__name__ == "Dropout"],
    ) == DENSE[name]


def test_what_the_sources_scale_is_scaled():
    assert {name: RECIPES[name].config.scaling for name in ("logistic-digits", "dense-128x2-l2", "dense-1024")} == {
        "logistic-digits": "8x8",
        "dense-128x2-l2": "column-l2",
        "dense-1024": "none",
    }


def test_the_networks_from_scratch_are_those_of_their_sources():
    nielsen, relu = (RECIPES[name].config for name in ("scratch-sigmoid-mse", "scratch-relu-softmax"))
    assert nielsen.hidden_layers == ((30, "sigmoid", 0.0),)
    assert (nielsen.output, nielsen.loss, nielsen.initialization) == ("sigmoid", "quadratic-cost", "normal")
    assert (nielsen.learning_rate, nielsen.epochs, nielsen.batch_size) == (3.0, 30, 10)
    assert relu.hidden_layers == ((100, "relu", 0.0), (200, "relu", 0.0))
    assert (relu.output, relu.learning_rate, relu.epochs, relu.batch_size) == ("logits", 0.1, 32, 64)


def test_the_regressions_are_scikit_learns_with_its_defaults():
    from sklearn.linear_model import LogisticRegression

    from mnist_lab.training.logistic import regression_for

    assert regression_for(RECIPES["logistic-mnist"].config).get_params() == LogisticRegression().get_params()
    assert RECIPES["logistic-mnist"].config.train_images == 10_000
    assert regression_for(RECIPES["logistic-digits"].config).max_iter == 10_000


@pytest.mark.parametrize(
    "name",
    slow_but(
        (name for name in RECIPES if not name.startswith("house")),
        "logistic-digits",
        "scratch-relu-softmax",
        "small-cnn",
    ),
)
def test_every_recipe_ends_as_a_run_like_any_other(name, store):
    config = RECIPES[name].config.model_copy(update=QUICK)
    run = execute(store, store.create(config, name, recipe=name).id)
    assert run.state is RunState.FINISHED, run.status.reason
    assert store.evaluation(run.id).probabilities.sum(axis=1) == pytest.approx(1.0, abs=1e-4)
    assert store.has(run.id, "model.keras")


def test_a_broken_publication_comes_with_its_reason():
    recipe = recipes.get("scratch-sigmoid-mse")
    assert recipe.published.test_accuracy == 0.1041
    assert "chance" in recipe.note


@pytest.mark.parametrize("name", [name for name in RECIPES if name.split("-")[0] in ("logistic", "dense", "scratch")])
def test_every_reproduced_recipe_names_its_source(name):
    assert RECIPES[name].source
