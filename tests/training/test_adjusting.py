"""What can be changed of a training while it goes on, on real networks and few images. Needs TensorFlow."""

import time
from itertools import count

import numpy as np
import pytest

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.exploring import glimpses
from mnist_lab.store.adjustments import Wish, adjustments
from mnist_lab.store.ticks import in_order
from mnist_lab.training import loop
from mnist_lab.training.contract import Contract

SMALL = TrainConfig(
    dataset="digits", train_images=320, units=(16,), dropout=0.0, batch_size=32, epochs=4, validation_share=0.0
)
STEPS = 10  # 320 images in batches of 32
NETWORKS = {
    "dense": {},
    "cosine": {"schedule": "cosine"},
    "cnn": {"network": "cnn", "filters": (4,), "kernel": 3},
    "scratch": {"network": "scratch", "optimizer": "sgd", "learning_rate": 0.1},
}


@pytest.fixture(autouse=True)
def a_call_and_a_tick_for_every_step(monkeypatch):
    from mnist_lab.training import scratch

    for module in (loop, scratch):
        monkeypatch.setattr(module, "SECONDS_BETWEEN_TICKS", 0.0)
    monkeypatch.setattr(loop, "SECONDS_AT_ONCE", 0.0)
    monkeypatch.setattr(loop, "FIRST_STEPS", 1)


def change(**settings):
    return TrainConfig.model_validate({**SMALL.model_dump(), **settings})


def run(config, digits, wish=None, after=15, **more):
    """Train; what is wished for comes when a wish is asked for after so many others."""
    ticks, asked = [], count(1)

    def wished():
        return wish if wish and next(asked) >= after else Wish()

    model, _ = loop.train(config, digits, Contract(ticks.append, wish=wished, **more))
    return model, in_order(ticks)


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("settings", NETWORKS.values(), ids=NETWORKS)
def test_another_learning_rate_takes_effect_at_once_and_is_told(settings, digits):
    config = change(**settings)
    plain, before = run(config, digits)
    model, ticks = run(config, digits, Wish(learning_rate=config.learning_rate / 4))
    ((epochs, rate),) = [(one.epochs, one.learning_rate) for one in adjustments(ticks)]
    assert epochs == (0.8 if config.network == "scratch" else 1.5)
    assert rate == config.learning_rate / 4
    told = {tick.position: tick.learning_rate for tick in ticks}
    undisturbed = {tick.position: tick.learning_rate for tick in before}
    for position, value in told.items():
        share = 1.0 if position <= epochs else 0.25
        assert value == pytest.approx(undisturbed[position] * share, rel=1e-5), position
    assert [tick.loss for tick in ticks if tick.position <= epochs] == [
        tick.loss for tick in before if tick.position <= epochs
    ]
    assert not same(model.get_weights(), plain.get_weights())


@pytest.mark.parametrize(("given", "wished"), [(0.0, 0.5), (0.5, 0.0), (0.2, 0.6)])
def test_another_dropout_takes_effect_and_leaves_the_weights_as_they_are(given, wished, digits):
    config = change(dropout=given)
    before, ticks = run(config, digits)
    model, adjusted = run(config, digits, Wish(dropout=wished), after=2 * STEPS)
    assert [(one.epochs, one.dropout) for one in adjustments(adjusted)] == [(2.0, wished)]
    first, second = ([tick.loss for tick in told if tick.position <= 2] for told in (ticks, adjusted))
    assert first == second
    assert not same(model.get_weights(), before.get_weights())
    assert len(adjusted) == len(ticks)


def test_a_wish_for_what_is_so_changes_nothing(digits):
    before, _ = run(SMALL, digits)
    model, ticks = run(SMALL, digits, Wish(learning_rate=SMALL.learning_rate, dropout=0.0))
    assert adjustments(ticks) == ()
    assert same(model.get_weights(), before.get_weights())


def test_nothing_is_changed_after_the_last_step(digits):
    _, ticks = run(SMALL, digits, Wish(learning_rate=0.5), after=SMALL.epochs * STEPS)
    assert adjustments(ticks) == ()


def test_a_slow_training_learns_the_same_and_counts_the_time_that_it_worked(digits):
    config = change(epochs=2, train_images=160)
    before, _ = run(config, digits)
    begun = time.monotonic()
    model, ticks = run(config, digits, Wish(steps_a_second=5.0), after=2)
    assert same(model.get_weights(), before.get_weights())
    assert time.monotonic() - begun - ticks[-1].seconds > 0.5 * 8 / 5.0


@pytest.mark.parametrize("name", ["dense", "scratch"])
def test_a_changed_training_that_was_killed_goes_on_with_what_it_was_changed_to(name, digits, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)
    config, checkpoint = change(**NETWORKS[name]), tmp_path / "last.weights.h5"
    wish = Wish(learning_rate=0.05, dropout=0.3 if name == "dense" else None)
    told = []

    class Killed(BaseException):
        pass

    def report(tick):
        told.append(tick)
        if tick.position >= 2.5:
            raise Killed

    with pytest.raises(Killed):
        loop.train(config, digits, Contract(report, checkpoint=checkpoint, wish=lambda: wish))
    made = adjustments(told)
    assert made
    assert made[0].epochs < 1
    ticks = []
    loop.train(config, digits, Contract(ticks.append, checkpoint=checkpoint, adjusted=made))
    assert ticks[0].epoch == 3
    assert {round(tick.learning_rate, 6) for tick in ticks} == {0.05}
    assert adjustments(ticks) == ()


@pytest.mark.parametrize("settings", [*NETWORKS.values(), {"units": ()}, {"units": (20, 12), "scaling": "8x8"}])
def test_the_weights_that_are_shown_are_those_of_the_moment(settings, digits):
    config = change(**settings)
    seen = []
    model, _ = run(config, digits, show=lambda weights: seen.append(glimpses.glimpse(config, weights())))
    assert len(seen) >= config.epochs * STEPS
    assert not np.array_equal(seen[0]["lines_0"], seen[-1]["lines_0"])
    count = config.filters[0] if config.network == "cnn" else config.units[0] if config.units else None
    outputs = model.get_weights()[-2]
    if config.units:
        lines = outputs[np.ix_(glimpses.shown(config.units[-1]), range(10))]
        last = seen[-1][f"lines_{len(config.units)}"]
        np.testing.assert_allclose(last / 127, lines / np.abs(lines).max(), atol=0.01)
    side = config.kernel if config.network == "cnn" else 8 if config.scaling == "8x8" else 28
    assert seen[-1]["tiles"].shape == (len(glimpses.shown(count)) if count else 10, side, side)
