"""Several values for a setting, as text, and the grid they make."""

import numpy as np
import pytest

from mnist_lab.comparing.grid_tables import table
from mnist_lab.config.grids import expand, free_name, name_of
from mnist_lab.config.knobs import in_words, knobs, limits, nearby, parts, said, value, values
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import ConfigError
from mnist_lab.store.run import RunState, Summary


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("units", "32, 128, 512", [(32,), (128,), (512,)]),
        ("units", "32, 128-64, none", [(32,), (128, 64), ()]),
        ("units", "32; 128, 64; 512 10", [(32,), (128, 64), (512, 10)]),
        ("dropout", "0, 0.2,", [0.0, 0.2]),
        ("dropout", "0,0.2", [0.0, 0.2]),
        ("dropout", "0,2; 0,5", [0.2, 0.5]),
        ("learning_rate", "1e-3, 0.001, 0.01", [0.001, 0.01]),
        ("train_images", "all, 500", [None, 500]),
        ("scaling", "none, unit", ["none", "unit"]),
        ("augment", "yes, no", [True, False]),
        ("optimizer", " adam ", ["adam"]),
    ],
)
def test_several_values_are_read(field, text, expected):
    assert values(field, text) == expected


@pytest.mark.parametrize(
    ("field", "text", "hint"),
    [
        ("dropout", "0, 2", "dropout: '2' will not do; it takes a number from 0 to 0.9"),
        ("dropout", "0,2", "write decimals with a point"),
        ("learning_rate", "0,01, 0,1", "write decimals with a point"),
        ("units", "32, many", "each from 1 to 4096"),
        ("optimizer", "adm", "rmsprop or sgd"),
        ("epochs", " , ", "no value is given"),
        ("epoch", "3", "no setting named 'epoch'"),
    ],
)
def test_what_is_no_value_is_refused_with_what_is(field, text, hint):
    with pytest.raises(ConfigError, match=hint):
        values(field, text)


@pytest.mark.parametrize(
    ("field", "text", "expected"),
    [
        ("units", "8, 16-8", ["8", "16-8"]),
        ("units", "16; 8, 4", ["16", "8, 4"]),
        ("units", "8, many", ["8, many"]),
        ("learning_rate", "1e-3", ["1e-3"]),
        ("dropout", "0,2", ["0,2"]),
    ],
)
def test_a_text_is_parted_into_its_values_unless_one_will_not_do(field, text, expected):
    assert parts(field, text) == expected


def test_values_that_are_offered_will_do_and_begin_with_the_one_there_is():
    config = TrainConfig(units=(4096,), learning_rate=1e-6, train_images=None)
    for field in knobs():
        offered = nearby(field, getattr(config, field))
        first, *_ = [value(field, one) for one in offered]
        assert first == getattr(config, field)
        assert len(offered) == len(set(offered))
    assert nearby("units", (128,)) == ["128", "32", "64", "256", "512"]
    assert nearby("learning_rate", 0.001) == ["0.001", "0.0001", "0.0002", "0.0005", "0.002", "0.005", "0.01"]


def test_every_setting_is_a_knob_and_what_it_says_of_a_default_reads_back():
    assert list(knobs()) == list(TrainConfig.model_fields)
    for field in knobs():
        default = getattr(TrainConfig(), field)
        assert value(field, said(default)) == default


def test_a_range_lies_within_the_bounds_of_its_setting():
    assert limits("learning_rate", "0.0001..0.1") == (0.0001, 0.1)
    assert limits("learning_rate", "0,0001..0,1") == (0.0001, 0.1)
    assert limits("units", "16 .. 512") == (16, 512)
    for field, text, hint in [
        ("dropout", "0.5..0.1", "the first end|its first end"),
        ("dropout", "0..2", "from 0 to 0.9"),
        ("optimizer", "adam..sgd", "values to choose among"),
        ("epochs", "3", "LOW..HIGH"),
        ("units", "16-8..64", "single numbers"),
    ]:
        with pytest.raises(ConfigError, match=hint):
            limits(field, text)


def test_a_grid_is_every_combination_in_order_over_the_base():
    base = TrainConfig(epochs=3, optimizer="sgd")
    grid = expand(base, {"units": [(32,), (128,), (512,)], "dropout": [0.0, 0.2]})
    assert [in_words(config, ["units", "dropout"]) for config in grid] == [
        "units 32, dropout 0",
        "units 32, dropout 0.2",
        "units 128, dropout 0",
        "units 128, dropout 0.2",
        "units 512, dropout 0",
        "units 512, dropout 0.2",
    ]
    assert {(config.epochs, config.optimizer) for config in grid} == {(3, "sgd")}


def test_the_same_training_is_queued_once():
    base = TrainConfig()
    grid = expand(base, {"network": ["dense", "cnn"], "filters": [(8,), (16,)]})
    assert [(config.network, config.filters) for config in grid] == [
        ("dense", base.filters),
        ("cnn", (8,)),
        ("cnn", (16,)),
    ]
    assert len(expand(base, {"held_out_writers": [1, 2]})) == 1
    assert len(expand(base, {"dropout": [0.1, 0.1, "0.1"]})) == 1


def test_what_cannot_be_trained_is_named_before_anything_is_queued():
    with pytest.raises(ConfigError) as refused:
        expand(TrainConfig(), {"units": [(32,), (0,)], "dropout": [0.0, 0.2]})
    assert "2 of 4 combinations cannot be trained" in str(refused.value)
    assert "each from 1 to 4096" in str(refused.value)
    with pytest.raises(ConfigError, match="40,000 runs; a grid has at most 200"):
        expand(TrainConfig(), {"seed": range(200), "epochs": range(200)})


def test_a_group_has_a_name_of_its_own():
    assert name_of(["learning_rate", "units"]) == "learning rate by units"
    assert name_of(["units"], {"units", "units 2"}) == "units 3"
    assert free_name("mine", {"other"}) == "mine"


def test_a_grid_over_two_settings_is_a_table_of_its_test_accuracies(store):
    grid = expand(TrainConfig(), {"units": [(128, 64), (32,)], "dropout": [0.2, 0.0]})
    runs = [store.create(config, "grid", group="grid") for config in grid]
    for number, run in enumerate(runs[:3]):
        reached = Summary(
            test_accuracy=number / 10, train_accuracy=1.0, seconds=1.0, parameters=1, epochs=1, model_bytes=1
        )
        store.update(run.id, state=RunState.FINISHED, summary=reached)
    found = table([store.get(run.id) for run in runs])
    assert (found.row, found.rows, found.column, found.columns) == ("units", ["32", "128-64"], "dropout", ["0", "0.2"])
    np.testing.assert_array_equal(found.accuracies, [[np.nan, 0.2], [0.1, 0.0]])
    assert table([store.get(run.id) for run in runs[:2]]).columns == [""]
    assert table([store.get(runs[0].id)]) is None


def test_a_setting_that_means_nothing_has_no_value_in_the_table(store):
    grid = expand(TrainConfig(), {"optimizer": ["sgd", "adam"], "momentum": [0.0, 0.9]})
    found = table([store.create(config, "grid", group="grid") for config in grid])
    assert (found.rows, found.columns) == (["adam", "sgd"], ["0", "0.9", "–"])


def test_a_table_takes_values_of_any_kind(store):
    grid = expand(TrainConfig(units=(8, 8)), {"activation": ["relu", ("sigmoid", "relu"), "tanh"]})
    found = table([store.create(config, "grid", group="grid") for config in grid])
    assert found.rows == ["relu", "tanh", "sigmoid-relu"]
