import math

import pytest
from pydantic import ValidationError

from mnist_lab.config import recipes
from mnist_lab.config.knobs import knob
from mnist_lab.config.train_config import TrainConfig, accepted, changed, differing, parse
from mnist_lab.errors import ConfigError, UnknownRecipe
from mnist_lab.store.runs import BUNDLED, RunStore

SCHEMA = TrainConfig.model_json_schema()["properties"]
NUMBERS = (
    *("train_images", "held_out_writers", "convolutions", "dropout", "spoiled_labels", "l2", "weight_decay"),
    *("learning_rate", "momentum", "batch_size", "epochs", "patience", "c", "max_iterations"),
    *("validation_share", "seed"),
)
CHOICES = (
    *("dataset", "network", "activation", "initialization", "output", "scaling", "loss", "optimizer", "schedule"),
)
WHERE = {  # what a setting needs beside it to mean something
    "held_out_writers": {"pens": True},
    "convolutions": {"network": "cnn"},
    "weight_decay": {"optimizer": "adamw"},
    "momentum": {"optimizer": "sgd"},
    "c": {"network": "logistic"},
    "max_iterations": {"network": "logistic"},
}


def numeric_shape(field):
    return SCHEMA[field].get("anyOf", [SCHEMA[field]])[0]


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
    assert getattr(parse({field: shape[end], **WHERE.get(field, {})}), field) == shape[end]
    message = refusal(**{field: just_beyond(shape[end], direction, shape["type"])})
    assert message.startswith(f"{field}: ")
    assert accepted(field) in message


@pytest.mark.parametrize("field", NUMBERS)
@pytest.mark.parametrize("value", ["many", math.nan, math.inf, [1, 2]])
def test_what_is_no_number_is_refused(field, value):
    assert accepted(field) in refusal(**{field: value})


@pytest.mark.parametrize("field", NUMBERS)
def test_the_same_is_refused_when_it_is_typed(field):
    shape = numeric_shape(field)
    outside = [just_beyond(shape["minimum"], -1, shape["type"]), just_beyond(shape["maximum"], 1, shape["type"])]
    for text in [*map(repr, outside), "many", "nan", "inf", "1e999", "-1e999", "1 000", "--1", "1.2.3", "0x10"]:
        assert accepted(field) in refusal(**{field: text})
    for text in ["", "   "] if field != "train_images" else []:  # there it means all of them
        assert accepted(field) in refusal(**{field: text})


@pytest.mark.parametrize("field", TrainConfig.model_fields)
def test_no_message_shows_how_python_writes_a_value(field):
    """Only what somebody typed may hold brackets, and nobody typed a list."""
    wrong = [
        ["0", "x"],
        ("0", "x"),
        [],
        (),
        [[1], [2]],
        [None],
        {"a": 1},
        None,
        True,
        3.5,
        "x y",
        "[1, 2]",
        "",
        10**9,
    ]
    told = 0
    for given in wrong:
        try:
            parse({field: given})
        except ConfigError as error:
            told += 1
            message = str(error).replace("'[1, 2]'", "")
            assert not set("[]()") & set(message), message
            assert "None" not in message
            assert any(words in message for words in ("will not do; it takes", "nothing is given; it takes"))
    assert told >= 5


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        *(("dropout", "0,2", 0.2), ("dropout", "0,2 0,5", (0.2, 0.5)), ("dropout", "0,2, 0,5", (0.2, 0.5))),
        *(("dropout", "0,2;0,5", (0.2, 0.5)), ("dropout", "0.2,0.5", (0.2, 0.5)), ("dropout", "0.2, 0.5", (0.2, 0.5))),
        *(("dropout", "0,0.5", (0.0, 0.5)), ("dropout", "0,0", 0.0), ("dropout", "0 0,5", (0.0, 0.5))),
        *(("learning_rate", "0,01", 0.01), ("validation_share", "0,25", 0.25), ("l2", "1e-3", 0.001)),
        *(("batch_size", "60,000", 60_000), ("units", "12,8", (12, 8))),
    ],
)
def test_a_decimal_comma_is_taken_where_it_can_only_be_one(field, text, value):
    assert getattr(parse({"units": "8 8", field: text}), field) == value


