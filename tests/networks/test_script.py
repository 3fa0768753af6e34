"""The script that a configuration becomes is run, and ends where the lab's training ends. Needs TensorFlow."""

from pathlib import Path

import numpy as np
import pytest

from mnist_lab.cli import main
from mnist_lab.config import recipes
from mnist_lab.config.train_config import parse
from mnist_lab.networks.script import script
from tests.conftest import slow_but

SMALL = {"dataset": "digits", "train_images": 320, "units": "16", "epochs": 2, "validation_share": 0.0, "dropout": 0}


def written(settings):
    """Run the script; the names it leaves."""
    names = {}
    exec(script(parse({**SMALL, **settings})), names)
    return names


def trained(settings, digits):
    from mnist_lab.training.contract import Contract
    from mnist_lab.training.loop import train

    return train(parse({**SMALL, **settings}), digits, Contract(lambda tick: None))[0]


@pytest.mark.parametrize(
    "settings",
    slow_but(
        [
            {},
            {"units": "16 8", "activation": "sigmoid gelu", "loss": "quadratic-cost", "output": "sigmoid", "seed": 3},
            {"scaling": "standardised", "optimizer": "sgd", "momentum": 0.9, "nesterov": True, "learning_rate": 0.05},
            {"scaling": "8x8", "output": "logits", "schedule": "cosine", "optimizer": "rmsprop"},
            {"scaling": "column-l2", "l2": 0.001, "schedule": "step", "loss": "one-hot-cross-entropy"},
            {"dirt": "raw", "spoiled_labels": 0.1, "seed": 4},
            {"validation_share": 0.2, "leave_out": "3 8", "spoiled_labels": 0.1, "schedule": "warm-up"},
            {"validation_share": 0.3, "epochs": 8, "patience": 1, "learning_rate": 0.05, "optimizer": "adamw"},
            # No optimizer that divides by the gradient's size: that of a bias before batch normalization is noise.
            {"network": "cnn", "filters": "3", "convolutions": 2, "batch_normalization": True, "optimizer": "sgd"},
            {"scaling": "none", "initialization": "he-normal", "learning_rate": 1e-4},
        ],
        {},
    ),
    ids=str,
)
def test_without_dropout_the_script_ends_with_the_labs_weights(settings, digits):
    mine = written(settings)["model"].get_weights()
    for ours, theirs in zip(mine, trained(settings, digits).get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0.02, atol=2e-3)


def test_with_dropout_it_ends_with_about_the_same_accuracy(digits):
    settings = {"dropout": 0.2, "epochs": 12, "augment": False, "train_images": 1400}
    accuracies = [
        model.evaluate(digits.x_test / 255, digits.y_test, verbose=0)[1]
        for model in (written(settings)["model"], trained(settings, digits))
    ]
    assert min(accuracies) > 0.85
    assert abs(accuracies[0] - accuracies[1]) < 0.05


def test_a_regressions_script_is_scikit_learns(digits):
    settings = {"network": "logistic", "scaling": "8x8", "max_iterations": 30}
    names = written(settings)
    flat = names["scale"](digits.x_test).reshape(len(digits.x_test), -1)
    ours = trained(settings, digits)(digits.x_test / np.float32(255))
    np.testing.assert_allclose(names["model"].predict_proba(flat), np.asarray(ours), atol=2e-3)


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_every_recipe_is_a_short_script_that_compiles(name, capsys):
    assert main(["code", "--recipe", name]) == 0
    text = capsys.readouterr().out
    compile(text, name, "exec")
    longest = 52 if name.startswith(("house", "best")) else 32
    assert 5 < len([line for line in text.splitlines() if line]) <= longest


def test_a_script_that_an_earlier_lab_printed_still_runs(capsys):
    exec(Path(__file__).with_name("printed_by_an_earlier_lab.txt").read_text("utf-8"), {})
    from mnist_lab.pens import drawings

    assert drawings.__module__ == "mnist_lab.datasets.pens"  # what scripts with pen digits import
