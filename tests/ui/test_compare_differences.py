"""Every difference between two runs, on the page and in the report, is the first less the second, in their colours."""

import base64
import json
import re
import sys
from collections.abc import Iterator
from html import unescape
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnist_lab.comparing.digits import SCORES, scores
from mnist_lab.comparing.families import lettered
from mnist_lab.comparing.formatting import MINUS
from mnist_lab.reports.comparison import report
from mnist_lab.store.runs import RunStore

STORE = RunStore("nowhere")
PICKED = [
    ("dense-128-dropout", "small-cnn"),
    ("small-cnn", "dense-128-dropout"),
    ("dense-128-dropout", "logistic-digits", "small-cnn"),  # which is tested on other images, and has a colour
]
SIGNED = re.compile(r"[+−-]\d+(\.\d+)?")


@pytest.fixture(autouse=True)
def main_module_comes_back(monkeypatch):
    """An AppTest leaves its script as the main module, which processes that are spawned later would run."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])


def view(name: str, picked: tuple[str, ...], **state: str) -> AppTest:
    """One view of those runs."""
    app = AppTest.from_string(f"""
from mnist_lab.store.runs import RunStore
from mnist_lab.ui.compare import {name}

{name}.render([RunStore("nowhere").get(run_id) for run_id in {picked!r}])
""")
    for key, value in state.items():
        app.session_state[key.replace("_", "-")] = value
    app.run(timeout=60)
    assert not app.exception
    return app


def traces_of(app: AppTest) -> list[Any]:
    return [trace for chart in app.get("plotly_chart") for trace in decoded(json.loads(chart.proto.spec))["data"]]


def traces_in(page: str) -> list[Any]:
    specs = re.findall(r'<script type="application/json">(.*?)</script>', page, re.S)
    return [trace for spec in specs for trace in decoded(json.loads(spec))["data"]]


def decoded(spec: Any) -> Any:
    """A figure's JSON with its arrays, which Plotly packs, as lists."""
    if isinstance(spec, dict) and "bdata" in spec:
        shape = [int(length) for length in str(spec.get("shape", "-1")).split(",")]
        return np.frombuffer(base64.b64decode(spec["bdata"]), spec["dtype"]).reshape(shape).tolist()
    if isinstance(spec, dict):
        return {key: decoded(value) for key, value in spec.items()}
    return [decoded(value) for value in spec] if isinstance(spec, list) else spec


def colors_in(traces: list[Any], names: tuple[str, str]) -> list[str]:
    """The colours of two runs, as the traces that bear their names have them."""
    found = {trace.get("name"): trace for trace in traces}
    return [(found[name].get("line") or found[name]["marker"])["color"] for name in names]


def signed_cells(traces: list[Any]) -> Iterator[tuple[int, int, float, str]]:
    """Of all matrices that show numbers with signs: the true digit, the answer, the number and its colour's end."""
    for trace in traces:
        if trace["type"] == "heatmap" and any(SIGNED.fullmatch(text) for row in trace["text"] for text in row):
            for label, row in enumerate(trace["text"]):
                for answer, text in enumerate(row):
                    if text:
                        end = -1 if trace["z"][label][answer] > 0 else 0
                        yield label, answer, number(text), trace["colorscale"][end][1]


def number(text: str) -> float:
    return float(text.replace(MINUS, "-"))


def check_cells(traces: list[Any], two: tuple[str, str], its_color: list[str]) -> None:
    first, second = (STORE.evaluation(run_id).confusion_matrix for run_id in two)
    cells = list(signed_cells(traces))
    assert len(cells) == np.count_nonzero(first - second)
    for label, answer, less, color in cells:
        assert less == first[label, answer] - second[label, answer]
        first_is_better = (less > 0) == (label == answer)
        assert color == its_color[0 if first_is_better else 1]


def check_words(text: str, names: tuple[str, str], its_color: list[str]) -> None:
    assert f"{names[0]} minus {names[1]}" in unescape(text)
    found = re.findall(r'color: (#\w+)".*?>■</b> ([^<]+) is better', text)
    assert found == list(zip(its_color, names, strict=True))


def html_of(app: AppTest) -> str:
    return " ".join(element.proto.body for element in app.get("html"))


@pytest.fixture(params=PICKED, ids=" ".join)
def picked(request) -> tuple[str, ...]:
    """What is picked, of which two are compared."""
    return request.param


@pytest.fixture
def two(picked) -> tuple[str, str]:
    """The two that are tested on the same images."""
    return picked[0], picked[-1]


@pytest.fixture
def names(picked) -> tuple[str, str]:
    """What these two are called on the page."""
    return named(picked)


def named(picked: tuple[str, ...]) -> tuple[str, str]:
    """What the first and the last are called among all that are picked."""
    first, *_, last = lettered([STORE.get(run_id) for run_id in picked]).values()
    return first, last


def test_the_difference_of_two_confusion_matrices(picked, two, names):
    its_color = colors_in(traces_of(view("digits", picked)), names)
    app = view("mistakes", picked)
    check_cells(traces_of(app), two, its_color)
    check_words(html_of(app), names, its_color)


@pytest.mark.parametrize("score", SCORES)
def test_the_difference_of_two_scores_of_digits(picked, two, names, score):
    app = view("digits", picked, digits_score=score)
    traces = traces_of(app)
    its_color = colors_in(traces, names)
    first, second = (100 * scores(STORE.evaluation(name), score) for name in two)
    (bars,) = [trace for trace in traces if trace["type"] == "bar"]
    np.testing.assert_allclose([number(text) for text in bars["text"]], first - second, atol=0.0101)
    for one, other, color in zip(first, second, bars["marker"]["color"], strict=True):
        assert color == its_color[0 if one >= other else 1]
    check_words(html_of(app), names, its_color)


def test_the_differences_in_tables_stand_behind_the_two_numbers(picked, names):
    found = 0
    for table in view("digits", picked).dataframe:
        columns = list(table.value.columns)
        for place, column in enumerate(columns):
            if "minus" in column.lower():
                one, other = columns[place - 2 : place]
                assert one.endswith(names[0])
                assert other.endswith(names[1])
                less = table.value[one].round(2) - table.value[other].round(2)
                np.testing.assert_allclose(table.value[column], less, atol=1e-9)
                found += 1
    assert found == len(SCORES) + 1


def test_the_difference_in_the_report(two):
    page = report([STORE.get(name) for name in two], STORE)
    page = page[: page.index("plotly.js v")]
    traces = traces_in(page)
    its_color = colors_in(traces, named(two))
    check_cells(traces, two, its_color)
    check_words(page, named(two), its_color)


def test_whoever_is_better_fixes_and_breaks_in_the_report_as_on_the_page(picked, two, mnist):
    page = report([STORE.get(name) for name in two], STORE)
    letter = "AB"[two.index("small-cnn")]
    assert re.findall(r"<h2>(\S+ \(.\)) (?:fixes|breaks) ", page) == [f"small-cnn ({letter})"] * 2
    options = view("mistakes", picked).get("button_group")
    assert any("Fixed by small-cnn" in str(one.proto) for one in options)
