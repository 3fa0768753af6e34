"""What the views of a comparison say where something is out of the ordinary, in Streamlit's own runner."""

import pytest
from streamlit.testing.v1 import AppTest


def verdict_on(*names: str) -> AppTest:
    return _run("verdicts", names)


def mistakes_of(*names: str) -> AppTest:
    return _run("mistakes", names)


def _run(view: str, names: tuple[str, ...]) -> AppTest:
    app = AppTest.from_string(f"""
from mnist_lab.runs import RunStore
from mnist_lab.ui.compare import {view}

store = RunStore("nowhere")
{view}.render([store.get(name) for name in {names!r}])
""")
    app.run(timeout=30)
    assert not app.exception
    return app


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
    assert "Tick two or more" in told(verdict_on(*names))


def test_without_mnist_the_answers_are_told_in_numbers(monkeypatch, tmp_path):
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path))
    app = mistakes_of("dense-128-dropout", "small-cnn")
    assert "not on this machine" in told(app)
    (table,) = app.dataframe
    assert {"label", "dense-128-dropout", "small-cnn"} <= set(table.value.columns)
    assert len(table.value) == 24
