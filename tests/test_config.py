import math

import pytest
from pydantic import ValidationError

from mnist_lab import recipes
from mnist_lab.config import TrainConfig, accepted, choices, differing, parse
from mnist_lab.errors import ConfigError, UnknownRecipe

SCHEMA = TrainConfig.model_json_schema()["properties"]
NUMBERS = (
    *("train_images", "held_out_writers", "convolutions", "dropout"),
    *("learning_rate", "batch_size", "epochs", "validation_share", "seed"),
)
CHOICES = ("dataset", "network", "activation", "scaling", "loss", "optimizer", "schedule")


def numeric_shape(field):
    (shape,) = [option for option in SCHEMA[field].get("anyOf", [SCHEMA[field]]) if option["type"] != "null"]
    return shape


def just_beyond(bound, direction, kind):
    return bound + direction if kind == "integer" else math.nextafter(bound, direction * math.inf)


def refusal(**settings):
    with pytest.raises(ConfigError) as caught:
        parse(settings)
    return str(caught.value)


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize(("end", "direction"), [("minimum", -1), ("maximum", 1)])
def test_a_number_is_accepted_at_its_bound_and_refused_just_beyond(field, end, direction):
    shape = numeric_shape(field)
    assert getattr(parse({field: shape[end]}), field) == shape[end]
    message = refusal(**{field: just_beyond(shape[end], direction, shape["type"])})
    assert message.startswith(f"{field}: ")
    assert accepted(field) in message


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("value", ["many", math.nan, math.inf, [1, 2]])
def test_what_is_no_number_is_refused(field, value):
    assert accepted(field) in refusal(**{field: value})


@pytest.mark.parametrize("field", CHOICES)
def test_a_choice_takes_its_own_values_only(field):
    for value in choices(field):
        assert getattr(parse({field: value}), field) == value
    message = refusal(**{field: "nonesuch"})
    assert message.startswith(f"{field}: ")
    assert all(value in message for value in choices(field))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("units", (0,)),
        ("units", (4097,)),
        ("units", (16,) * 9),
        ("units", "128, wide"),
        ("filters", ()),
        ("filters", (257,)),
        ("filters", (8,) * 4),
    ],
)
def test_sizes_have_bounds(field, value):
    assert accepted(field) in refusal(**{field: value})


@pytest.mark.parametrize("text", ["256, 128", "256,128", "256 128", [256, 128], (256, 128)])
def test_sizes_may_come_as_text(text):
    assert parse({"units": text}).units == (256, 128)


@pytest.mark.parametrize(("value", "units"), [("", ()), ("64", (64,)), (64, (64,))])
def test_no_size_and_one_size_need_no_list(value, units):
    assert parse({"units": value}).units == units


def test_an_empty_number_of_images_means_all():
    assert parse({"train_images": ""}).train_images is None


def test_an_unknown_setting_is_named_with_those_there_are():
    message = refusal(epoch=3)
    assert "'epoch'" in message
    assert "epochs" in message


def test_every_mistake_is_told_at_once():
    message = refusal(epochs=0, dropout=2, optimizer="magic")
    assert [line.split(":")[0] for line in message.splitlines()] == ["dropout", "optimizer", "epochs"]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("epochs", "a whole number from 1 to 200"),
        ("train_images", "a whole number from 100 to 60,000 or nothing"),
        ("optimizer", "adam, rmsprop or sgd"),
        ("units", "0 to 8 whole numbers, each from 1 to 4096"),
    ],
)
def test_what_a_field_accepts_is_said_in_words(field, words):
    assert accepted(field) == words


def test_settings_are_laid_over_a_base():
    base = TrainConfig(epochs=7, seed=3)
    assert parse({"seed": "4"}, base) == TrainConfig(epochs=7, seed=4)


def test_a_config_cannot_change_and_equal_ones_hash_alike():
    config = TrainConfig(units=(64,))
    with pytest.raises(ValidationError):
        config.epochs = 9
    assert {config: "found"}[parse({"units": "64"})] == "found"


def test_differing_names_the_fields_in_order():
    configs = [TrainConfig(), TrainConfig(seed=1), TrainConfig(units=(8,))]
    assert differing(configs) == ["units", "seed"]
    assert differing(configs[:1] * 2) == []


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_a_recipe_survives_json_and_the_bounds(name):
    config = recipes.get(name).config
    assert TrainConfig.model_validate_json(config.model_dump_json()) == config
    assert parse(config.model_dump(mode="json")) == config


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_published_accuracies_are_shares(name):
    assert all(share is None or 0 < share < 1 for share in recipes.get(name).published)


def test_an_unknown_recipe_gets_the_near_name():
    with pytest.raises(UnknownRecipe, match=r"Did you mean small-cnn\?"):
        recipes.get("smal-cnn")


def test_a_recipe_near_to_none_gets_the_list():
    with pytest.raises(UnknownRecipe) as caught:
        recipes.get("zzz")
    assert all(name in str(caught.value) for name in recipes.RECIPES)
