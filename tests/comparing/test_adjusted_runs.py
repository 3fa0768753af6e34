"""A run whose settings changed while it trained is not what was asked, and all that compares runs says so."""

import json
from dataclasses import replace

import pytest

from mnist_lab.comparing.contrasts import alike_but_for
from mnist_lab.comparing.families import differences, families
from mnist_lab.comparing.listing import Sources, rows, usual
from mnist_lab.comparing.settings import axes
from mnist_lab.config.damage import Damage
from mnist_lab.engine.continuation import continued
from mnist_lab.engine.forecast import forecast
from mnist_lab.lessons.lesson import PlannedRun
from mnist_lab.lessons.running import OVERHEAD, _nearest, _overhead
from mnist_lab.plots.curves import curves, curves_figure
from mnist_lab.reports.comparison import report
from mnist_lab.store.adjustments import telling
from mnist_lab.store.run import Run
from mnist_lab.store.runs import BUNDLED, RunStore
from mnist_lab.store.ticks import lines_of
from mnist_lab.ui import resources
from tests.comparing.test_families import page, text_of
from tests.comparing.test_families import store as store

WHEN = 2.0
CHANGED = [{"epochs": WHEN, "learning_rate": 0.02}]
WORDS = "learning rate 0.02 after 2 epochs"


def copied(store: RunStore, run_id: str, adjustments: list[dict[str, float]], **settings: object) -> Run:
    """One of the runs that come with the lab, as if settings of it had been others, and changed while it trained."""
    files = {file.name: file.read_bytes() for file in (BUNDLED / "dense-128-dropout").iterdir() if file.is_file()}
    asked, status = json.loads(files["config.json"]), json.loads(files["status.json"])
    asked["config"] |= settings
    status["summary"]["adjustments"] = adjustments
    files |= {"config.json": json.dumps(asked).encode(), "status.json": json.dumps(status).encode()}
    store.folder.publish(files, run_id)
    ticks = store.metrics(run_id)
    if adjustments:
        told = [telling(tick, {"learning_rate": 0.02}) if tick.position == WHEN else tick for tick in ticks]
        assert told != ticks
        store.write(run_id, "metrics.jsonl", lines_of(told))
    return store.get(run_id)


@pytest.fixture
def pair(store):
    """The same run, left alone and changed."""
    return [copied(store, "left-alone", []), copied(store, "changed", CHANGED)]


def test_it_is_of_no_family_and_the_difference_is_named(pair):
    assert families(pair) == [[pair[0]], [pair[1]]]
    assert differences(pair) == {"left-alone": "", "changed": WORDS}


def test_it_tells_nothing_of_a_setting(pair, store):
    wider = copied(store, "wider", [], units=[256])
    (units,) = axes([run.config for run in (*pair, wider)])
    assert alike_but_for(units, [*pair, wider]) == [[0, 2]]


def test_no_lesson_takes_it_for_the_run_that_it_planned(pair):
    planned = PlannedRun("planned", pair[0].config)
    assert _nearest(planned, [pair[1]]) is None
    damaged = replace(pair[0], asked=pair[0].asked.model_copy(update={"damage": Damage(off=0.5)}))
    assert _nearest(planned, [damaged]) is None
    assert _nearest(planned, pair) == pair[0]


def test_it_goes_on_with_what_it_was_changed_to(pair):
    assert [continued(run, {"epochs": 2}).learning_rate for run in pair] == [pair[0].config.learning_rate, 0.02]


def test_its_curve_has_a_mark_where_it_was_changed(pair, store):
    figure = curves_figure({run.id: curves(run.id, store.metrics(run.id)) for run in pair})
    marks = [trace for trace in figure.data if trace.marker.symbol == "diamond"]
    assert [(*mark.x, *mark.text) for mark in marks] == [(WHEN, "learning rate 0.02")] * 2
    for mark, line in zip(marks, (trace for trace in figure.data if trace.legendgroup == "changed"), strict=False):
        assert min(line.y) <= mark.y[0] <= max(line.y)


def test_the_table_has_a_column_for_it_and_the_report_a_word(pair, store):
    assert "changed" in usual(pair, {}, {})
    assert "changed" not in usual(pair[:1], {}, {})
    sources = Sources({}, lambda run: [], {})
    assert [row["changed"] for row in rows(pair, ["changed"], sources)] == ["", WORDS]
    text = report(pair, store)
    assert "0.001, then 0.02 after 2 epochs" in text
    assert f"is not quite what its settings say: {WORDS}." in text


def test_the_verdict_says_so_and_the_settings_leave_it_out(pair):
    resources.listing(fresh=True)
    text = text_of(page("compare", runs="left-alone,changed", view="Settings").main)
    assert f"is not quite what its settings say: {WORDS}" in text.replace("\\", "")
    assert "Left out, since their settings do not tell what they are: " in text


def test_a_damaged_copy_does_not_say_how_long_trainings_take(pair):
    status = pair[0].status.model_copy(update={"started": 10.0, "ended": 11.0})
    copy = replace(pair[0], status=status, asked=pair[0].asked.model_copy(update={"damage": Damage(off=0.5)}))
    assert copy.summary.seconds > 1.0
    assert _overhead([copy]) == OVERHEAD
    assert forecast(copy.config, [copy]) is None
