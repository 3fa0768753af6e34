"""Which images are mistaken for what: against scikit-learn and by counting, on the answers of the bundled runs."""

import numpy as np
import pytest
from sklearn.metrics import confusion_matrix

from mnist_lab.comparing.doubtful import DOUBTFUL, PEOPLE, doubts, without_doubtful
from mnist_lab.comparing.mistakes import MEASURES, exchange, in_cell, less, wrong_by_all
from mnist_lab.comparing.verdicts import judge
from mnist_lab.plots.matrices import clickable, confusion_figure, difference_figure
from mnist_lab.store.runs import RunStore

STORE = RunStore("nowhere")
DENSE, CNN = (STORE.evaluation(name) for name in ("dense-128-dropout", "small-cnn"))
DIGITS = STORE.evaluation("logistic-digits")


def falls(values):
    return bool((np.diff(values) <= 0).all())


@pytest.mark.parametrize("evaluation", [DENSE, CNN, DIGITS])
@pytest.mark.parametrize(("name", "normalize"), [("% of the true digit", "true"), ("% of the answer", "pred")])
def test_rates_are_those_of_scikit_learn(evaluation, name, normalize):
    expected = confusion_matrix(evaluation.labels, evaluation.answers, normalize=normalize)
    np.testing.assert_allclose(MEASURES[name](evaluation.confusion_matrix), expected)


def test_a_cell_holds_as_many_images_as_the_matrix_says_the_surest_mistakes_first():
    for label, answer in ((4, 9), (7, 2), (3, 3)):
        found = in_cell(DENSE, label, answer)
        assert len(found) == len(set(found)) == DENSE.confusion_matrix[label, answer]
        assert (DENSE.labels[found] == label).all()
        assert (DENSE.answers[found] == answer).all()
        confidences = DENSE.probabilities[found, answer]
        assert falls(confidences if label != answer else confidences[::-1])


def test_what_is_fixed_and_broken_is_what_the_verdict_counts():
    fixed, broken = exchange(DENSE, CNN)
    judged = judge(DENSE, CNN)
    assert (len(fixed), len(broken)) == (judged.fixed, judged.broken)
    assert (CNN.answers[fixed] == CNN.labels[fixed]).all()
    assert (DENSE.answers[broken] == DENSE.labels[broken]).all()
    assert falls(DENSE.probabilities[fixed].max(axis=1))
    assert falls(CNN.probabilities[broken].max(axis=1))
    together = wrong_by_all([DENSE, CNN])
    assert len(together) + len(fixed) == (~DENSE.correct).sum()
    assert not (DENSE.correct | CNN.correct)[together].any()


def test_the_doubtful_labels_are_those_of_mnists_test_set():
    assert all(DENSE.labels[image] == doubt.label for image, doubt in DOUBTFUL.items())
    assert all(image == doubt.image for image, doubt in DOUBTFUL.items())
    assert len(DOUBTFUL) == 15  # the paper's own count
    for doubt in DOUBTFUL.values():
        assert doubt.saw_label < PEOPLE / 2
        assert doubt.saw_neither >= 0
        assert doubt.proposed != doubt.label


def test_scores_without_doubtful_labels_leave_out_just_those():
    kept = without_doubtful(CNN)
    assert len(kept.labels) == len(CNN.labels) - 15
    assert kept.correct.sum() == CNN.correct.sum() - CNN.correct[list(DOUBTFUL)].sum()
    assert doubts(DIGITS) == {}
    assert without_doubtful(DIGITS).accuracy == DIGITS.accuracy


def test_every_cell_of_a_matrix_can_be_clicked():
    figure = clickable(confusion_figure(DENSE.confusion_matrix, "dense"), (4, 9))
    points = figure.data[-1]
    assert len(points.x) == 100
    place = list(zip(points.y, points.x, strict=True)).index(("4", "9"))
    assert points.text[place] == str(DENSE.confusion_matrix[4, 9])
    outline = figure.layout.shapes[0]
    assert (outline.x0, outline.x1, outline.y0, outline.y1) == (8.5, 9.5, 3.5, 4.5)


def test_the_difference_says_on_which_side_there_are_fewer_mistakes_and_more_right_answers():
    change = less(DENSE.confusion_matrix, CNN.confusion_matrix)
    figure = difference_figure(change, "dense minus CNN", ("blue", "orange"))
    shown = np.nan_to_num(np.asarray(figure.data[0].z, dtype=float))
    assert shown.sum() == 2 * ((~CNN.correct).sum() - (~DENSE.correct).sum())
    assert figure.data[0].text[4][9] == f"{DENSE.confusion_matrix[4, 9] - CNN.confusion_matrix[4, 9]:+d}"


@pytest.mark.parametrize("measure", MEASURES)
def test_a_difference_is_that_of_the_two_cells_beside_it(measure):
    first, second = (MEASURES[measure](each.confusion_matrix) for each in (DENSE, CNN))
    factor, decimals = (1, 0) if measure == "Images" else (100, 1)
    shown = [[round(factor * cell, decimals) for cell in matrix.ravel().tolist()] for matrix in (first, second)]
    np.testing.assert_allclose(factor * less(first, second).ravel(), np.subtract(*shown), atol=1e-9)


def test_right_answers_are_coloured_with_the_others_unless_dimmed():
    (cells,) = confusion_figure(DENSE.confusion_matrix, "dense", dimmed=False).data
    assert np.nansum(np.asarray(cells.z, dtype=float)) == 10_000
