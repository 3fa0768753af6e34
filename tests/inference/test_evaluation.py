"""Scores against scikit-learn, verdicts against the binomial distribution written out."""

from math import comb

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, confusion_matrix, precision_recall_fscore_support

from mnist_lab.comparing.verdicts import judge, sentence, verdict
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import RunError
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.store.runs import BUNDLED, RunStore

NAMES = sorted(path.name for path in BUNDLED.iterdir() if path.is_dir())


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path)


def answering(labels, answers):
    return Evaluation(np.eye(10, dtype=np.float32)[answers], np.array(labels, dtype=np.uint8))


def against(both, fixed, broken, neither=0):
    """Two evaluations of the same images, with so many that both, only the second, only the first, or none reads."""
    right = [(1, 1)] * both + [(0, 1)] * fixed + [(1, 0)] * broken + [(0, 0)] * neither
    labels = np.arange(len(right)) % 10
    one, two = ((labels + 1 - np.array([pair[side] for pair in right])) % 10 for side in (0, 1))
    return answering(labels, one), answering(labels, two)


def exact_p_value(fixed, broken):
    """Two-sided: the chance that of so many fair coins no more than the smaller number falls one way, doubled."""
    number = fixed + broken
    tail = sum(comb(number, k) for k in range(min(fixed, broken) + 1)) / 2**number
    return min(1.0, 2 * tail)


@pytest.mark.parametrize("name", NAMES)
def test_scores_are_those_of_scikit_learn(store, name):
    evaluation = store.evaluation(name)
    labels, answers = evaluation.labels, evaluation.probabilities.argmax(axis=1)
    assert evaluation.accuracy == pytest.approx(accuracy_score(labels, answers))
    np.testing.assert_array_equal(evaluation.confusion_matrix, confusion_matrix(labels, answers))
    expected = np.transpose(precision_recall_fscore_support(labels, answers))
    ours = [(score.precision, score.recall, score.f1, score.images) for score in evaluation.digit_scores()]
    np.testing.assert_allclose(ours, expected)
    assert [score.digit for score in evaluation.digit_scores()] == list(range(10))


@pytest.mark.parametrize("name", NAMES)
def test_what_a_bundled_run_says_of_itself_is_true(store, name):
    run, evaluation = store.get(name), store.evaluation(name)
    assert run.summary.test_accuracy == pytest.approx(evaluation.accuracy, abs=1e-9)
    assert len(evaluation.labels) == (10_000 if run.config.dataset == "mnist" else 360)
    assert run.summary.model_bytes == len(store.read(name, "model.tflite"))
    assert run.summary.epochs == store.metrics(name)[-1].epoch


@pytest.mark.parametrize("name", NAMES)
def test_a_bundled_run_was_tested_on_its_dataset(store, mnist, digits, name):
    dataset = mnist if store.get(name).config.dataset == "mnist" else digits
    np.testing.assert_array_equal(store.evaluation(name).labels, dataset.y_test)
    assert store.get(name).status.dataset_digest == dataset.digest


def test_a_digit_that_never_comes_up_scores_nothing():
    scores = answering([0, 0, 1], [0, 0, 0]).digit_scores()
    assert scores[0][1:] == (2 / 3, 1.0, 0.8, 2)
    assert scores[1][1:] == (0.0, 0.0, 0.0, 1)
    assert scores[9][1:] == (0.0, 0.0, 0.0, 0)


def test_an_evaluation_of_other_labels_than_its_digest_is_refused(monkeypatch):
    evaluation = answering([1, 2, 3], [1, 2, 3])
    content = evaluation.to_bytes()
    assert Evaluation.from_bytes(content).test_set == evaluation.test_set
    monkeypatch.setattr(Evaluation, "test_set", "another digest")
    with pytest.raises(RunError, match="do not match"):
        Evaluation.from_bytes(content)


@pytest.mark.parametrize(("fixed", "broken"), [(0, 0), (1, 0), (3, 3), (9, 1), (2, 12), (30, 20), (150, 90)])
def test_the_p_value_is_the_exact_binomial(fixed, broken):
    judged = judge(*against(100, fixed, broken, neither=7))
    assert (judged.fixed, judged.broken, judged.images) == (fixed, broken, 107 + fixed + broken)
    assert judged.p_value == pytest.approx(exact_p_value(fixed, broken))
    assert judged.second_accuracy - judged.first_accuracy == pytest.approx((fixed - broken) / judged.images)


def test_a_verdict_turns_round_with_its_runs():
    one, two = against(100, 20, 4)
    there, back = judge(one, two, "a", "b"), judge(two, one, "b", "a")
    assert there.p_value == pytest.approx(back.p_value)
    assert (there.fixed, there.broken) == (back.broken, back.fixed)
    assert there.better == back.better == "b"


@pytest.mark.parametrize(
    ("fixed", "broken", "beginning"),
    [(30, 5, "second is better: "), (5, 30, "first is better: "), (6, 4, "No clear winner: "), (0, 0, "No difference")],
)
def test_the_sentence_names_the_better_run(fixed, broken, beginning):
    judged = judge(*against(100, fixed, broken), "id-1", "id-2")
    assert sentence(judged, "first", "second").startswith(beginning)


def test_runs_on_the_same_images_are_compared(store):
    first, second = (store.get(name) for name in ("dense-128-dropout", "small-cnn"))
    judged = verdict(first, second, store)
    assert judged.better == "small-cnn"
    assert judged.first_accuracy == pytest.approx(first.summary.test_accuracy)
    assert sentence(judged, "dense", "cnn").startswith("cnn is better")


def test_runs_on_different_images_are_not_compared(store):
    run = store.create(TrainConfig(dataset="digits"), "small images")
    store.write(run.id, "evaluation.npz", answering([1, 2], [1, 2]).to_bytes())
    with pytest.raises(RunError, match="tested on different images"):
        verdict(run, store.get("small-cnn"), store)


def test_a_run_without_an_evaluation_is_not_compared(store):
    run = store.create(TrainConfig(), "waiting")
    with pytest.raises(RunError, match=r"no evaluation\.npz"):
        verdict(run, store.get("small-cnn"), store)
