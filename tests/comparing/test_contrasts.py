"""A setting is blamed only where runs differ in nothing else."""

import numpy as np
import pytest

from mnist_lab.comparing.contrasts import alike_but_for, one_at_a_time
from mnist_lab.comparing.families import families, lettered
from mnist_lab.comparing.settings import axes
from mnist_lab.config.train_config import parse
from mnist_lab.plots.settings import slice_figure
from mnist_lab.store.runs import RunStore


@pytest.fixture
def made(tmp_path):
    store = RunStore(tmp_path, bundled=None)
    return lambda *settings, parent=None: [
        store.create(parse(one), f"run {place}", parent=parent) for place, one in enumerate(settings)
    ]


def by_field(runs):
    return {axis.field: axis for axis in axes([run.config for run in runs])}


def test_only_runs_that_are_alike_in_all_else_are_joined_in_the_order_of_their_values(made):
    runs = made(
        {"units": 64, "dropout": 0.5},
        {"units": 32, "dropout": 0.5},
        {"units": 32, "dropout": 0.1},
        {"units": 16, "dropout": 0.1, "epochs": 3},
    )
    found = by_field(runs)
    assert alike_but_for(found["units"], runs) == [[1, 0]]
    assert alike_but_for(found["dropout"], runs) == [[2, 1]]
    assert alike_but_for(found["epochs"], runs) == []


def test_another_seed_or_another_beginning_may_be_to_blame(made):
    runs = made({"units": 64, "seed": 1}, {"units": 32, "seed": 2})
    assert alike_but_for(by_field(runs)["units"], runs) == []
    first, second = made({"units": 64}, {"units": 32})
    (other,) = made({"units": 16}, parent=first.id)
    assert alike_but_for(by_field([first, second, other])["units"], [first, second, other]) == [[1, 0]]


def test_the_missing_runs_are_the_first_with_one_change_at_a_time(made):
    runs = made({"units": 64}, {"units": 32, "dropout": 0.5, "epochs": 9})
    first = runs[0].config
    assert one_at_a_time(axes([run.config for run in runs]), runs) == [
        parse({"units": 32}, first),
        parse({"dropout": 0.5}, first),
        parse({"epochs": 9}, first),
    ]


def test_what_cannot_be_trained_or_would_change_nothing_is_not_missing(made):
    runs = made({"units": "64"}, {"network": "logistic"}, {"units": (32, 16), "activation": ("relu", "tanh")})
    wanted = one_at_a_time(axes([run.config for run in runs]), runs)
    assert parse({"network": "logistic"}, runs[0].config) in wanted
    assert all(config != runs[0].config for config in wanted)
    assert all(not isinstance(config.activation, tuple) for config in wanted)


def test_a_slice_shows_the_joined_runs_alone_in_their_colours(made):
    runs = made({"units": 64}, {"units": 32}, {"units": 16, "epochs": 2})
    units = by_field(runs)["units"]
    names = {run.id: run.name for run in runs}
    its_color = dict(zip(names, ("#111111", "#222222", "#333333"), strict=True))
    line, dots = slice_figure(units, alike_but_for(units, runs), [0.9, 0.8, 0.7], names, its_color).data
    np.testing.assert_array_equal(line.x, [32, 64])
    np.testing.assert_array_equal(line.y, [0.8, 0.9])
    assert [one[0] for one in dots.customdata] == [runs[0].id, runs[1].id]
    assert list(dots.marker.color) == ["#111111", "#222222"]


def test_two_runs_have_letters_and_more_have_none(made):

    runs = made({}, {"epochs": 2}, {"epochs": 3})
    assert list(lettered(runs[:2]).values()) == ["run 0 (A)", "run 1 (B)"]
    assert list(lettered(runs).values()) == ["run 0", "run 1", "run 2"]


def test_what_a_run_keeps_of_its_past_is_never_to_blame(made):
    runs = made({"units": 64, "snapshots": True}, {"units": 32})
    assert list(by_field(runs)) == ["units"]
    assert alike_but_for(by_field(runs)["units"], runs) == [[1, 0]]
    twins = made({"seed": 1, "snapshots": True}, {"seed": 2})
    assert families(twins) == [twins]