@pytest.mark.parametrize(
    ("field", "text", "meant"),
    [
        ("dropout", "0, 2", "if you mean 0.2"),
        ("dropout", "0,2,0,5", "if you mean 0.2 and 0.5, write 0.2 0.5"),
        ("dropout", "0,0 0.5", "if you mean 0.0 and 0.5, write 0.0 0.5"),
        ("learning_rate", "1,000", "1.000 or as 1000"),
    ],
)
def test_where_a_comma_is_unclear_it_is_said_what_may_be_meant(field, text, meant):
    assert meant in refusal(**{field: text})


@pytest.mark.parametrize("field", [*NUMBERS, "kernel"])
def test_stops_lie_within_the_bounds_from_end_to_end(field):
    low, high = knob(field).bounds
    several = knob(field).stops
    assert list(several) == sorted(set(several))
    if several:
        assert (several[0], several[-1]) == (low, high)
    elif SCHEMA[field].get("type") != "integer":
        assert field in ("dropout", "spoiled_labels", "validation_share")
    for stop in several:
        value = int(stop) if numeric_shape(field)["type"] == "integer" else stop
        assert getattr(parse({field: value, **WHERE.get(field, {})}), field) == stop


def test_the_learning_rate_is_stepped_through_by_factors():
    around = knob("learning_rate").stops.index(0.001)
    assert knob("learning_rate").stops[around - 2 : around + 3] == (0.0002, 0.0005, 0.001, 0.002, 0.005)
    assert 64 in knob("batch_size").stops and 100 not in knob("batch_size").stops


@pytest.mark.parametrize("field", CHOICES)
def test_a_choice_takes_its_own_values_only(field):
    for value in knob(field).options:
        assert getattr(parse({field: value}), field) == value
    message = refusal(**{field: "nonesuch"})
    assert message.startswith(f"{field}: ")
    assert all(value in message for value in knob(field).options)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("units", (0,)),
        ("units", (4097,)),
        ("units", (16,) * 17),
        ("units", "128, wide"),
        ("filters", ()),
        ("filters", (257,)),
        ("filters", (8,) * 4),
        ("leave_out", "3 10"),
        ("dropout", "0.1 0.95"),
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
    assert message.startswith("epoch: there is no setting of this name")
    assert "epochs" in message


def test_every_mistake_is_told_at_once():
    message = refusal(epochs=0, dropout=2, optimizer="magic")
    assert [line.split(":")[0] for line in message.splitlines()] == ["dropout", "optimizer", "epochs"]


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("epochs", "a whole number from 1 to 200"),
        ("train_images", "a whole number from 100 to 60,000 or nothing"),
        ("optimizer", "adam, adamw, rmsprop or sgd"),
        ("dropout", "a number from 0 to 0.9, or one for each hidden layer"),
        ("units", "0 to 16 whole numbers, each from 1 to 4096"),
    ],
)
def test_what_a_field_accepts_is_said_in_words(field, words):
    assert accepted(field) == words


@pytest.mark.parametrize(
    ("settings", "field", "word"),
    [
        ({"output": "logits", "loss": "mean-squared-error"}, "loss", "logits can be any number"),
        ({"output": "logits", "loss": "quadratic-cost"}, "loss", "logits can be any number"),
        ({"patience": 3, "validation_share": 0}, "patience", "none are held back"),
        ({"patience": 3, "validation_share": 0, "pens": True, "held_out_writers": 0}, "patience", "none are held back"),
        ({"units": "8 8", "activation": "relu tanh gelu"}, "activation", "3 values are given for 2 hidden layers"),
        ({"units": "8 8", "dropout": "0.1 0.2 0.3"}, "dropout", "3 values are given for 2 hidden layers"),
        ({"network": "cnn", "scaling": "8x8"}, "filters", "too few"),
        ({"batch_normalization": True, "batch_size": 1}, "batch_size", "at least 2"),
        ({"leave_out": "0 1 2 3 4 5 6 7 8"}, "leave_out", "at least two digits"),
    ],
)
def test_what_cannot_stand_together_is_refused_with_a_reason_at_its_field(settings, field, word):
    with pytest.raises(ConfigError) as caught:
        parse(settings)
    assert list(caught.value.problems) == [field]
    assert word in caught.value.problems[field]
    assert str(caught.value).startswith(f"{field}: ")


