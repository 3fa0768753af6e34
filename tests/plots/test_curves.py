"""Curves of several runs: the facts, and the figure that carries them."""

from dataclasses import replace

import numpy as np
import pytest

from mnist_lab.comparing.families import differences, families
from mnist_lab.comparing.learning import AXES, METRICS, Line, gap, line, smoothed, together
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.plots.learning import Learner, Look, learning_figure
from mnist_lab.plots.style import COLORS, FADED, colors
from mnist_lab.store.runs import BUNDLED, RunStore

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


def test_smoothing_leaves_straight_lines_calms_noise_and_never_goes_beyond():
    rising, noise = np.arange(50.0), np.random.default_rng(0).normal(size=50)
    np.testing.assert_allclose(smoothed(straight(range(50), rising), 0.8).y, rising)
    calm = smoothed(straight(range(50), noise), 0.8).y
    assert calm[10:-10].std() < 0.5 * noise[10:-10].std()
    dropped = np.append(np.full(50, 0.9), 0.5)  # a last value that happens to be low
    assert smoothed(straight(range(51), dropped), 0.8).y[-1] > 0.7
    full = np.append(np.linspace(0.5, 1.0, 30), np.ones(5))
    assert smoothed(straight(range(35), full), 0.8).y.max() <= 1.0
    np.testing.assert_allclose(smoothed(straight(range(3), [0.0, 1.0, 0.0]), 0.5).y[1], 0.5)
    np.testing.assert_array_equal(smoothed(straight(range(1), [0.3]), 0.5).y, [0.3])
    np.testing.assert_array_equal(smoothed(straight(range(50), noise), 0.0).y, noise)


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
    its_color = colors(range(count))
    return [
        Learner(f"run {n}", f"units {n}", [f"id-{n}", "x"], its_color[n], 2, training, validation, shaded)
        for n in range(count)
    ]


def alone(training, epochs, validation=None):
    return Learner("a", "", ["a"], COLORS[0], epochs, training, validation)


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
    assert (figure.layout.yaxis.type, figure.layout.yaxis.title.text) == (
        "log",
        "training mistakes, dotted: validation",
    )
    loss = learning_figure(learners(1), Look(metric="loss", log_y=True))
    np.testing.assert_allclose(next(one for one in loss.data if one.name == "training").y, [0.5, 0.9, 0.99])


def test_the_very_beginning_does_not_squeeze_what_follows():
    steep = straight([0, 1, 50, 100], [0.1, 0.2, 0.95, 0.99])
    steady = straight([0, 50, 100], [0.5, 0.7, 0.9])
    figures = [learning_figure([alone(one, 100)], Look()) for one in (steep, steady)]
    low, high = figures[0].layout.yaxis.range
    assert 0.9 < low < 0.95 < 0.99 < high
    assert figures[1].layout.yaxis.range is None


def test_a_run_of_two_epochs_is_drawn_whole_also_beside_a_long_one():
    short, long = straight([0.05, 0.1, 1, 2], [0.1, 0.4, 0.9, 0.95]), straight([1, 2, 50, 100], [0.1, 0.9, 0.98, 0.99])
    figure = learning_figure([alone(short, 2)], Look())
    assert figure.layout.yaxis.range is None  # all of it
    low, high = figure.layout.xaxis.range
    assert 0 <= low <= 0.05 < 2 <= high < 2.1
    both = learning_figure([alone(long, 100), alone(short, 2)], Look())
    lowest, _ = both.layout.yaxis.range or (0.0, 1.0)  # without a range Plotly shows all
    assert lowest < 0.1


@pytest.mark.parametrize(
    ("metric", "parts", "said"),
    [
        ("accuracy", "training", "training accuracy"),
        ("accuracy", "validation", "validation accuracy"),
        ("loss", "both", "training loss, dotted: validation"),
        ("learning_rate", "training", "learning rate"),
    ],
)
def test_the_axis_says_which_accuracy_it_is(metric, parts, said):
    one = straight([0, 1, 2], [0.5, 0.9, 0.99])
    learner = alone(one if parts != "validation" else None, 2, one if parts != "training" else None)
    assert learning_figure([learner], Look(metric)).layout.yaxis.title.text == said


