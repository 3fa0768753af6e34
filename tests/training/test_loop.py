"""What a training promises, on real networks and few images. Needs TensorFlow."""

import numpy as np
import pytest

from mnist_lab.config.knobs import knob
from mnist_lab.config.settings import Loss
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.errors import Diverged

SMALL = TrainConfig(
    dataset="digits", train_images=320, units=(16,), dropout=0.0, batch_size=32, epochs=3, validation_share=0.0
)
STEPS = 10  # 320 images in batches of 32


def change(**settings):
    return SMALL.model_copy(update=settings)


def run(config, digits, **more):
    from mnist_lab.training.contract import Contract
    from mnist_lab.training.loop import train

    ticks = []
    model, stopped = train(config, digits, Contract(ticks.append, **more))
    return model, stopped, ticks


def same_weights(one, other):
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(np.allclose(a, b, atol=1e-6) for a, b in pairs)


@pytest.fixture(scope="module")
def undisturbed(digits):
    return run(SMALL, digits)


@pytest.fixture
def a_tick_for_every_step(monkeypatch):
    from mnist_lab.training import loop

    monkeypatch.setattr(loop, "SECONDS_BETWEEN_TICKS", 0.0)
    monkeypatch.setattr(loop, "SECONDS_AT_ONCE", 0.0)
    monkeypatch.setattr(loop, "FIRST_STEPS", 1)


def test_every_epoch_ends_with_a_tick_and_the_loss_falls(undisturbed):
    _, stopped, ticks = undisturbed
    ends = [tick for tick in ticks if tick.ends_epoch]
    assert not stopped
    assert [tick.epoch for tick in ends] == [1, 2, 3]
    assert {tick.steps for tick in ticks} == {STEPS}
    assert ends[-1].loss < ends[0].loss
    assert [tick.position for tick in ticks] == sorted(tick.position for tick in ticks)
    assert [tick.seconds for tick in ticks] == sorted(tick.seconds for tick in ticks)


def test_the_same_seed_trains_the_same_network_and_another_does_not(digits):
    with_chance = change(dropout=0.3, epochs=1)
    first, again, other = (run(with_chance.model_copy(update={"seed": s}), digits)[0] for s in (4, 4, 5))
    assert same_weights(first, again)
    assert not same_weights(first, other)


def test_a_resumed_training_ends_like_an_undisturbed_one(digits, undisturbed, tmp_path):
    checkpoint = tmp_path / "last.weights.h5"
    run(change(epochs=1), digits, checkpoint=checkpoint)
    model, _, ticks = run(SMALL, digits, checkpoint=checkpoint)
    assert {tick.epoch for tick in ticks} == {2, 3}
    assert int(model.optimizer.iterations.numpy()) == 3 * STEPS
    assert same_weights(model, undisturbed[0])


def test_an_epoch_goes_through_the_images_once(digits):
    model, _, ticks = run(change(train_images=1100, epochs=2), digits)
    assert {tick.steps for tick in ticks} == {35}
    assert int(model.optimizer.iterations.numpy()) == 2 * 35


@pytest.mark.parametrize(
    "config",
    [
        change(units=(16, 8), epochs=2),
        change(optimizer="rmsprop", loss="one-hot-cross-entropy", epochs=2),
        change(network="cnn", filters=(4,), batch_normalization=True, schedule="cosine", epochs=2),
    ],
    ids=["dense", "rmsprop, one-hot", "cnn, batch normalization, cosine"],
)
def test_it_learns_what_plain_fit_learns_from_the_same_batches(digits, config):
    from mnist_lab.training.batches import Batches
    from mnist_lab.training.keras_models import build, wants_one_hot

    trained, _, ticks = run(config, digits)
    ends = [tick for tick in ticks if tick.ends_epoch]
    plain = build(config, STEPS * config.epochs)
    images, labels = digits.x_train[: config.train_images], digits.y_train[: config.train_images]
    for end, chunk in zip(ends, Batches(images, labels, config).chunks(range(2), lambda: STEPS), strict=True):
        targets = np.eye(10)[chunk.labels] if wants_one_hot(config.loss) else chunk.labels
        theirs = plain.fit(chunk.images / np.float32(255), targets, 32, shuffle=False, verbose=0).history
        assert end.loss == pytest.approx(theirs["loss"][0], rel=1e-4)
        assert end.accuracy == pytest.approx(theirs["accuracy"][0])
    unseen = digits.x_test[:100] / np.float32(255)
    np.testing.assert_allclose(trained(unseen), plain(unseen), atol=1e-3)


def test_a_training_goes_on_from_another_as_if_it_had_never_ended(digits, undisturbed, tmp_path):
    half, *_ = run(change(epochs=1), digits)
    half.save(tmp_path / "model.keras")
    model, _, ticks = run(change(epochs=2), digits, start=tmp_path / "model.keras")
    assert [tick.epoch for tick in ticks if tick.ends_epoch] == [1, 2]
    assert int(model.optimizer.iterations.numpy()) == 3 * STEPS
    assert ticks[-1].loss == pytest.approx(undisturbed[2][-1].loss, rel=0.05)


