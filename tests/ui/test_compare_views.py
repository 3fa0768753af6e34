"""What the views of a comparison say where something is out of the ordinary, in Streamlit's own runner."""

import sys

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from tests.pages import at


@pytest.fixture(autouse=True)
def main_module_comes_back(monkeypatch):
    """An AppTest leaves its script as the main module, which processes that are spawned later would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def verdict_on(*names: str) -> AppTest:
    return _run("verdicts", names)


def mistakes_of(*names: str) -> AppTest:
    return _run("mistakes", names)


def _run(view: str, names: tuple[str, ...]) -> AppTest:
    return _app(f"""
from mnist_lab.store.runs import RunStore
from mnist_lab.ui.compare import {view}

store = RunStore("nowhere")
{view}.render([store.get(name) for name in {names!r}])
""")


def _app(script: str, **address: str) -> AppTest:
    return at(AppTest.from_string(script), **address)


def told(app: AppTest) -> str:
    return " ".join(element.value for element in [*app.info, *app.caption, *app.markdown])


def sentences(app: AppTest) -> list[str]:
    return [element.proto.body for element in app.get("html") if "sentence" in element.proto.body]


def test_runs_of_other_test_images_are_not_compared():
    app = verdict_on("small-cnn", "logistic-digits")
    assert "tested on different images" in told(app)
    assert not sentences(app)


def test_a_run_of_other_test_images_stands_apart_from_those_that_are_compared():
    app = verdict_on("dense-128-dropout", "logistic-digits", "small-cnn")
    (sentence,) = sentences(app)
    assert "small-cnn is better" in sentence
    assert "logistic-digits was tested on the 8 x 8 digits" in told(app)


def test_of_many_the_leader_is_named():
    (sentence,) = sentences(verdict_on("dense-128-dropout", "small-cnn", "logistic-mnist"))
    assert "small-cnn is the best of the 3" in sentence


@pytest.mark.parametrize("names", [(), ("small-cnn",)])
def test_fewer_than_two_runs_are_asked_to_be_two(names):
    assert "second finished run" in told(verdict_on(*names))


def test_without_mnist_the_answers_are_told_in_numbers(monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path / "nowhere"))
    app = mistakes_of("dense-128-dropout", "small-cnn")
    assert "images themselves cannot be read" in told(app)
    (table,) = app.dataframe
    assert {"label", "dense-128-dropout (A)", "small-cnn (B)"} <= set(table.value.columns)
    assert len(table.value) == 24


@pytest.mark.parametrize("image", ["10000", "-1", "seven"])
def test_an_address_with_no_test_image_is_said_to_have_none(mnist, image):
    app = _app("from mnist_lab.ui.canvas.share import open_link\nopen_link()", image=image)
    (warning,) = app.warning
    assert f"image: '{image}' will not do; it takes a whole number from 0 to 9,999." in warning.value.replace(
        ":small[]", ""
    ).replace("\\", "")
    assert "one_drawing" not in app.session_state


def test_an_address_with_a_test_image_puts_it_onto_the_canvas(digits):
    app = _app("from mnist_lab.ui.canvas.share import open_link\nopen_link()", image="7", dataset="digits")
    drawing = app.session_state["one_drawing"]
    assert (drawing.strokes, drawing.on_image) == ([], True)
    small = np.asarray(Image.fromarray(drawing.image).resize((28, 28), Image.Resampling.BOX), dtype=float)
    assert np.abs(small - digits.x_test[7]).mean() < 4  # of 255


def test_an_address_is_opened_once_and_a_model_needs_no_drawing(digits):
    app = _app("from mnist_lab.ui.canvas.share import open_link\nopen_link()", image="7", model="small-cnn")
    assert app.session_state["model"] == "small-cnn"
    app.session_state["one_drawing"], app.session_state["model"] = "drawn meanwhile", "dense-1024"
    app.run()
    assert (app.session_state["one_drawing"], app.session_state["model"]) == ("drawn meanwhile", "dense-1024")


def test_people_are_named_where_it_is_known_who_wrote_the_images(mnist):
    app = _run("writers", ("dense-128-dropout", "small-cnn"))
    assert "297 people" in told(app)
    (numbers,) = app.dataframe
    assert numbers.value["never misread"].between(150, 250).all()
    (people,) = app.button_group
    assert people.value
    assert "It is not known who wrote these images" in told(_run("writers", ("logistic-digits",)))
