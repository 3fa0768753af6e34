"""Accuracy against its cost, on the runs that come with the lab."""

import math
from itertools import pairwise

import numpy as np
import pytest

from mnist_lab.comparing.cost import COSTS, RECORDS, Point, explained, front, points, published
from mnist_lab.config.recipes import RECIPES
from mnist_lab.plots.cost import cost_figure
from mnist_lab.plots.labels import LONGEST, Box, box, shortened
from mnist_lab.store.runs import RunStore


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return [run for run in RunStore(tmp_path_factory.mktemp("none")).listing().runs if run.summary]


@pytest.mark.parametrize("name", COSTS)
def test_the_front_holds_just_the_runs_that_no_other_of_their_dataset_beats(runs, name):
    cost = COSTS[name]
    chosen = {point.run_id for point in front(points(runs, cost))}
    for run in runs:
        better = [
            other
            for other in runs
            if other.config.dataset == run.config.dataset
            and (cost.of(other.summary), -other.summary.test_accuracy)
            != (cost.of(run.summary), -run.summary.test_accuracy)
            and cost.of(other.summary) <= cost.of(run.summary)
            and other.summary.test_accuracy >= run.summary.test_accuracy
        ]
        assert (run.id in chosen) == (not better)


def test_the_front_rises_with_the_cost(runs):
    on_mnist = [point for point in points(runs, COSTS["Parameters"]) if point.dataset == "mnist"]
    found = front(on_mnist)
    assert len(found) > 2
    assert [point.accuracy for point in found] == sorted(point.accuracy for point in found)


def test_runs_that_cost_and_reach_the_same_stand_on_the_front_together(runs):
    twins = points([runs[0], runs[0]], COSTS["Parameters"])
    assert all(point.on_front for point in twins)


def test_what_is_published_has_a_source(runs):
    assert all(record.source and record.link.startswith("https://") for record in RECORDS)
    own = {record.name: record.accuracy for record in published(runs)}
    assert own["dense-512-rmsprop"] == RECIPES["dense-512-rmsprop"].published.test_accuracy
    assert "house-cnn" not in own


def test_the_figure_says_which_run_a_point_is_and_who_published_what(runs):
    found = points(runs, COSTS["Parameters"])
    figure = cost_figure(found, {run.id: run.name for run in runs}, COSTS["Parameters"], RECORDS)
    clickable = {point[0] for trace in figure.data if trace.customdata is not None for point in trace.customdata}
    assert clickable == {run.id for run in runs}
    assert any("LeNet-5, 1998: 99.05 %" in text.text for text in figure.layout.annotations)


def pixels(figure, wide):
    """Where the texts, marks and lines of a figure are when it is so wide, by what its layout says."""
    layout = figure.layout
    left, right = layout.margin.l, wide - layout.margin.r
    top, bottom = layout.margin.t, layout.height - layout.margin.b
    (low, high), (many, fewest) = layout.xaxis.range, layout.yaxis.range

    def x(logarithm):
        return left + (logarithm - low) / (high - low) * (right - left)

    def y(logarithm):
        return top + (logarithm - fewest) / (many - fewest) * (bottom - top)

    texts = {}
    for note in layout.annotations:
        begins = (left + note.x * (right - left)) if note.xref == "paper" else x(note.x)
        side = {"left": 1, "center": 0, "right": -1}[note.xanchor]
        texts[note.text] = box(note.text, begins + note.xshift, y(note.y) - note.yshift, side)
    marks = [
        Box(
            x(math.log10(cost)) - half,
            y(math.log10(errors)) - high_half,
            x(math.log10(cost)) + half,
            y(math.log10(errors)) + high_half,
        )
        for trace in figure.data
        if trace.mode == "markers"
        for half, high_half in [(12.6, 1.5) if trace.marker.symbol == "line-ew" else (7.5, 7.5)]
        for cost, errors in zip(trace.x, trace.y, strict=True)
    ]
    lines = [Box(left, y(math.log10(one.y0)), right, y(math.log10(one.y0)) + 0.1) for one in layout.shapes]
    steps = next(trace for trace in figure.data if trace.mode == "lines")
    corners = [
        None if one is None else (x(math.log10(one)), y(math.log10(other)))
        for one, other in zip(steps.x, steps.y, strict=True)
    ]
    for one, other in pairwise(corners):
        if one and other:
            lines.append(Box(one[0], one[1], other[0], one[1] + 0.1))
            lines.append(Box(other[0], min(one[1], other[1]), other[0] + 0.1, max(one[1], other[1])))
    return Box(left, top, right, bottom), texts, marks, lines


def crowds():
    random = np.random.default_rng(0)
    for count in (1, 3, 12, 40):
        costs, accuracies = 10 ** random.uniform(3, 6, count), 1 - 10 ** random.uniform(-2.5, -0.5, count)
        yield [
            Point(f"id {number}", ("mnist", "digits")[number % 2], cost, accuracy, False, 0.98 if number % 3 else None)
            for number, (cost, accuracy) in enumerate(zip(costs, accuracies, strict=True))
        ]
    yield [Point(f"id {number}", "mnist", 1000.0, 0.97, True) for number in range(5)]  # all in one place


@pytest.mark.parametrize("records", [(), RECORDS], ids=["alone", "with records"])
@pytest.mark.parametrize("wide", [330, 640, 1000, 1600])
def test_no_name_lies_on_a_line_a_mark_or_another_name(runs, wide, records):
    cost = COSTS["Parameters"]
    for found in (points(runs, cost), *crowds()):
        names = {point.run_id: f"the network {point.run_id}" for point in found}
        figure = cost_figure(found, names, cost, records, [wide, wide + 39])
        for width in (wide, wide + 20, wide + 39):
            area, texts, marks, lines = pixels(figure, width)
            placed = list(texts.values())
            for number, text in enumerate(placed):
                assert area.holds(text)
                assert not any(map(text.meets, [*marks, *lines, *placed[number + 1 :]]))


def test_a_chart_with_room_has_all_names_and_one_that_grows_wider_never_fewer_than_most(runs):
    cost, few = COSTS["Parameters"], [one for one in runs if one.id in ("small-cnn", "dense-1024", "logistic-mnist")]
    labelled = {
        note.text for note in cost_figure(points(few, cost), {run.id: run.name for run in few}, cost).layout.annotations
    }
    assert labelled == {run.name for run in few}
    every = {run.id: run.name for run in runs}
    counts = [
        len(cost_figure(points(runs, cost), every, cost, (), [wide]).layout.annotations) for wide in (360, 700, 1100)
    ]
    assert counts == sorted(counts)
    assert counts[-1] >= len(runs) - 3  # four of them are nearly in one place


def test_a_long_name_is_cut_and_is_only_text(runs):
    long = f"<b>{'x' * 60}</b> & co"
    assert len(shortened(long)) == LONGEST
    run, cost = runs[0], COSTS["Parameters"]
    (note,) = cost_figure(points([run], cost), {run.id: long}, cost).layout.annotations
    assert note.text.startswith("&lt;b&gt;xxx")
    assert "<" not in note.text


def test_what_is_explained_is_what_is_drawn(runs):
    found = points(runs, COSTS["Parameters"])
    assert "another dataset" in explained(found, with_records=True)
    one = [point for point in found if point.dataset == "mnist" and point.published is None]
    assert "another dataset" not in explained(one, with_records=True)
    assert "published" not in explained(one, with_records=True)
