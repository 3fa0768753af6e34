"""The form of a training in Streamlit's own runner: what stands in its fields is what is asked for, or refused."""

import math
import sys
from itertools import chain

import pytest
from streamlit.testing.v1 import AppTest

from mnist_lab.config.knobs import knob, knobs
from mnist_lab.config.train_config import TrainConfig, accepted
from mnist_lab.ui.train.forms import FIRST, FOLDED, LAYERS, NETWORK
from tests.conftest import slow_but

NUMBERS = [field for field, this in knobs().items() if this.is_typed]
SCRIPT = """
import streamlit as st
from mnist_lab.ui.train.forms import render_all_knobs, render_form, render_kind

st.session_state["draft"] = draft = render_form()
render_kind(draft)
render_all_knobs(draft)
"""
WHERE = {  # the address with which a field is shown
    **{key: {"network": "cnn"} for key in ("kernel", "convolutions")},
    **{key: {"network": "logistic"} for key in ("c", "max_iterations")},
    "weight_decay": {"optimizer": "adamw"},
    "momentum": {"optimizer": "sgd"},
}


@pytest.fixture(autouse=True)
def main_module_comes_back(monkeypatch):
    """An AppTest leaves its script as the main module, which processes that are spawned later would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def opened(**address: str) -> AppTest:
    app = AppTest.from_string(SCRIPT)
    for word, value in address.items():
        app.query_params[word] = value
    return ran(app)


def ran(app: AppTest) -> AppTest:
    app.run(timeout=30)
    assert not app.exception
    return app


def draft(app: AppTest):
    return app.session_state["draft"]


def typed(app: AppTest, field: str, text: str) -> AppTest:
    app.text_input(key=f"form_{field}").set_value(text)
    return ran(app)


def told(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


def test_each_setting_has_its_field():
    assert sorted([NETWORK, *FIRST, *LAYERS, *chain.from_iterable(FOLDED.values())]) == sorted(TrainConfig.model_fields)


@pytest.mark.parametrize("field", slow_but((one for one in NUMBERS if one != "held_out_writers"), "learning_rate"))
def test_a_number_that_cannot_be_is_refused_and_the_rest_stays(field):
    app = opened(**WHERE.get(field, {}))
    before, fields = draft(app).config, [one.key for one in app.text_input]
    low, high = knob(field).bounds
    whole = isinstance(getattr(before, field), int) or field == "train_images"
    outside = [low - 1, high + 1] if whole else [math.nextafter(low, -math.inf), math.nextafter(high, math.inf)]
    for text in (*map(repr, outside), "many", "nan", "1e999", "1000000000000", "" if field != "train_images" else "x"):
        typed(app, field, text)
        assert not draft(app).is_right
        assert list(draft(app).problems) == [field]
        assert accepted(field) in told(app)
        assert draft(app).config == before
        assert TrainConfig.model_fields[field].title in draft(app).in_words()
        assert [one.key for one in app.text_input] == fields
        assert app.text_input(key=f"form_{field}").value == text
    for bound in (low, high):
        typed(app, field, repr(bound))
        assert draft(app).is_right
        assert getattr(draft(app).config, field) == bound
        assert "wrong" not in told(app)


def test_a_field_that_a_link_hides_says_away_from_itself_why_it_cannot_be():
    app = opened(patience="3", hide="patience")
    app.slider(key="form_validation_share").set_value(0.0)
    ran(app)
    assert not draft(app).is_right
    assert "early stopping watches the validation images" in draft(app).in_words().lower()


def test_an_address_that_the_browser_does_not_know_to_be_old_fills_nothing():
    app = opened(epochs="7")
    app.text_input(key="form_epochs").set_value("9")
    ran(app)
    app.query_params.clear()
    app.query_params["epochs"] = "7"
    app.text_input(key="form_epochs").set_value("10")
    ran(app)
    assert draft(app).config.epochs == 10
    app.query_params.clear()
    app.query_params["epochs"] = "7"
    assert draft(ran(app)).config.epochs == 7  # somebody went back
