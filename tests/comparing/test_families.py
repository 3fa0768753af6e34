"""Two runs of one name are told apart wherever they are named, and a link to a group compares all of it."""

import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import streamlit as st
from google.protobuf import text_format
from streamlit.testing.v1 import AppTest

from mnist_lab.cli import main
from mnist_lab.comparing.families import labels
from mnist_lab.reports.comparison import report
from mnist_lab.store.run import Run, RunState
from mnist_lab.store.runs import BUNDLED, RunStore
from mnist_lab.ui import resources
from mnist_lab.ui.models import labels as models_labels
from tests.pages import app_of, at

NAME = "Twin"
ORIGINALS = ("dense-128-dropout", "small-cnn", "dense-1024")
IDS = [f"copy-{number}-0a1b" for number in (1, 2, 3)]  # which end alike
ALONE = re.compile(rf"{NAME}(?! \([123]-0a1b\))")
VIEWS = ("Curves", "Mistakes", "Digits", "Writers", "Robustness", "Confidence", "Cost", "Settings")


def copied(store: RunStore, of: str, run_id: str, **asked: object) -> Run:
    """One of the runs that come with the lab, in the store under that id, asked for otherwise."""
    before = json.loads((BUNDLED / of / "config.json").read_text())
    files = {file.name: file.read_bytes() for file in (BUNDLED / of).iterdir() if file.is_file()}
    store.folder.publish({**files, "config.json": json.dumps({**before, **asked}).encode()}, run_id)
    return store.get(run_id)


@pytest.fixture
def store(tmp_path, monkeypatch) -> Iterator[RunStore]:
    """An empty store, which is also that of the pages."""
    monkeypatch.setenv("MNIST_LAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # an AppTest puts its script there
    monkeypatch.setattr(type(st.context), "cookies", {})  # of which an AppTest knows none
    shared = (resources.store, resources.trash, resources.studies)
    for one in shared:
        one.cache_clear()
    yield RunStore(tmp_path / "runs")
    for one in shared:
        one.cache_clear()


@pytest.fixture
def twins(store) -> list[Run]:
    """Three finished runs of one name."""
    return [copied(store, of, run_id, name=NAME) for of, run_id in zip(ORIGINALS, IDS, strict=True)]


def page(name: str, **address: str) -> AppTest:
    """A page as it is when that address is opened."""
    return at(app_of(name), **address)


def text_of(block: Any) -> str:
    """All that a page, or a block of it, sends to the browser."""
    parts = []
    for element in block.children.values():
        parts.append(text_format.MessageToString(element.proto, as_utf8=True) if element.proto else "")
        if hasattr(element, "children"):
            parts.append(text_of(element))
        elif element.type == "arrow_data_frame":
            parts.append(element.value.to_csv())
    return "\n".join(parts)


def names_alone(text: str) -> list[str]:
    """Where the twins' name stands without what tells them apart; the text must name at least two of them."""
    assert len(set(re.findall(rf"{NAME} \(\S+?\)", text))) > 1
    return [text[max(found.start() - 80, 0) : found.end() + 80] for found in ALONE.finditer(text)]


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("count", [2, 3])
def test_runs_of_one_name_are_told_apart_in_every_view_of_a_comparison(twins, view, count):
    app = page("compare", runs=",".join(IDS[:count]), view=view)
    assert app.session_state["compare_picked"] == IDS[:count]
    assert not names_alone(text_of(app.main))


@pytest.mark.parametrize("name", ["draw", "explore"])
def test_models_of_one_name_are_told_apart_where_one_is_chosen(twins, name):
    assert not names_alone(text_of(page(name).main))


@pytest.fixture
def no_workers(monkeypatch):
    """The Train page without an engine, so that nothing begins to train."""
    about = {"problem": "", "stop": None, "remove": None, "is_trained": lambda run: True}
    monkeypatch.setattr(resources, "engine", lambda: SimpleNamespace(**about))


@pytest.mark.parametrize("state", RunState)
def test_runs_of_one_name_are_told_apart_while_and_after_they_train(twins, store, no_workers, state):
    now = time.time()
    for run in twins:
        ended = {"ended": now if state.is_over else None}
        summary = {"summary": run.summary if state is RunState.FINISHED else None}
        store.update(run.id, state=state, engine="an engine", started=now, **ended, **summary)
    shown = text_of(page("train").main)
    assert shown.count(NAME) >= len(twins)
    assert not names_alone(shown)


def test_a_run_that_went_on_says_from_which_of_one_name(store, no_workers):
    for of, run_id in zip(ORIGINALS, IDS, strict=True):
        copied(store, of, run_id, name=NAME, parent=IDS[0] if run_id == IDS[2] else None)
    store.update(IDS[2], ended=time.time())
    assert "It went on from Twin (1-0a1b)" in text_of(page("train").main)


def test_every_model_has_a_label_of_its_own(twins):
    found = models_labels(resources.models())
    assert len(set(found.values())) == len(found) == len(resources.models())
    assert found[IDS[1]].startswith(f"{NAME} (2-0a1b) · ")


@pytest.mark.parametrize("count", [2, 3])
def test_runs_of_one_name_are_told_apart_in_the_report(twins, store, count):
    page = report(twins[:count], store)
    assert not names_alone(page[: page.index("plotly.js v")])


def test_runs_of_one_name_are_told_apart_on_the_command_line(twins, store, capsys):
    assert main(["compare", *IDS[:2], "--runs", str(store.folder.path)]) == 0
    assert not names_alone(capsys.readouterr().out)


def test_a_name_that_looks_like_a_label_is_told_from_it(store):
    runs = [copied(store, ORIGINALS[0], run_id, name=name) for run_id, name in zip(IDS, (NAME, NAME, ""), strict=True)]
    runs[2] = replace(runs[2], asked=runs[2].asked.model_copy(update={"name": f"{NAME} (1-0a1b)"}))
    assert len(set(labels(runs).values())) == 3
    assert labels(runs[:1]) == {IDS[0]: NAME}


@pytest.fixture
def group(store) -> list[str]:
    """The ids of a grid of more runs than there are colours, in the order in which they were asked for."""
    ids = [f"grid-{number:02d}" for number in range(14)]
    for created, run_id in enumerate(ids):
        copied(store, "logistic-digits", run_id, name=run_id, group="a grid", created=1000.0 + created)
    return ids


def test_a_link_to_a_group_picks_all_of_its_runs(group):
    app = page("compare", group="a grid")
    assert app.session_state["compare_picked"] == group
    app = page("compare", runs="small-cnn,dense-1024")
    at(app, group="a grid", view="Cost")
    assert app.session_state["compare_picked"] == group
    at(app, group="a grid", runs="gone")
    assert app.session_state["compare_picked"] == group


def test_a_link_to_a_group_and_to_some_of_its_runs_picks_those(group):
    assert page("compare", group="a grid", runs=",".join(group[2:4])).session_state["compare_picked"] == group[2:4]


def test_a_link_to_a_group_that_is_not_here_says_so(group):
    app = page("compare", group="no grid")
    assert "no grid" in app.warning[0].value


def test_a_group_that_is_chosen_is_picked_like_one_that_is_linked_to(group):
    app = page("compare", runs="small-cnn,dense-1024")
    app.button(key="compare-table").click().run(timeout=60)
    app.selectbox(key="compare_group").set_value("a grid").run(timeout=60)
    assert app.session_state["compare_picked"] == group