def test_twelve_runs_have_twelve_colours_and_those_beyond_fade_behind_them():
    figure = learning_figure(learners(15), Look())
    lines = [trace for trace in figure.data if trace.line.dash == "solid"]
    assert [trace.line.color for trace in lines] == [*COLORS, FADED, FADED, FADED]
    assert len(set(COLORS)) == 12
    assert all((trace.zorder < 0) == (trace.line.color == FADED) for trace in lines)


def linear(color):
    parts = np.array([int(color[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def seen(light):
    """Oklab (Ottosson 2020), in which equal distances look equally different."""
    cones = [
        (0.4122214708, 0.5363325363, 0.0514459929),
        (0.2119034982, 0.6806995451, 0.1073969566),
        (0.0883024619, 0.2817188376, 0.6299787005),
    ]
    opponents = [
        (0.2104542553, 0.7936177850, -0.0040720468),
        (1.9779984951, -2.4285922050, 0.4505937099),
        (0.0259040371, 0.7827717662, -0.8086757660),
    ]
    return np.cbrt(np.clip(light, 0, 1) @ np.array(cones).T) @ np.array(opponents).T


BLINDNESS = {  # Machado, Oliveira and Fernandes 2009, of the whole severity
    "nothing": np.eye(3),
    "protanopia": [(0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)],
    "deuteranopia": [(0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.01182, 0.04294, 0.968881)],
    "tritanopia": [(1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.3039)],
}


@pytest.mark.parametrize("blindness", BLINDNESS)
def test_every_colour_can_be_told_from_every_other_by_the_colour_blind(blindness):
    light = np.array([linear(color) for color in COLORS]) @ np.array(BLINDNESS[blindness]).T
    places = seen(light)
    distances = np.linalg.norm(places[:, None] - places[None], axis=-1)[np.triu_indices(len(places), 1)]
    assert distances.min() >= 0.05  # a step of 0.02 is just noticed


@pytest.mark.parametrize("background", ["#ffffff", "#0e1117", "#fcfbf8", "#121418"])
def test_every_colour_can_be_seen_on_light_and_on_dark(background):
    luminances = [linear(color) @ (0.2126, 0.7152, 0.0722) for color in (background, *COLORS)]
    behind, *its = luminances
    for luminance in its:
        assert (max(luminance, behind) + 0.05) / (min(luminance, behind) + 0.05) >= 2.5


@pytest.mark.parametrize("count", [2, 14])
def test_a_run_has_the_same_colour_in_every_view_of_a_comparison(count):
    from mnist_lab.comparing.calibration import coverage, reliability
    from mnist_lab.comparing.cost import COSTS, points
    from mnist_lab.plots.calibration import coverage_figure, reliability_figure
    from mnist_lab.plots.cost import cost_figure
    from mnist_lab.plots.curves import curves, curves_figure
    from mnist_lab.plots.digits import scores_figure

    store = RunStore(BUNDLED, bundled=None)
    bundled = store.listing().runs
    runs = [replace(bundled[number % len(bundled)], id=f"run {number}") for number in range(count)]
    its_color = colors(run.id for run in runs)
    ticks = {run.id: store.metrics(bundled[number % len(bundled)].id) for number, run in enumerate(runs)}
    answers = {run.id: store.evaluation(bundled[number % len(bundled)].id) for number, run in enumerate(runs)}
    figures = [
        learning_figure(
            [
                Learner(run.id, "", [run.id], its_color[run.id], 5, line(ticks[run.id], "accuracy", "epochs"), None)
                for run in runs
            ],
            Look(),
        ),
        curves_figure({run_id: curves(run_id, its) for run_id, its in ticks.items()}),
        reliability_figure({run_id: reliability(its) for run_id, its in answers.items()}, its_color),
        coverage_figure({run_id: coverage(its) for run_id, its in answers.items()}, its_color),
        scores_figure({run_id: its.confusion_matrix.diagonal() / 1 for run_id, its in answers.items()}, "", its_color),
    ]
    for figure in figures:
        for trace in figure.data:
            if (run_id := (trace.name or "").removesuffix(", training")) in its_color:
                assert (trace.line.color or trace.marker.color) == its_color[run_id]
    cost = cost_figure(points(runs, COSTS["Parameters"]), {run.id: run.name for run in runs}, COSTS["Parameters"])
    dots = [(one.customdata, one.marker.line.color) for one in cost.data if isinstance(one.marker.line.color, tuple)]
    drawn = {point[0]: color for column in dots for point, color in zip(*column, strict=True)}
    assert drawn == its_color
