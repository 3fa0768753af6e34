"""Scores of digits and calibration, on the answers of the bundled runs."""

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import f1_score, precision_score, recall_score

from mnist_lab.comparing.calibration import answered_at, coverage, histogram, reliability
from mnist_lab.comparing.digits import most_confused, scores
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.store.runs import BUNDLED, RunStore

STORE = RunStore("nowhere")
NAMES = sorted(path.name for path in BUNDLED.iterdir() if path.is_dir())
EVALUATIONS = {name: STORE.evaluation(name) for name in NAMES}
every_run = pytest.mark.parametrize("evaluation", EVALUATIONS.values(), ids=NAMES)


@every_run
def test_scores_of_digits_are_those_of_scikit_learn(evaluation):
    for name, score in (("Recall", recall_score), ("Precision", precision_score), ("F1", f1_score)):
        expected = score(evaluation.labels, evaluation.answers, average=None)
        np.testing.assert_allclose(scores(evaluation, name), expected)


def test_the_most_confused_digits_are_counted_over_all_runs():
    runs = [EVALUATIONS["dense-128-dropout"], EVALUATIONS["logistic-mnist"]]
    found = most_confused(runs, 100)
    totals = [sum(pair.images) for pair in found]
    assert totals == sorted(totals, reverse=True)
    assert sum(totals) == sum((~run.correct).sum() for run in runs)
    for pair in found[:5]:
        assert pair.label != pair.answer
        assert pair.images == tuple(((run.labels == pair.label) & (run.answers == pair.answer)).sum() for run in runs)


@every_run
def test_reliability_is_the_curve_of_scikit_learn(evaluation):
    found = reliability(evaluation, bins=15)
    accuracy, confidence = calibration_curve(
        evaluation.correct, evaluation.confidences.astype(np.float64), n_bins=15, strategy="uniform"
    )
    np.testing.assert_allclose(found.accuracy, accuracy)
    np.testing.assert_allclose(found.confidence, confidence)
    assert found.images.sum() == len(evaluation.labels)
    gaps = np.abs(confidence - accuracy)
    assert found.error == pytest.approx((found.images * gaps).sum() / len(evaluation.labels))


def test_answers_as_often_right_as_they_are_sure_are_calibrated():
    probabilities = np.zeros((100, 10), dtype=np.float32)
    probabilities[:, 0], probabilities[:, 1] = 0.75, 0.25
    labels = np.repeat([0, 1], [75, 25]).astype(np.uint8)
    assert reliability(Evaluation(probabilities, labels)).error == pytest.approx(0.0)
    assert reliability(Evaluation(probabilities, np.ones(100, dtype=np.uint8))).error == pytest.approx(0.75)


@every_run
def test_coverage_is_the_accuracy_of_answers_that_are_sure_enough(evaluation):
    found = coverage(evaluation)
    for answered, accuracy, confidence in list(zip(*found, strict=True))[::200]:
        kept = evaluation.confidences >= confidence
        assert answered == pytest.approx(kept.mean())
        assert accuracy == pytest.approx(evaluation.correct[kept].mean())
    assert found.answered[-1] == 1.0
    assert found.accuracy[-1] == pytest.approx(evaluation.accuracy)


def test_more_images_are_answered_where_less_accuracy_is_asked_for():
    found = coverage(EVALUATIONS["dense-128-dropout"])
    assert 0 < answered_at(found, 0.999) < answered_at(found, 0.99) < answered_at(found, 0.95) == 1.0
    assert answered_at(found, 1.1) == 0.0


@every_run
def test_the_histogram_holds_every_answer_once(evaluation):
    found = histogram(evaluation)
    assert found.right.sum() == evaluation.correct.sum()
    assert found.wrong.sum() == (~evaluation.correct).sum()
