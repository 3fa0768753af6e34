"""What the figures show: the facts behind them, and that they carry the numbers."""

import numpy as np
import pytest

from mnist_lab.comparing.learning import MOST_POINTS
from mnist_lab.exploring.replay import Moment
from mnist_lab.exploring.sensitivity import Wobble
from mnist_lab.plots.curves import curves, curves_figure
from mnist_lab.plots.digits import scores_figure
from mnist_lab.plots.drawings import replay_figure, wobble_figure
from mnist_lab.plots.export import rows
from mnist_lab.plots.matrices import confusion_figure
from mnist_lab.store.runs import RunStore
from mnist_lab.store.ticks import Tick


def tick(epoch, step, accuracy, val_accuracy=None, steps=10):
    loss = 1 - accuracy
    val_loss = None if val_accuracy is None else 1 - val_accuracy
    return Tick(epoch, step, steps, loss, accuracy, 0.001, 0.0, val_loss, val_accuracy)


def test_a_training_curve_shows_the_batches_since_the_last_point():
    ticks = [tick(1, 5, 0.4), tick(1, 10, 0.6), tick(2, 10, 0.9)]
    training = next(curve for curve in curves("a", ticks) if curve.metric == "accuracy" and not curve.validation)
    assert training.x == [0.5, 1.0, 2.0]
    assert training.y == pytest.approx([0.4, 0.8, 0.9])  # (0.6 x 10 - 0.4 x 5) / 5, and an epoch begins anew


def test_validation_is_there_only_where_it_was_measured():
    found = curves("a", [tick(1, 5, 0.4), tick(1, 10, 0.6, val_accuracy=0.7)])
    assert [(curve.x, curve.y) for curve in found if curve.validation and curve.metric == "accuracy"] == [
        ([1.0], [0.7])
    ]
    assert not [curve for curve in curves("a", [tick(1, 5, 0.4)]) if curve.validation]


def test_a_long_training_is_thinned_and_keeps_the_end_of_each_epoch():
    ticks = [tick(epoch, step, 0.5, steps=1000) for epoch in (1, 2, 3) for step in range(1, 1001)]
    points = curves("a", ticks)[0].x
    assert len(points) < 2 * MOST_POINTS
    assert {1.0, 2.0, 3.0} <= set(points)


def test_the_curves_figure_has_each_run_in_both_charts():
    found = {name: curves(name, RunStore("nowhere").metrics(name)) for name in ("small-cnn", "dense-128-dropout")}
    figure = curves_figure(found)
    assert len(figure.data) == 4
    assert [trace.name for trace in figure.data if trace.showlegend] == ["small-cnn", "dense-128-dropout"]
    assert {trace.legendgroup for trace in figure.data} == {"small-cnn", "dense-128-dropout"}


def test_the_axis_closes_in_on_what_comes_after_the_first_epoch_and_shows_where_each_run_ends():
    long = [tick(epoch, 10, accuracy) for epoch, accuracy in enumerate((0.5, 0.9, 0.95, 0.96), start=1)]
    steep = [tick(1, 1, 0.1), *long]
    low, high = curves_figure({"long": curves("long", steep)}).layout.yaxis.range
    assert 0.5 < low < 0.55
    assert 0.96 < high < 1.01
    (_, most) = curves_figure({"long": curves("long", steep)}).layout.yaxis2.range
    assert 0.45 < most < 0.5
    low, _ = curves_figure(
        {"long": curves("long", steep), "short": curves("short", [tick(1, 10, 0.2)])}
    ).layout.yaxis.range
    assert low < 0.2
    assert curves_figure({"short": curves("short", [tick(1, 1, 0.1), tick(1, 10, 0.6)])}).layout.yaxis.range is None


def test_the_confusion_figure_shows_every_count_once():
    matrix = RunStore("nowhere").evaluation("small-cnn").confusion_matrix
    right, mistakes = confusion_figure(matrix, "small-cnn").data
    assert np.nansum(mistakes.z) == matrix.sum() - matrix.trace()
    assert np.isfinite(np.asarray(right.z, dtype=float)).sum() == 10
    assert mistakes.text[4][9] == (str(matrix[4, 9]) if matrix[4, 9] else "")


def test_the_wobble_figure_has_a_line_for_each_model():
    figure = wobble_figure([Wobble("a", [0.0, 1.0], [1.0, 0.5]), Wobble("b", [0.0, 1.0], [0.9, 0.1])], 3, "degrees")
    assert [list(trace.y) for trace in figure.data] == [[1.0, 0.5], [0.9, 0.1]]


def test_the_replay_figure_leaves_out_digits_that_never_mattered():
    sure, torn = np.eye(10, dtype=np.float32)[3], np.full(10, 0.01, dtype=np.float32)
    torn[[3, 8]] = 0.5, 0.42
    figure = replay_figure([Moment(0.0, None), Moment(0.4, torn), Moment(1.0, sure)])
    assert {trace.name for trace in figure.data} == {"3", "8"}
    assert list(figure.data[0].x) == [0.4, 1.0]


def test_names_stand_in_figures_and_their_tables_as_they_were_typed():
    name = "<b>a</b> & \"b\" %{x} &amp; 'c'"
    figure = scores_figure({name: np.ones(10)}, "recall", {name: "#123456"})
    (trace,) = figure.data
    assert trace.name == "&lt;b&gt;a&lt;/b&gt; &amp; \"b\" %&#123;x} &amp;amp; 'c'"
    assert trace.hovertemplate.startswith(trace.name)
    assert {row["series"] for row in rows(figure)} == {name}


@pytest.mark.parametrize(("points", "expected"), [(1, (0, 1)), (2, None)])
def test_around_a_single_accuracy_no_other_is_shown_that_cannot_be(points, expected):
    ticks = [Tick(1, step, 9, 0.5, step / 9, 0.1, 1.0) for step in range(1, 1 + points)]
    assert curves_figure({"a run": curves("a run", ticks)}).layout.yaxis.range == expected
