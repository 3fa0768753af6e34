"""Accuracy against its cost, on the runs that come with the lab."""

import pytest

from mnist_lab.comparing.cost import COSTS, RECORDS, front, points, published
from mnist_lab.plots.cost import cost_figure
from mnist_lab.recipes import RECIPES
from mnist_lab.runs import RunStore


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
