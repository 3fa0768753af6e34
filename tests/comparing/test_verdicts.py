"""Verdicts against statsmodels and scikit-learn, on the answers of the bundled runs."""

from itertools import combinations

import numpy as np
import pytest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from mnist_lab.comparing.rankings import holm, leader, rank
from mnist_lab.comparing.verdicts import interval, judge, sentence
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.plots.matrices import LUCK, ranking_figure
from mnist_lab.store.runs import BUNDLED, RunStore

STORE = RunStore("nowhere")
NAMES = sorted(path.name for path in BUNDLED.iterdir() if path.is_dir())
EVALUATIONS = {name: STORE.evaluation(name) for name in NAMES}
ON_MNIST = {name: evaluation for name, evaluation in EVALUATIONS.items() if len(evaluation.labels) == 10_000}


def mcnemar_of(one, two):
    """The p-value of statsmodels, from its own table of right and wrong answers."""
    table = [[(a & b).sum() for b in (two.correct, ~two.correct)] for a in (one.correct, ~one.correct)]
    return mcnemar(table, exact=True).pvalue


@pytest.mark.parametrize("name", NAMES)
def test_intervals_are_those_of_statsmodels(name):
    evaluation = EVALUATIONS[name]
    expected = proportion_confint(evaluation.correct.sum(), len(evaluation.labels), method="wilson")
    assert interval(evaluation) == pytest.approx(expected)


def test_p_values_of_every_pair_are_those_of_statsmodels():
    for one, two in combinations(ON_MNIST.values(), 2):
        assert judge(one, two).p_value == pytest.approx(mcnemar_of(one, two), rel=1e-6, abs=1e-300)


@pytest.mark.parametrize("seed", range(5))
def test_holms_correction_is_that_of_statsmodels(seed):
    p_values = np.random.default_rng(seed).uniform(0, 0.1, 30) ** 2
    np.testing.assert_allclose(holm(p_values), multipletests(p_values, method="holm")[1])


def test_a_ranking_tests_every_pair_with_holms_correction():
    ranking = rank(ON_MNIST)
    assert ranking.accuracies == sorted(ranking.accuracies, reverse=True)
    pairs = list(combinations(range(len(ranking.runs)), 2))
    judged = [judge(ON_MNIST[ranking.runs[one]], ON_MNIST[ranking.runs[two]]) for one, two in pairs]
    corrected = multipletests([verdict.p_value for verdict in judged], method="holm")[1]
    for (one, two), verdict, p_value in zip(pairs, judged, corrected, strict=True):
        assert ranking.p_values[one, two] == ranking.p_values[two, one] == pytest.approx(p_value, abs=1e-300)
        assert (ranking.fixed[two, one], ranking.fixed[one, two]) == (verdict.fixed, verdict.broken)
        assert ranking.beats[one, two] == (p_value < 0.05)
        assert not ranking.beats[two, one]


def test_a_cell_of_a_ranking_has_the_colour_of_the_run_that_is_better_beyond_luck():
    ranking = rank(ON_MNIST)
    its_color = {run: f"rgb(0, 0, {place})" for place, run in enumerate(ranking.runs)}
    (cells,) = ranking_figure(ranking, ranking.runs, its_color).data
    for row, one in enumerate(ranking.runs):
        for column, other in enumerate(ranking.runs):
            better = one if ranking.beats[row, column] else other if ranking.beats[column, row] else None
            if row != column:
                assert color_of(cells.z[row][column], cells) == its_color.get(better, LUCK)
    assert cells.text[0][1] == f"{100 * (ranking.accuracies[0] - ranking.accuracies[1]):+.2f}"


def color_of(value, cells):
    """The colour in which a heatmap whose scale has steps shows a value."""
    place = (value - cells.zmin) / (cells.zmax - cells.zmin)
    return next(color for end, color in cells.colorscale[::-1] if end <= place)


def answering(right):
    """An evaluation that is right where told."""
    right = np.asarray(right, dtype=bool)
    labels = (np.arange(len(right)) % 10).astype(np.uint8)
    return Evaluation(np.eye(10, dtype=np.float32)[np.where(right, labels, (labels + 1) % 10)], labels)


def test_the_leader_is_said_to_beat_only_those_that_it_beats_beyond_luck():
    perfect, close, poor = (answering(np.arange(1000) >= wrong) for wrong in (0, 3, 400))
    names = {"a": "Ann", "b": "Ben", "c": "Cy"}
    assert leader(rank({"a": perfect, "c": poor}), names).startswith("Ann is the best of the 2: 100.00 %")
    assert "clearly better than 1 of the other 2, but its lead over Ben may be luck" in leader(
        rank({"c": poor, "b": close, "a": perfect}), names
    )
    assert leader(rank({"b": close, "a": perfect}), names).startswith("No clear winner: Ann is ahead")


def test_runs_that_answer_alike_are_not_parted():
    one = answering(np.arange(1000) >= 40)
    assert judge(one, one).p_value == 1.0
    assert sentence(judge(one, one), "A", "B") == "No difference: A and B get the very same images right, 96.00 %."
    assert rank({"a": one, "b": one, "c": one}).p_values.min() == 1.0


def test_the_sentence_counts_from_the_better_ones_side():
    better, worse = answering([True] * 60 + [False] * 2), answering([False] * 30 + [True] * 32)
    for judged in (judge(worse, better), judge(better, worse)):
        names = ("old", "new") if judged.second_accuracy > judged.first_accuracy else ("new", "old")
        assert sentence(judged, *names) == (
            "new is better: 96.77 % against 51.61 %. It fixes 30 images that old gets wrong "
            "and breaks 2 that old gets right; that is very unlikely to be luck."
        )
