"""Whose handwriting is misread, against pandas and statsmodels."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from mnist_lab.comparing import writers
from mnist_lab.comparing.verdicts import interval
from mnist_lab.datasets.writers import of_the_test_images
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.store.runs import RunStore

STORE = RunStore("nowhere")
NAMES = ("dense-128-dropout", "small-cnn", "house-cnn")
EVALUATIONS = {name: STORE.evaluation(name) for name in NAMES}


def table_of(evaluation):
    return pd.DataFrame({"writer": of_the_test_images(), "wrong": ~evaluation.correct})


@pytest.mark.parametrize("name", NAMES)
def test_the_mistakes_of_each_person_are_those_of_their_images(name):
    expected = table_of(EVALUATIONS[name]).groupby("writer").wrong.agg(["size", "sum"])
    found = writers.by_writer(EVALUATIONS[name])
    assert {one.number: (one.images, one.mistakes) for one in found} == {
        number: (row["size"], row["sum"]) for number, row in expected.iterrows()
    }
    mistakes = [one.mistakes for one in found]
    assert mistakes == sorted(mistakes, reverse=True)
    assert writers.never_misread(found) == (expected["sum"] == 0).sum()
    half = writers.holding_half(found)
    assert sum(mistakes[: half - 1]) < sum(mistakes) / 2 <= sum(mistakes[:half])


def test_mistakes_of_several_runs_are_added_up():
    one, two = (EVALUATIONS[name] for name in NAMES[:2])
    alone = [{person.number: person.mistakes for person in writers.by_writer(each)} for each in (one, two)]
    for person in writers.by_writer(one, two):
        assert person.mistakes == alone[0][person.number] + alone[1][person.number]


def test_of_a_run_without_mistakes_nobody_holds_any():
    labels = EVALUATIONS["small-cnn"].labels
    perfect = writers.by_writer(Evaluation(np.eye(10, dtype=np.float32)[labels], labels))
    assert (writers.never_misread(perfect), writers.holding_half(perfect)) == (297, 0)
    assert not writers.held(perfect).any()


def test_employees_and_students_are_told_apart():
    for evaluation in EVALUATIONS.values():
        kinds = writers.by_kind(evaluation)
        for chosen, (people, kind) in zip(
            (of_the_test_images() < 2100, of_the_test_images() >= 2100),
            zip((48, 249), kinds.values(), strict=True),
            strict=True,
        ):
            assert kind.people == people
            assert kind.error == pytest.approx((~evaluation.correct[chosen]).mean())
            assert kind.interval.low < kind.error < kind.interval.high


def clustered(values):
    """The 95 % interval of a mean with standard errors that are robust to clusters, by statsmodels."""
    fitted = sm.OLS(values, np.ones(len(values))).fit(cov_type="cluster", cov_kwds={"groups": of_the_test_images()})
    return fitted.conf_int()[0]


@pytest.mark.parametrize("name", NAMES)
def test_intervals_by_resampled_people_are_as_wide_as_those_with_clustered_errors(name):
    found, expected = writers.accuracy_interval(EVALUATIONS[name]), clustered(EVALUATIONS[name].correct.astype(float))
    assert found == pytest.approx(expected, abs=0.1 * (expected[1] - expected[0]))
    alone = interval(EVALUATIONS[name])
    assert found.high - found.low > 1.1 * (alone.high - alone.low)


@pytest.mark.parametrize("pair", list(combinations(NAMES, 2)))
def test_two_runs_read_the_same_people_in_each_resample(pair):
    one, two = (EVALUATIONS[name] for name in pair)
    found = writers.difference_interval(one, two)
    expected = clustered(two.correct.astype(float) - one.correct)
    assert found == pytest.approx(expected, abs=0.1 * (expected[1] - expected[0]))
    back = writers.difference_interval(two, one)
    assert (back.low, back.high) == pytest.approx((-found.high, -found.low))
    assert writers.difference_interval(one, one) == (0.0, 0.0)


def test_all_that_a_person_wrote_is_shown_those_misread_by_most_first():
    evaluations = list(EVALUATIONS.values())
    worst = writers.by_writer(*evaluations)[0]
    places = writers.places(worst.number, *evaluations)
    assert sorted(places) == np.flatnonzero(of_the_test_images() == worst.number).tolist()
    misread = np.sum([~evaluation.correct[places] for evaluation in evaluations], axis=0)
    assert misread.tolist() == sorted(misread, reverse=True)
    assert misread.sum() == worst.mistakes


def test_only_of_mnists_test_images_it_is_known_who_wrote_them():
    assert EVALUATIONS["small-cnn"].is_of_mnist
    assert not STORE.evaluation("logistic-digits").is_of_mnist