def test_another_learning_rate_and_another_optimizer_go_on_from_the_same_weights(digits, undisturbed, tmp_path):
    undisturbed[0].save(tmp_path / "model.keras")
    for changes in ({"learning_rate": 1e-6}, {"learning_rate": 1e-6, "optimizer": "rmsprop"}):
        model, _, ticks = run(change(epochs=1, **changes), digits, start=tmp_path / "model.keras")
        assert ticks[-1].learning_rate == pytest.approx(1e-6)
        for before, after in zip(undisturbed[0].get_weights(), model.get_weights(), strict=True):
            np.testing.assert_allclose(before, after, atol=1e-4)


def test_a_training_that_was_complete_is_not_gone_on_with(digits, undisturbed, tmp_path):
    checkpoint = tmp_path / "last.weights.h5"
    run(SMALL, digits, checkpoint=checkpoint)
    model, stopped, ticks = run(SMALL, digits, checkpoint=checkpoint)
    assert (stopped, ticks) == (False, [])
    assert same_weights(model, undisturbed[0])


@pytest.mark.usefixtures("a_tick_for_every_step")
def test_a_stop_comes_at_once_and_keeps_the_last_whole_epoch(digits, tmp_path):
    seen = []

    def report(tick):
        seen.append(tick)

    from mnist_lab.training.contract import Contract
    from mnist_lab.training.loop import train

    checkpoint = tmp_path / "last.weights.h5"
    contract = Contract(report, lambda: seen[-1:] and seen[-1].position > 1.4, checkpoint)
    model, stopped = train(change(epochs=100), digits, contract)
    assert stopped
    assert seen[-1].position == 1.5
    assert same_weights(model, run(change(epochs=1), digits)[0])


def test_a_stop_before_the_first_epoch_keeps_a_model(digits):
    model, stopped, _ = run(change(epochs=100), digits, should_stop=lambda: True)
    assert stopped
    assert np.isfinite(model.predict(digits.x_test[:3] / np.float32(255), verbose=0)).all()


def test_a_loss_that_is_no_number_ends_the_training(digits):
    with pytest.raises(Diverged, match="Try a smaller learning rate"):
        run(change(units=(64, 64, 64), optimizer="sgd", learning_rate=10.0, scaling="none"), digits)


@pytest.mark.parametrize("loss", knob("loss").options)
def test_every_loss_trains(digits, loss: Loss):
    *_, ticks = run(change(loss=loss, learning_rate=0.005), digits)
    assert ticks[-1].accuracy > 0.5


def test_both_cross_entropies_are_the_same_sum(digits, undisturbed):
    assert same_weights(run(change(loss="one-hot-cross-entropy"), digits)[0], undisturbed[0])


@pytest.mark.parametrize(
    "settings",
    [
        {"batch_size": 5},
        {"batch_size": 7, "schedule": "cosine"},
        {"batch_size": 40},
        {"batch_size": 7, "network": "scratch"},
    ],
    ids=str,
)
def test_an_epoch_has_twenty_ticks_or_one_for_every_step_however_short_it_is(digits, settings):
    *_, ticks = run(parse(SMALL.model_dump() | settings), digits)
    steps = -(-320 // settings["batch_size"])
    for epoch in (1, 2, 3):
        seen = [tick.step for tick in ticks if tick.epoch == epoch]
        assert len(seen) >= min(20, steps)
        assert max(np.diff([0, *seen])) <= -(-steps // 20)
        assert seen[-1] == steps
    assert (np.diff([tick.seconds for tick in ticks]) >= 0).all()


def test_ticks_of_one_call_are_those_that_calls_of_single_steps_would_bring(digits, monkeypatch):
    from mnist_lab.training import loop

    config = change(batch_size=7, schedule="cosine", epochs=2)
    *_, at_once = run(config, digits)
    for name, value in (("SECONDS_BETWEEN_TICKS", 0.0), ("SECONDS_AT_ONCE", 0.0), ("FIRST_STEPS", 1)):
        monkeypatch.setattr(loop, name, value)
    *_, one_by_one = run(config, digits)
    singly = {(tick.epoch, tick.step): tick for tick in one_by_one}
    assert len(one_by_one) == 2 * 46 > len(at_once)
    for tick in at_once:
        same = singly[tick.epoch, tick.step]
        assert tick[3:6] == pytest.approx(same[3:6], rel=1e-4, abs=1e-9)


@pytest.mark.usefixtures("a_tick_for_every_step")
def test_validation_comes_with_the_end_of_an_epoch_only(digits):
    *_, ticks = run(change(validation_share=0.2, epochs=2), digits)
    assert len(ticks) == 2 * 8
    for tick in ticks:
        assert (tick.val_loss is not None) == (tick.val_accuracy is not None) == tick.ends_epoch


def test_a_batch_larger_than_all_images_is_one_step(digits):
    *_, ticks = run(change(batch_size=60_000, epochs=2), digits)
    assert [(tick.step, tick.steps) for tick in ticks if tick.ends_epoch] == [(1, 1), (1, 1)]


def test_early_stopping_ends_and_keeps_the_best_epoch(digits):
    from mnist_lab.store.validation import best_epoch

    patient = change(units=(64,), validation_share=0.3, patience=2, epochs=200, learning_rate=0.05)
    model, stopped, ticks = run(patient, digits)
    losses = [tick.val_loss for tick in ticks if tick.ends_epoch]
    assert not stopped
    assert len(losses) == best_epoch(losses) + 2 < 200
    best, *_ = run(patient.model_copy(update={"patience": 0, "epochs": best_epoch(losses)}), digits)
    assert same_weights(model, best)
