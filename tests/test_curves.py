"""Curves of several runs: the facts, and the figure that carries them."""

import numpy as np
import pytest

from mnist_lab.comparing.families import differences, families
from mnist_lab.comparing.learning import AXES, METRICS, Line, gap, line, smoothed, together
from mnist_lab.config import TrainConfig
from mnist_lab.plots.learning import Learner, Look, learning_figure
from mnist_lab.runs import BUNDLED, RunStore

RUN = "small-cnn"


@pytest.fixture(scope="module")
def ticks():
    return RunStore(BUNDLED, bundled=None).metrics("dense-128x2-l2")


def straight(x, y):
    return Line(np.array(x, dtype=float), np.array(y, dtype=float))


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_there_over_every_axis_to_the_end_of_training(ticks, metric, axis):
    found, last = line(ticks, metric, axis), ticks[-1]
    ends = {"epochs": last.epoch, "steps": last.epoch * last.steps, "seconds": last.seconds}
    assert found.x[-1] == ends[axis]
    assert (np.diff(found.x) > 0).all()
    assert np.isfinite(found.y).all()


def test_training_is_of_the_batches_since_the_point_before_so_that_a_whole_epoch_averages_to_its_mean(ticks):
    found = line(ticks, "loss", "steps")
    steps = np.diff(found.x, prepend=0)
    first = found.x <= ticks[0].steps
    end = next(tick for tick in ticks if tick.ends_epoch)
    assert np.average(found.y[first], weights=steps[first]) == pytest.approx(end.loss)


def test_validation_is_there_where_images_were_held_back_and_never_for_the_learning_rate(ticks):
    found = line(ticks, "accuracy", "epochs", validation=True)
    watched = [tick.epoch for tick in ticks if tick.val_accuracy is not None]
    assert (found.x.tolist() if found else []) == watched
    assert line(ticks, "learning_rate", "epochs", validation=True) is None
    assert line([], "loss", "epochs") is None


def test_smoothing_is_the_exponential_moving_average_of_pandas():
    import pandas as pd

    values = np.random.default_rng(0).random(50)
    expected = pd.Series(values).ewm(alpha=0.2, adjust=True).mean()
    np.testing.assert_allclose(smoothed(straight(range(50), values), 0.8).y, expected)
    np.testing.assert_array_equal(smoothed(straight(range(50), values), 0.0).y, values)


def test_several_seeds_are_their_mean_with_the_least_and_the_greatest_where_all_of_them_are():
    found = together([straight([1, 2, 3, 4], [0, 1, 2, 3]), straight([2, 3], [3, 4])])
    np.testing.assert_allclose(found, [[2, 3], [2, 3], [1, 2], [3, 4]])
    between = together([straight([0, 2], [0, 2]), straight([0, 1, 2], [0, 3, 4])])
    np.testing.assert_allclose(between.y, [0, 3])
    assert together([straight([0, 1], [0, 1]), straight([2, 3], [0, 1])]) is None


def test_the_gap_is_what_training_is_better_by_and_nothing_where_it_is_not():
    training, validation = straight([0, 2, 4], [0.8, 0.9, 1.0]), straight([1, 2, 3, 5], [0.9, 0.9, 0.92, 0.9])
    found = gap(training, validation, larger_is_better=True)
    np.testing.assert_allclose(found.x, [1, 2, 3])
    np.testing.assert_allclose(found.high - found.low, [0, 0, 0.03])
    assert gap(training, straight([9], [1]), larger_is_better=True) is None
    losses = gap(straight([0, 2], [0.1, 0.1]), straight([1, 2], [0.2, 0.05]), larger_is_better=False)
    np.testing.assert_allclose(losses.low - losses.high, [0.1, 0])


def test_runs_that_differ_only_in_seed_are_a_family_and_what_differs_is_said(store):
    made = {
        name: store.create(TrainConfig(**settings), name, **about)
        for name, settings, about in (
            ("a", {"seed": 0}, {}),
            ("b", {"seed": 1}, {}),
            ("wide", {"units": (512,), "seed": 1}, {}),
            ("went on", {"seed": 2}, {"parent": "a"}),
        )
    }
    runs = list(made.values())
    assert [[run.name for run in family] for family in families(runs)] == [["a", "b"], ["wide"], ["went on"]]
    said = differences(runs, but=["seed"])
    assert (said[made["a"].id], said[made["wide"].id]) == ("units 128", "units 512")
    assert differences(runs[:1]) == {made["a"].id: ""}


def learners(count):
    training, validation = straight([0, 1, 2], [0.5, 0.9, 0.99]), straight([1, 2], [0.9, 0.95])
    shaded = gap(training, validation, larger_is_better=True)
    return [Learner(f"run {n}", f"units {n}", [f"id-{n}", "x"], training, validation, shaded) for n in range(count)]


def test_every_point_picks_its_runs_and_says_what_differs():
    figure = learning_figure(learners(2), Look())
    lines = [trace for trace in figure.data if trace.customdata is not None]
    assert [set(trace.customdata) for trace in lines] == [{"id-0 x"}] * 2 + [{"id-1 x"}] * 2
    assert all("markers" in trace.mode for trace in lines)  # without any, a line cannot be clicked
    assert "units 1" in lines[-1].hovertemplate
    np.testing.assert_array_equal(lines[0].y, [0.5, 0.9, 0.99])


def test_the_gap_is_shaded_while_it_can_be_told_apart():
    shaded = [sum(trace.fill == "toself" for trace in learning_figure(learners(n), Look()).data) for n in (1, 3, 4)]
    assert shaded == [1, 3, 0]


def test_the_logarithm_of_an_accuracy_is_that_of_its_mistakes():
    figure = learning_figure(learners(1), Look(log_y=True))
    trace = next(trace for trace in figure.data if trace.name == "training")
    np.testing.assert_allclose(trace.y, [0.5, 0.1, 0.01])
    assert (figure.layout.yaxis.type, figure.layout.yaxis.title.text) == ("log", "mistakes")
    loss = learning_figure(learners(1), Look(metric="loss", log_y=True))
    np.testing.assert_allclose(next(one for one in loss.data if one.name == "training").y, [0.5, 0.9, 0.99])


def test_the_very_beginning_does_not_squeeze_what_follows():
    steep = straight([0, 1, 50, 100], [0.1, 0.2, 0.95, 0.99])
    steady = straight([0, 50, 100], [0.5, 0.7, 0.9])
    figures = [learning_figure([Learner("a", "", ["a"], one, None)], Look()) for one in (steep, steady)]
    low, high = figures[0].layout.yaxis.range
    assert 0.9 < low < 0.95 < 0.99 < high
    assert figures[1].layout.yaxis.range is None
