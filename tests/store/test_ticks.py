"""The ticks of a training are means of what they say, so no curve shows what cannot be."""

from math import isnan

import numpy as np
import pytest

from mnist_lab.comparing.learning import line, since_last, thinned
from mnist_lab.config.train_config import parse
from mnist_lab.plots.curves import curves
from mnist_lab.store.runs import BUNDLED, RunStore
from mnist_lab.store.ticks import Tick

STORE = RunStore(BUNDLED, bundled=None)
SINGLE = 2.0**-23  # of float32, which an earlier lab kept its means in
SMALL = {"dataset": "digits", "train_images": 330, "batch_size": 32, "validation_share": 0, "epochs": 3, "units": "16"}
TRAINERS = {
    "dense": {"dropout": 0.5, "learning_rate": 0.02},
    "cnn": {"network": "cnn", "filters": "4", "batch_normalization": True, "augment": True, "epochs": 2},
    "two batches, the second small": {"batch_size": 300, "learning_rate": 0.05, "epochs": 5},
    "overfitted to a loss of nothing": {"train_images": 100, "learning_rate": 0.5, "epochs": 20, "scaling": "none"},
    "scratch": {"network": "scratch", "learning_rate": 0.5},
    "scratch, quadratic": {"network": "scratch", "loss": "quadratic-cost", "output": "sigmoid", "learning_rate": 3.0},
    "logistic": {"network": "logistic", "max_iterations": 30},
}


def means(ticks, metric):
    """A metric over the images since the tick before, with so many ticks left out ahead of each."""
    for every in (1, 2, 3, 7):
        chosen = [tick for place, tick in enumerate(ticks) if place % every == 0 or tick.ends_epoch]
        yield chosen, since_last(chosen, metric)


@pytest.fixture(scope="module", params=TRAINERS)
def trained(request, digits, tmp_path_factory):
    """The ticks of a fresh training, one for each step, as a store keeps them."""
    from mnist_lab.training import logistic, loop, scratch
    from mnist_lab.training.contract import Contract

    store = RunStore(tmp_path_factory.mktemp("runs"), bundled=None)
    config = parse({**SMALL, **TRAINERS[request.param]})
    run = store.create(config, request.param)
    with pytest.MonkeyPatch.context() as patch:
        for module in (loop, scratch, logistic):
            patch.setattr(module, "SECONDS_BETWEEN_TICKS", 0.0)
        patch.setattr(loop, "SECONDS_AT_ONCE", 0.0)
        patch.setattr(loop, "FIRST_STEPS", 1)
        loop.train(config, digits, Contract(lambda tick: store.log(run.id, tick)))
    return store.metrics(run.id)


def test_no_fresh_training_shows_an_accuracy_beyond_1_or_a_loss_below_0(trained):
    assert trained
    for _, accuracies in means(trained, "accuracy"):
        assert all(0 <= accuracy <= 1 for accuracy in accuracies)
    for _, losses in means(trained, "loss"):
        assert all(loss >= 0 for loss in losses)


def test_an_accuracy_since_the_tick_before_is_a_number_of_its_images_also_of_the_small_last_batch(trained):
    for ticks, accuracies in means(trained, "accuracy"):
        for before, tick, accuracy in zip([None, *ticks], ticks, accuracies, strict=False):
            images = tick.images - (before.images if before and before.epoch == tick.epoch else 0)
            assert accuracy * images == pytest.approx(round(accuracy * images), abs=1e-9)


def test_losses_since_the_tick_before_sum_up_to_that_of_the_epoch(trained):
    for ticks, losses in means(trained, "loss"):
        total = 0.0
        for before, tick, loss in zip([None, *ticks], ticks, losses, strict=False):
            fresh = before is None or before.epoch != tick.epoch
            total = (0.0 if fresh else total) + loss * (tick.images - (0 if fresh else before.images))
            assert total == pytest.approx(tick.loss * tick.images)


@pytest.mark.parametrize("run_id", sorted(STORE.folder.names()))
def test_each_tick_of_a_bundled_run_is_a_mean_over_its_images(run_id):
    for tick in STORE.metrics(run_id):
        right = tick.accuracy * tick.images
        assert abs(right - round(right)) <= SINGLE * tick.images, tick


@pytest.mark.parametrize("run_id", sorted(STORE.folder.names()))
def test_no_curve_of_a_bundled_run_leaves_what_can_be(run_id):
    ticks = STORE.metrics(run_id)
    for chosen in (ticks, thinned(ticks)):
        assert all(0 <= accuracy <= 1 for accuracy in since_last(chosen, "accuracy"))
        assert all(loss >= 0 for loss in since_last(chosen, "loss"))
    for curve in curves(run_id, ticks):
        assert len(curve.y) == len(curve.x) > 0
        assert min(curve.y) >= 0
        assert max(curve.y) <= (1 if curve.metric == "accuracy" else np.inf)


def test_where_two_ticks_cannot_both_be_right_a_curve_has_no_point():
    ticks = [
        Tick(1, 464, 469, 0.6749, 0.80487, 0.001, 1.0),
        Tick(1, 469, 469, 0.6669, 0.80702, 0.001, 2.0),
        Tick(2, 464, 469, 0.2, 0.96, 0.001, 3.0),
    ]
    assert [isnan(value) for value in since_last(ticks, "accuracy")] == [False, True, False]
    assert [isnan(value) for value in since_last(ticks, "loss")] == [False, True, False]
    for metric in ("accuracy", "loss"):
        assert line(ticks, metric, "steps").x.tolist() == [464, 469 + 464]
    assert [len(curve.x) for curve in curves("run", ticks)] == [2, 2]


def test_ticks_that_count_no_more_images_than_the_one_before_have_no_mean_since():
    one = Tick(1, 1, 9, 0.5, 0.5, 0.001, 1.0, images=32)
    assert isnan(since_last([one, one._replace(step=2)], "loss")[1])
