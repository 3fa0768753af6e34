"""Published against measured: real runs of a small recipe, and the sentences about them. Needs TensorFlow."""

import io
import zipfile

import pytest

from mnist_lab.config import recipes
from mnist_lab.config.recipes import Published, Recipe
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.worker import execute
from mnist_lab.errors import TrainingError
from mnist_lab.reports.reproduction import (
    Outcome,
    bundle,
    depends_on_seed,
    difference,
    names,
    report,
    reproduce,
    untrained,
)
from mnist_lab.store.folders import Folder
from mnist_lab.store.runs import RunStore

TINY = Recipe(
    "Tiny",
    "A tiny network.",
    TrainConfig(dataset="digits", train_images=200, units=(8,), epochs=1, validation_share=0.0),
    Published(test_accuracy=0.01, train_accuracies=(0.1,), train_losses=(2.0,)),
    source="Nobody trains it.",
)


@pytest.fixture(scope="module")
def reproduced(tmp_path_factory):
    """The store of runs that a reproduction leaves."""
    return RunStore(tmp_path_factory.mktemp("reproduced") / "runs", bundled=None)


@pytest.fixture(scope="module")
def outcome_of_training(reproduced):
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(recipes.RECIPES, "tiny", TINY)
        return reproduce(reproduced, "tiny", 2, execute)


@pytest.fixture
def outcome(outcome_of_training, monkeypatch):
    monkeypatch.setitem(recipes.RECIPES, "tiny", TINY)
    return outcome_of_training


def with_accuracies(outcome, published, *accuracies):
    runs = [
        run.__class__(
            run.id,
            run.asked,
            run.status.model_copy(update={"summary": run.summary.model_copy(update={"test_accuracy": accuracy})}),
        )
        for run, accuracy in zip(outcome.runs, accuracies, strict=True)
    ]
    return Outcome("tiny", TINY._replace(published=published), runs, outcome.epochs, [])


def test_each_seed_is_a_run_and_a_second_reproduction_takes_them_up(outcome, reproduced):
    assert [run.config.seed for run in outcome.runs] == [0, 1]
    assert {run.asked.group for run in outcome.runs} == {"reproduction"}
    again = reproduce(reproduced, "tiny", 2, lambda store, run_id: pytest.fail("it was there already"))
    assert [run.id for run in again.runs] == [run.id for run in outcome.runs]


def test_the_report_has_a_row_a_sentence_and_the_curves(outcome):
    text = report([outcome], "the command")
    assert "| `tiny` | 1.00% |" in text
    assert "points above the published number" in text
    assert "| 1 | 0.1000 | " in text
    assert "the command" in text


@pytest.mark.parametrize(
    ("published", "accuracies", "words"),
    [
        (Published(), (0.9, 0.9), "prints no accuracy"),
        (Published(0.98, rounded=True), (0.976, 0.977), "whole per cents"),
        (Published(0.97), (0.98, 0.981), "1.05 points above"),
        (Published(0.98), (0.975, 0.983), "within the spread over the seeds: the best of them gets 98.30%"),
        (Published(0.98), (0.975, 0.974), "the best of the seeds, 97.50%, does not reach"),
    ],
)
def test_a_difference_is_said_as_it_is(outcome, published, accuracies, words):
    assert words in difference(with_accuracies(outcome, published, *accuracies))


def test_a_run_that_fails_ends_the_reproduction(store, monkeypatch):
    wild = TINY.config.model_copy(
        update={"units": (64, 64, 64), "optimizer": "sgd", "learning_rate": 10.0, "scaling": "none", "epochs": 20}
    )
    monkeypatch.setitem(recipes.RECIPES, "wild", TINY._replace(config=wild))
    with pytest.raises(TrainingError, match="wild with seed 0 did not finish"):
        reproduce(store, "wild", 1, execute)


def test_lbfgs_needs_one_seed_only():
    assert not depends_on_seed(recipes.get("logistic-mnist").config)
    assert depends_on_seed(recipes.get("scratch-relu-softmax").config)


def test_all_recipes_with_a_source_are_reproduced():
    assert len(names()) == 10
    assert not {"small-cnn", "house-cnn"} & set(names())


def test_networks_that_were_not_trained_know_as_much_as_chance(digits):
    chance = untrained(digits.x_test, digits.y_test, recipes.get("scratch-sigmoid-mse").config)
    assert 0.08 < sum(chance) / len(chance) < 0.12


def test_a_bundled_run_is_whole_but_for_the_optimizer(outcome, reproduced, tmp_path):
    run = outcome.runs[0]
    bundle(reproduced, run, "tiny", Folder(tmp_path / "bundled"))
    bundled = RunStore(tmp_path / "bundled", bundled=None)
    assert bundled.get("tiny").summary == run.summary
    assert bundled.read("tiny", "model.tflite") == reproduced.read(run.id, "model.tflite")
    slim, whole = (len(kept.read(name, "model.keras")) for kept, name in ((bundled, "tiny"), (reproduced, run.id)))
    assert slim < 0.6 * whole
    assert zipfile.ZipFile(io.BytesIO(bundled.read("tiny", "model.keras"))).testzip() is None
