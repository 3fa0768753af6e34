"""The drawing and the figures of a network, as the Train page shows them."""

import re
import sys

import pytest
from streamlit.testing.v1 import AppTest

from mnist_lab.config.train_config import parse
from mnist_lab.ui.layers import layer_table
from mnist_lab.ui.train.drawing import figures
from mnist_lab.ui.train.network import columns

SCRIPT = """
import streamlit as st
from mnist_lab.config.train_config import parse
from mnist_lab.ui.train import network
from mnist_lab.ui.train.forms import fill, render_form

if "word" in st.session_state:
    st.session_state[network.KEY] = {"word": st.session_state.pop("word")}
    config = st.session_state["draft"].config
    network._take(config, st.session_state["fixed"])
    del st.session_state[network.KEY]
if "remove" in st.session_state:
    network._remove(st.session_state["draft"].config, *st.session_state.pop("remove"))
st.session_state["draft"] = render_form()
"""


@pytest.fixture(autouse=True)
def main_module_comes_back(monkeypatch):
    """An AppTest leaves its script as the main module, which processes that are spawned later would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


@pytest.fixture
def form():
    def after(word=None, remove=None, fixed=(), **address):
        app = AppTest.from_string(SCRIPT)
        app.session_state["fixed"] = fixed
        for name, value in address.items():
            app.query_params[name] = value
        app.run(timeout=30)
        if word:
            app.session_state["word"] = word
        if remove:
            app.session_state["remove"] = remove
        app.run(timeout=30)
        assert not app.exception
        return app.session_state["draft"].config, [toast.value for toast in app.toast]

    return after


def captions(**settings):
    return [
        f"{column['count']} {column.get('side', '')} {column['words']}".replace("  ", " ")
        for column in columns(parse(settings))
    ]


def test_a_dense_network_is_drawn_layer_by_layer():
    assert captions(units="30 20", activation="sigmoid relu", dropout="0 0.5", output="logits") == [
        *("1 28 x 28", "30 sigmoid", "20 relu, dropout 0.5", "10 logits")
    ]


def test_a_cnn_is_drawn_with_its_maps():
    assert captions(network="cnn", filters="4 8", convolutions=2, units="", dropout=0) == [
        *("1 28 x 28", "4 13 relu", "8 5 relu", "10 softmax")
    ]


def test_small_images_are_drawn_small():
    assert captions(network="logistic", scaling="8x8") == ["1 28 x 28", "1 8 averaged", "10 softmax"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(None, "no forecast"), (0.2, "under a second"), (42.3, "about 42 s"), (601, "about 10 min")],
)
def test_a_forecast_is_called_one(seconds, words):
    text = re.sub("<[^>]*>", "", figures(parse({}), seconds))
    assert words in text
    assert "101,770" in text
    assert "203 thousand operations" in text


def test_the_table_adds_up():
    assert layer_table(parse({})).count("101,770") == 1


def test_what_is_pressed_in_the_drawing_is_in_the_form(form):
    config, _ = form({"field": "units", "values": [256, 64], "turn": 3}, units="128 64")
    assert config.units == (256, 64)
    config, _ = form({"field": "filters", "values": [8], "turn": 1}, network="cnn")
    assert config.filters == (8,)


def test_a_layer_that_is_added_is_like_the_one_before_it_and_one_that_is_removed_takes_its_settings_along(form):
    asked = {"units": "128 64", "activation": "sigmoid tanh", "dropout": "0 0.5"}
    config, _ = form({"field": "units", "values": [128, 64, 64], "turn": 1}, **asked)
    assert (config.units, config.activation) == ((128, 64, 64), ("sigmoid", "tanh", "tanh"))
    assert config.dropout == (0.0, 0.5, 0.5)
    config, _ = form(remove=("units", 0), **asked)
    assert (config.units, config.activation, config.dropout) == ((64,), "tanh", 0.5)
    asked = {"network": "cnn", "units": "32", "activation": "gelu tanh"}
    config, _ = form({"field": "units", "values": [32, 32], "turn": 1}, **asked)
    assert config.activation == ("gelu", "tanh", "tanh")
    config, _ = form(remove=("units", 0), **asked)
    assert (config.units, config.activation) == ((), "gelu")


@pytest.mark.parametrize(
    "word",
    [
        {"field": "units", "values": [0]},
        {"field": "units", "values": [10**9]},
        {"field": "units", "values": "many"},
        {"field": "units", "values": None},
        {"field": "units", "values": [8] * 17},
        {"field": "seed", "values": [7]},
        {},
    ],
)
def test_what_no_drawing_sends_changes_nothing(form, word):
    config, _ = form(word | {"turn": 1}, units="128")
    assert config == parse({"units": 128})


def test_a_locked_layer_stays_as_it_is(form):
    config, _ = form({"field": "units", "values": [8], "turn": 1}, fixed=("units",), units="128")
    assert config.units == (128,)