@pytest.mark.parametrize(
    "settings",
    [
        {"patience": 3, "validation_share": 0, "pens": True},
        {"network": "cnn", "units": "8 8", "activation": "relu tanh gelu"},
        {"network": "cnn", "scaling": "8x8", "filters": "4"},
        {"output": "logits", "loss": "one-hot-cross-entropy"},
        {"output": "sigmoid", "loss": "mean-squared-error"},
        {"leave_out": "0 1 2 3 4 5 6 7"},
    ],
)
def test_what_can_stand_together_does(settings):
    parse(settings)


def test_each_hidden_layer_has_its_own_activation_and_dropout():
    config = parse({"units": "30 20", "activation": "sigmoid, relu", "dropout": "0 0.5"})
    assert config.hidden_layers == ((30, "sigmoid", 0.0), (20, "relu", 0.5))
    convolutional = parse({"network": "cnn", "units": "20", "activation": "gelu tanh", "dropout": "0.25 0.5"})
    assert convolutional.hidden_layers == ((20, "tanh", 0.5),)
    assert (convolutional.convolution_activation, convolutional.convolution_dropout) == ("gelu", 0.25)


def test_one_value_holds_for_all_layers_and_equal_ones_are_one():
    assert parse({"units": "30 20", "dropout": "0.5 0.5"}) == parse({"units": "30 20", "dropout": 0.5})
    assert parse({"units": "30 20", "dropout": 0.5}).hidden_layers[1].dropout == 0.5


@pytest.mark.parametrize(
    ("settings", "alike"),
    [
        ({"filters": "8", "convolutions": 3}, {}),
        ({"momentum": 0.9, "weight_decay": 0.1}, {}),
        ({"optimizer": "sgd", "nesterov": True}, {"optimizer": "sgd"}),
        ({"network": "logistic", "units": "9", "optimizer": "sgd", "epochs": 9}, {"network": "logistic"}),
        ({"network": "scratch", "optimizer": "rmsprop", "dropout": 0.5}, {"network": "scratch"}),
    ],
)
def test_equal_trainings_have_equal_configurations(settings, alike):
    assert parse(settings) == parse(alike)


def test_the_digits_left_out_are_a_set():
    assert parse({"leave_out": "8, 3 8"}).leave_out == (3, 8)


def test_bounds_and_choices_are_those_of_one_value():
    assert knob("dropout").bounds == (0.0, 0.9)
    assert knob("units").bounds == (1, 4096)
    assert knob("activation").options == ("relu", "sigmoid", "tanh", "gelu", "linear")


@pytest.mark.parametrize("name", recipes.RECIPES)
def test_what_is_changed_makes_the_configuration_again(name):
    config = recipes.get(name).config
    assert parse(changed(config)) == config
    assert parse(changed(config, TrainConfig()), TrainConfig()) == config


def test_runs_of_an_earlier_lab_are_still_read():
    listing = RunStore(BUNDLED, bundled=None).listing()
    assert not listing.problems
    old = {"units": [128, 64], "activation": "tanh", "dropout": 0.2, "optimizer": "rmsprop", "schedule": "cosine"}
    layers = TrainConfig.model_validate(old).hidden_layers
    assert layers == ((128, "tanh", 0.2), (64, "tanh", 0.2))


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
    published = recipes.get(name).published
    shares = (published.test_accuracy, published.train_accuracy, *published.train_accuracies)
    assert all(share is None or 0 < share < 1 for share in shares)


def test_an_unknown_recipe_gets_the_near_name():
    with pytest.raises(UnknownRecipe, match=r"Did you mean small-cnn\?"):
        recipes.get("smal-cnn")


def test_a_recipe_near_to_none_gets_the_list():
    with pytest.raises(UnknownRecipe) as caught:
        recipes.get("zzz")
    assert all(name in str(caught.value) for name in recipes.RECIPES)
