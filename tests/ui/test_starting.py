"""The button that begins a training, where the browser sends something newer while the page still answers a press."""

import sys

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx
from streamlit.testing.v1 import AppTest

from mnist_lab.ui import address, resources

SCRIPT = """
from mnist_lab.ui.train.forms import render_all_knobs, render_form
from mnist_lab.ui.train.starting import render_start

draft = render_form()
render_all_knobs(draft)
render_start(draft.config, draft.is_right)
"""


class Begun(list):
    """The configurations that an engine was asked for."""

    def submit(self, config, *_, **__):
        self.append(config)


@pytest.fixture
def begun(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.setenv("MNIST_LAB_RUNS", str(tmp_path))
    resources.store.cache_clear()
    begun = Begun()
    monkeypatch.setattr(resources, "engine", lambda: begun)
    monkeypatch.setattr("mnist_lab.ui.visitor._owner", lambda cookie: "whoever")  # there is no cookie
    yield begun
    resources.store.cache_clear()


@pytest.fixture
def page():
    app = AppTest.from_string(SCRIPT)
    app.query_params["units"] = "8"
    app.run(timeout=30)
    return app


def units_typed(page, text):
    """What a browser sends when that is typed into the field of units."""
    return WidgetState(id=page.text_input(key="form_units").proto.id, string_value=text)


def send(*states):
    request = RerunData(widget_states=WidgetStates(widgets=states))
    get_script_run_ctx().script_requests.request_rerun(request)


@pytest.mark.parametrize(("module", "at"), [("starting", "turned"), ("forms", "open_address")])
def test_a_press_begins_what_was_shown_though_something_is_typed_at_once(begun, page, monkeypatch, module, at):
    """In the press itself, and in the run of the page after it."""
    newer, original = [units_typed(page, "16")], getattr(address, at)

    def and_meanwhile(*given):
        if newer:
            send(newer.pop())
        return original(*given)

    monkeypatch.setattr(f"mnist_lab.ui.train.{module}.{at}", and_meanwhile)
    page.button(key="start").click()
    page.run(timeout=30)
    assert (page.text_input(key="form_units").value, [config.units for config in begun]) == ("16", [(8,)])


def test_a_press_that_comes_with_what_was_typed_begins_that(begun, page):
    """As from a browser whose field was left for the button."""
    page.text_input(key="form_units").set_value("16")
    page.button(key="start").click()
    page.run(timeout=30)
    page.run(timeout=30)
    assert [config.units for config in begun] == [(16,)]


def test_a_double_click_is_one_press(begun, page, monkeypatch):
    made = []
    for seconds in (1e6, 1e6, 0.0):
        monkeypatch.setattr("mnist_lab.ui.train.starting.DOUBLE_CLICK", seconds)
        page.button(key="start").click()
        page.run(timeout=30)
        made.append(len(begun))
    assert made == [1, 1, 2]


def test_what_cannot_begin_is_said_at_each_press_until_it_can(begun, page, monkeypatch):
    monkeypatch.setenv("MNIST_LAB_LIMITS", "much")
    for _ in range(2):
        page.button(key="start").click()
        page.run(timeout=30)
        assert "it takes some of runs" in page.error[0].value
    monkeypatch.delenv("MNIST_LAB_LIMITS")
    page.button(key="start").click()
    page.run(timeout=30)
    assert (len(page.error), len(begun)) == (0, 1)
