import pytest

from mnist_lab.config import recipes
from mnist_lab.config.links import Link, read, write
from mnist_lab.config.train_config import TrainConfig, parse


@pytest.mark.parametrize(
    "settings",
    [
        {"units": "", "seed": 3},
        {"units": "30 20", "activation": "sigmoid relu", "dropout": "0 0.5", "learning_rate": 1e-05},
        {"network": "logistic", "c": 0.1},
        {"network": "cnn", "filters": "8", "batch_normalization": True, "train_images": 500, "leave_out": "3 8"},
        *({**recipe.config.model_dump(), "seed": 9} for recipe in recipes.RECIPES.values()),
    ],
    ids=str,
)
def test_a_configuration_survives_its_address(settings):
    config = parse(settings)
    assert read(write(config)) == Link(config)


def test_only_what_differs_is_written():
    assert write(TrainConfig()) == {}
    assert write(parse({"units": "64 32", "augment": True})) == {"units": "64 32", "augment": "true"}


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_a_recipe_is_written_by_its_name(name):
    assert write(recipes.get(name).config) == {"recipe": name}
    assert read({"recipe": name}).config == recipes.get(name).config


def test_a_recipe_can_be_changed_in_an_address():
    assert read({"recipe": "small-cnn", "epochs": "3"}).config == parse({"epochs": 3}, recipes.get("small-cnn").config)


def test_fields_are_locked_and_hidden():
    link = read({"lock": "units,dropout", "hide": "seed optimizer"})
    assert (link.locked, link.hidden, link.problems) == ({"units", "dropout"}, {"seed", "optimizer"}, ())


def test_what_is_wrong_is_told_and_nothing_else_is_lost():
    link = read(
        {"units": "64", "epochs": "many", "optimizer": "magic", "lock": "units,nonesuch", "recipe": "dense-129"}
    )
    assert link.config == parse({"units": "64"})
    assert link.locked == {"units"}
    assert len(link.problems) == 4
    assert any("Did you mean" in problem for problem in link.problems)


def test_a_conflict_is_told_and_the_rest_kept():
    link = read({"output": "logits", "loss": "quadratic-cost", "units": "64"})
    assert link.config == parse({"output": "logits", "units": "64"})
    assert "logits can be any number" in link.problems[0]


def test_a_conflict_with_a_default_loses_one_setting_only():
    link = read({"scaling": "8x8", "network": "cnn", "units": "64"})
    assert "8 x 8 pixels are too few" in link.problems[0]
    assert link.config == parse({"network": "cnn", "units": "64"})


def test_parameters_of_others_are_left_alone():
    assert read({"drawing": "abc", "model": "x"}) == Link(TrainConfig())
