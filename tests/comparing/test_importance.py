"""Which settings matter: against functions of which it is known, and against optuna and scikit-learn."""

import numpy as np
import pytest

from mnist_lab.comparing.importance import importances
from mnist_lab.comparing.settings import MEANINGLESS, Axis, axes
from mnist_lab.config.train_config import parse
from mnist_lab.errors import TooFewRuns
from mnist_lab.plots.settings import importance_figure, parallel_figure
from mnist_lab.store.runs import RunStore


def numbers(**columns):
    return [Axis(name, np.asarray(values, float), (), True, False) for name, values in columns.items()]


def shares(found):
    return {one.fields: one.share for one in found.found}


def test_the_shares_of_a_sum_are_those_of_its_variance():
    x = np.random.default_rng(1).random((150, 3))
    found = importances(numbers(a=x[:, 0], b=x[:, 1], c=x[:, 2]), 3 * x[:, 0] + x[:, 1])
    assert shares(found) == {
        ("a",): pytest.approx(0.9, abs=0.12),
        ("b",): pytest.approx(0.1, abs=0.05),
        ("c",): pytest.approx(0.0, abs=0.02),
    }
    assert found.found[0].fields == ("a",)
    assert found.explained > 0.9
    assert found.runs == 150
    for one in found.found:
        assert one.low <= one.share <= one.high


def test_settings_that_only_act_together_both_have_a_hand_in_it():
    x = np.random.default_rng(2).random((150, 3)) - 0.5
    found = shares(importances(numbers(a=x[:, 0], b=x[:, 1], c=x[:, 2]), x[:, 0] * x[:, 1]))
    assert found["a",] > 0.4
    assert found["b",] > 0.4
    assert found["c",] < 0.05


def test_it_agrees_with_the_fanova_of_optuna():
    import optuna
    from optuna.importance import FanovaImportanceEvaluator, get_param_importances

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    x = np.random.default_rng(3).random((120, 3))
    y = 2 * np.sin(3 * x[:, 0]) + x[:, 1] ** 2
    span = optuna.distributions.FloatDistribution(0, 1)
    study = optuna.create_study()
    for row, value in zip(x, y, strict=True):
        params = dict(zip("abc", map(float, row), strict=True))
        study.add_trial(
            optuna.trial.create_trial(params=params, distributions=dict.fromkeys("abc", span), value=float(value))
        )
    theirs = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0))
    ours = shares(importances(numbers(a=x[:, 0], b=x[:, 1], c=x[:, 2]), y))
    for name in "abc":
        assert ours[name,] == pytest.approx(theirs[name], abs=0.15)


def test_it_agrees_with_the_permutation_importance_of_scikit_learn_on_the_runs_of_a_real_grid():
    from sklearn.datasets import load_digits
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.inspection import permutation_importance
    from sklearn.linear_model import SGDClassifier

    images, digits = load_digits(return_X_y=True)
    tried = [(rate, images_shown, seed) for rate in (1e-5, 1e-4, 1e-3) for images_shown in (50, 200) for seed in (0, 1)]
    accuracies = []
    for rate, shown, seed in tried:
        model = SGDClassifier(learning_rate="constant", eta0=rate, max_iter=3, tol=None, random_state=seed)
        accuracies.append(model.fit(images[:shown], digits[:shown]).score(images[900:], digits[900:]))
    x = np.array(tried)
    forest = RandomForestRegressor(random_state=0).fit(x, accuracies)
    theirs = permutation_importance(forest, x, accuracies, n_repeats=20, random_state=0).importances_mean
    ours = shares(importances(numbers(rate=np.log10(x[:, 0]), shown=x[:, 1], seed=x[:, 2]), accuracies))
    order = [name for name, _ in sorted(zip(("rate", "shown", "seed"), theirs, strict=True), key=lambda one: -one[1])]
    assert max(ours, key=ours.get) == (order[0],)
    assert ours["seed",] < 0.1


def test_nothing_is_found_in_noise():
    random = np.random.default_rng(4)
    found = importances(numbers(a=random.random(20), b=random.random(20)), random.random(20))
    assert not found.is_of_use


def test_a_setting_counts_only_where_it_means_something():
    configs = [
        parse({"optimizer": optimizer, "momentum": momentum, "seed": seed})
        for optimizer in ("sgd", "adam")
        for momentum in (0.0, 0.9)
        for seed in range(4)
    ]
    accuracies = [0.5 if config.optimizer == "sgd" else 0.9 for config in configs]
    found = importances(axes(configs), accuracies)
    by_field = {one.fields: one for one in found.found}
    assert by_field["optimizer",].share > 0.85
    assert by_field["momentum",].runs == 8
    assert by_field["momentum",].share == 0.0


def test_settings_that_change_only_together_are_told_together():
    a = np.repeat([0.0, 1.0], 6)
    found = importances(numbers(a=a, b=1 - a, c=np.tile([0.0, 1.0], 6)), a)
    assert [one.fields for one in found.found] == [("a", "b"), ("c",)]


@pytest.mark.parametrize(
    ("columns", "accuracies", "said"),
    [
        ({"a": [0.0, 1.0]}, [0.5, 0.9], "too few"),
        ({}, np.linspace(0.5, 0.9, 10), "same settings"),
        ({"a": range(10)}, np.full(10, 0.9), "equally good"),
    ],
)
def test_it_is_said_kindly_why_nothing_can_be_told(columns, accuracies, said):
    with pytest.raises(TooFewRuns, match=said):
        importances(numbers(**columns), accuracies)


def test_axes_are_the_settings_that_differ_where_they_mean_something():
    configs = [
        parse({"units": "16", "optimizer": "sgd", "momentum": 0.9}),
        parse({"units": "32 16", "optimizer": "sgd", "momentum": 0.9, "train_images": 500}),
        parse({"units": "32", "optimizer": "adam"}),
    ]
    found = {axis.field: axis for axis in axes(configs)}
    assert list(found) == ["train_images", "units", "optimizer"]
    assert [found["units"].word(run) for run in range(3)] == ["16", "32-16", "32"]
    assert found["train_images"].words == ("500", "all")


def test_the_figures_hold_the_runs_that_come_with_the_lab(tmp_path):
    runs = [run for run in RunStore(tmp_path).listing().runs if run.summary]
    accuracies = [run.summary.test_accuracy for run in runs]
    found = {axis.field: axis for axis in axes([run.config for run in runs])}
    kernel = found["batch_size"]
    assert not kernel.is_meant.all()
    logistic = next(place for place, run in enumerate(runs) if run.config.network == "logistic")
    assert kernel.word(logistic) == MEANINGLESS
    (lines,) = parallel_figure(list(found.values()), accuracies).data
    assert list(lines.dimensions[-1]["values"]) == accuracies
    drawn = next(dimension for dimension in lines.dimensions if dimension.label == "batch size")
    assert drawn.ticktext[0] == MEANINGLESS
    assert drawn["values"][logistic] == drawn.tickvals[0] == min(drawn["values"])
    bars = importance_figure(importances(list(found.values()), accuracies))
    assert len(bars.data[0].x) <= len(found)
