"""scikit-learn's logistic regression as a model like any other. Needs TensorFlow."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from mnist_lab.config.train_config import parse
from mnist_lab.datasets.splits import split
from mnist_lab.inference.predictor import Predictor

SMALL = {"network": "logistic", "dataset": "digits", "scaling": "8x8", "validation_share": 0.0}


def run(digits, settings=(), **more):
    from mnist_lab.training.contract import Contract
    from mnist_lab.training.loop import train

    ticks = []
    model, stopped = train(parse({**SMALL, **dict(settings)}), digits, Contract(ticks.append, **more))
    return model, stopped, ticks


def own(digits, settings=()):
    """What scikit-learn by itself says of the test set, (n, 10), and its regression."""
    from mnist_lab.training.keras_models import build, features

    config = parse({**SMALL, **dict(settings)})
    parts, model = split(digits, config), build(config)
    regression = LogisticRegression(C=config.c, max_iter=config.max_iterations)
    with threadpool_limits(1):
        regression.fit(features(model, parts.x_train).astype(np.float64), parts.y_train)
    answers = np.zeros((len(digits.x_test), 10))
    answers[:, regression.classes_] = regression.predict_proba(features(model, digits.x_test))
    return answers, regression


@pytest.mark.parametrize(
    "settings",
    [{"max_iterations": 1000}, {"c": 0.01, "scaling": "unit"}, {"leave_out": "3 8"}, {"leave_out": "0 1 2 3 4 5 6 7"}],
    ids=str,
)
def test_what_is_saved_answers_as_scikit_learn_does(digits, tmp_path, settings):
    from mnist_lab.training.loop import export_litert

    model, *_ = run(digits, settings)
    export_litert(model, tmp_path / "model.tflite")
    answers = Predictor.load(tmp_path / "model.tflite").probabilities(digits.x_test)
    np.testing.assert_allclose(answers, own(digits, settings)[0], atol=1e-5)


def test_it_converges_where_it_may_and_ends_at_the_limit_where_not(digits):
    *_, ticks = run(digits, {"max_iterations": 1000})
    assert ticks[-1].epoch == own(digits, {"max_iterations": 1000})[1].n_iter_[0] < 1000
    *_, short = run(digits, {"max_iterations": 7})
    assert short[-1].epoch == 7


def test_every_iteration_can_be_watched(digits, monkeypatch):
    from mnist_lab.training import logistic

    monkeypatch.setattr(logistic, "SECONDS_BETWEEN_TICKS", 0.0)
    *_, ticks = run(digits, {"validation_share": 0.2, "max_iterations": 9})
    assert sorted({tick.epoch for tick in ticks}) == list(range(1, 10))
    assert ticks[-1].loss < ticks[0].loss
    assert all(tick.ends_epoch and tick.val_accuracy is not None for tick in ticks)


def test_a_stop_keeps_the_last_iteration(digits, monkeypatch):
    from mnist_lab.training import logistic
    from mnist_lab.training.contract import Contract
    from mnist_lab.training.loop import train

    monkeypatch.setattr(logistic, "SECONDS_BETWEEN_TICKS", 0.0)
    seen = []
    config = parse({**SMALL, "max_iterations": 1000})
    model, stopped = train(config, digits, Contract(seen.append, lambda: seen[-1].epoch == 5))
    assert (stopped, len(seen)) == (True, 5)
    for stopped_at, ended_at in zip(
        model.get_weights(), run(digits, {"max_iterations": 5})[0].get_weights(), strict=True
    ):
        np.testing.assert_array_equal(stopped_at, ended_at)


def test_a_fit_that_is_over_within_moments_still_has_a_curve(digits):
    *_, ticks = run(digits, {"max_iterations": 100})
    assert {1, 2, 4, 8, 16} < {tick.epoch for tick in ticks}
