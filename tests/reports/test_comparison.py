"""What can be taken away: a comparison as one file, a figure as a table."""

import csv
import io
import json
import re
from html import escape
from html.parser import HTMLParser

import numpy as np
import plotly.graph_objects as go
import pytest

from mnist_lab.cli import main
from mnist_lab.comparing.mistakes import exchange
from mnist_lab.comparing.verdicts import judge, sentence
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import RunError
from mnist_lab.plots.export import rows, to_csv, to_page
from mnist_lab.plots.matrices import clickable, confusion_figure
from mnist_lab.plots.pictures import data_url
from mnist_lab.reports.comparison import MOST_SHOWN, report
from mnist_lab.store.runs import BUNDLED, RunStore

NASTY = '</script><img src=x onerror="alert(1)"> & 1'


class Addresses(HTMLParser):
    """Everything that a page would fetch, or lead to."""

    def __init__(self, page):
        super().__init__()
        self.found, self.scripts = [], 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.scripts += tag == "script"
        self.found += [value for name, value in attrs if name in ("src", "href", "data", "action", "poster")]


@pytest.fixture
def runs_store(tmp_path):
    return RunStore(tmp_path / "runs")


def copied(store, run_id, name):
    """One of the runs that come with the lab, in the store under another name."""
    asked = json.loads((BUNDLED / run_id / "config.json").read_text())
    files = {file.name: file.read_bytes() for file in (BUNDLED / run_id).iterdir()}
    store.folder.publish({**files, "config.json": json.dumps({**asked, "name": name}).encode()}, f"copy-of-{run_id}")
    return store.get(f"copy-of-{run_id}")


def test_two_runs_are_reported_with_their_verdict_their_numbers_and_where_they_come_from(runs_store):
    first, second = (runs_store.get(name) for name in ("dense-512-rmsprop", "small-cnn"))
    page = report([first, second], runs_store)
    judged = judge(*(runs_store.evaluation(run.id) for run in (first, second)))
    verdict = sentence(judged, f"{first.name} (A)", f"{second.name} (B)")
    assert escape(verdict) in page
    assert "98.10 %" in page  # without the doubtful labels
    for run in (first, second):
        assert f"{100 * run.summary.test_accuracy:.2f} %" in page
        assert f"{run.summary.parameters:,}" in page
        assert f"tensorflow {run.status.versions['tensorflow']}" in page
        assert run.status.dataset_digest[:12] in page
        recall = runs_store.evaluation(run.id).digit_scores()[4].recall
        assert f"<td>{recall:.3f}</td>" in page


def test_the_images_that_one_run_fixes_and_breaks_are_in_the_report(runs_store, mnist):
    first, second = (runs_store.get(name) for name in ("dense-512-rmsprop", "small-cnn"))
    page = report([first, second], runs_store)
    found = exchange(*(runs_store.evaluation(run.id) for run in (first, second)))
    assert f"small-cnn (B) fixes {len(found.fixed)} images" in page
    assert page.count("<figure><img") == sum(min(MOST_SHOWN, len(places)) for places in found)
    assert data_url(mnist.x_test[found.broken[0]] / 255) in page
    assert "<figure><img" not in report(runs_store.listing().runs[:3], runs_store)


def test_a_report_fetches_nothing_and_holds_plotly_once(runs_store):
    page = report(runs_store.listing().runs, runs_store)
    seen = Addresses(page)
    assert all(address.startswith("data:") for address in seen.found)
    assert page.count("plotly.js v") == 1
    assert len(page) < 8_000_000


def test_names_are_only_text(runs_store):
    nasty = copied(runs_store, "dense-1024", NASTY)
    plain = runs_store.get("small-cnn")
    page = report([nasty, plain], runs_store)
    assert "<img src=x" not in page.replace(page[page.index("plotly.js v") :], "")
    assert escape(NASTY) in page.replace("&#34;", "&quot;")
    harmless = report([plain, runs_store.get("dense-1024")], runs_store)
    assert Addresses(page).scripts == Addresses(harmless).scripts


def test_many_runs_are_ranked_and_those_of_other_images_stand_apart(runs_store):
    page = report(runs_store.listing().runs, runs_store)
    assert "Holm" in page
    assert "logistic-digits: 96.39 % on its test set." in page


def test_runs_that_are_not_finished_are_left_out_and_alone_refused(runs_store):
    waiting = runs_store.create(TrainConfig(), "waiting")
    with pytest.raises(RunError, match="None of these runs is finished"):
        report([waiting], runs_store)
    assert "waiting" not in report([waiting, runs_store.get("small-cnn")], runs_store)[:20_000]


def test_a_run_whose_answers_are_damaged_is_reported_without_them(runs_store):
    damaged = copied(runs_store, "dense-1024", "damaged")
    runs_store.write(damaged.id, "evaluation.npz", b"nothing")
    page = report([damaged, runs_store.get("small-cnn")], runs_store)
    assert "no answers kept" in page
    assert "small-cnn (B): 99.19 % on its test set." in page


def test_the_command_writes_a_report(tmp_path, capsys):
    out = tmp_path / "out.html"
    words = ["report", "small-cnn", "dense-1024", "--runs", str(tmp_path / "runs"), "--out", str(out), "--json"]
    assert main(words) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == ["small-cnn", "dense-1024"]
    assert "small-cnn (A) is better" in out.read_text("utf-8")
    assert main([*words[:-2], str(tmp_path / "no" / "such.html")]) == 1


def test_the_table_of_a_figure_has_its_points_under_the_titles_of_its_axes():
    figure = go.Figure([go.Scatter(x=[1, 2], y=[0.5, 0.75], name="A"), go.Bar(x=["=1+1"], y=[3], name="B")])
    figure.update_xaxes(title_text="epoch").update_yaxes(title_text="accuracy")
    read = list(csv.DictReader(io.StringIO(to_csv(rows(figure)))))
    assert read == [
        {"series": "A", "epoch": "1", "accuracy": "0.5"},
        {"series": "A", "epoch": "2", "accuracy": "0.75"},
        {"series": "B", "epoch": "'=1+1", "accuracy": "3"},
    ]


def test_the_table_of_a_matrix_has_the_count_in_each_cell():
    matrix = np.arange(100).reshape(10, 10)
    found = {
        (row["the true digit"], row["the network's answer"]): row["value"]
        for row in rows(clickable(confusion_figure(matrix, "any"), None))
    }
    assert found["4", "9"] == 49
    assert found["9", "9"] == 99
    assert len(found) == 99  # nothing is written where the count is 0


def test_a_figure_is_a_page_of_its_own():
    page = to_page(go.Figure(go.Scatter(x=[1], y=[2])))
    assert not Addresses(page).found
    assert re.search(r"plotly\.js v\d", page)
