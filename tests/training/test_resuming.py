"""A training that is killed anywhere, and goes on from its last checkpoint, ends with the same bytes."""

import random
import shutil
import threading
from itertools import count

import h5py
import numpy as np
import pytest

from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.engine.worker import execute
from tests.conftest import slow_but

SMALL = {"dataset": "digits", "train_images": 150, "units": "12", "epochs": 4, "validation_share": 0.3}
CNN = {"network": "cnn", "filters": "3", "units": "8", "dropout": "0.2 0.4"}
RECIPES = {
    "adam": {"dropout": 0.4},
    "adamw, cosine, augmented": {"dropout": 0.4, "optimizer": "adamw", "schedule": "cosine", "augment": True},
    "momentum, step": {"dropout": 0.4, "optimizer": "sgd", "momentum": 0.9, "nesterov": True, "schedule": "step"},
    "rmsprop, warm-up, no dropout": {"dropout": 0, "optimizer": "rmsprop", "schedule": "warm-up", "l2": 0.001},
    "early stopping": {"dropout": 0.4, "learning_rate": 0.2, "patience": 2, "epochs": 9},
    "cnn": {**CNN, "batch_normalization": True, "augment": True, "schedule": "cosine"},
    "cnn, early stopping": {**CNN, "optimizer": "sgd", "learning_rate": 2.0, "patience": 1, "epochs": 9},
    "pens": {"dropout": 0.4, "pens": True, "held_out_writers": 1, "batch_size": 128, "epochs": 2},
    "scratch": {"network": "scratch", "augment": True},
    "scratch, early stopping": {"network": "scratch", "learning_rate": 3.0, "patience": 2, "epochs": 9},
    "logistic": {"network": "logistic", "max_iterations": 8},
}
QUICK = ("early stopping", "cnn", "scratch, early stopping", "logistic")


class Killed(BaseException):
    """Stands for the end of the process."""


def config_of(name: str) -> TrainConfig:
    return parse({**SMALL, **RECIPES[name]})


def learnt(model) -> list[bytes]:
    """Every bit that a training leaves: weights, the optimizer's memory, where the random generators are."""
    return [variable.numpy().tobytes() for variable in (*model.variables, *model.optimizer.variables)]


def ends(ticks):
    """The last tick of each epoch, but for its time."""
    return {tick.epoch: tick._replace(seconds=0.0) for tick in ticks if tick.ends_epoch}


def unbroken(config, digits, **given):
    from mnist_lab.training.contract import Contract
    from mnist_lab.training.loop import train

    ticks = []
    return learnt(train(config, digits, Contract(ticks.append, **given))[0]), ends(ticks)


def killed_again_and_again(config, digits, folder, monkeypatch):
    """Train with a kill in the middle of each epoch, at a step of its own; also how often it was killed."""
    from mnist_lab.training import logistic, loop, scratch
    from mnist_lab.training.contract import Contract

    for module in (loop, scratch, logistic):
        monkeypatch.setattr(module, "SECONDS_BETWEEN_TICKS", 0.0)
    monkeypatch.setattr(loop, "SECONDS_AT_ONCE", 0.0)
    monkeypatch.setattr(loop, "FIRST_STEPS", 1)
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)
    checkpoint, ticks = folder / "last.weights.h5", []
    for kills in count():

        def report(tick, kills=kills):
            ticks.append(tick)
            if tick.epoch == kills + 1 and tick.step == min(1 + kills, tick.steps) and kills < config.rounds - 1:
                raise Killed

        try:
            model, _ = loop.train(config, digits, Contract(report, checkpoint=checkpoint))
        except Killed:
            continue
        return learnt(model), ends(ticks), kills
    raise AssertionError


@pytest.mark.parametrize("name", slow_but(RECIPES, *QUICK))
def test_a_training_killed_in_every_epoch_learns_to_the_bit_what_an_unbroken_one_learns(
    name, digits, tmp_path, monkeypatch
):
    config = config_of(name)
    bits, epochs = unbroken(config, digits, checkpoint=tmp_path / "unbroken.weights.h5")
    broken, its_epochs, kills = killed_again_and_again(config, digits, tmp_path, monkeypatch)
    assert kills >= min(len(epochs), config.rounds - 1)
    assert broken == bits
    if config.network == "logistic":
        assert its_epochs[max(its_epochs)] == epochs[max(epochs)]
    else:
        assert its_epochs == epochs
    if config.patience:
        assert len(epochs) < config.epochs


@pytest.mark.parametrize("name", ["early stopping", "scratch, early stopping"])
def test_a_training_that_stopped_early_is_not_gone_on_with(name, digits, tmp_path, monkeypatch):
    from mnist_lab.training import loop

    monkeypatch.setattr(loop, "SECONDS_BETWEEN_CHECKPOINTS", -1.0)
    checkpoint = tmp_path / "last.weights.h5"
    bits, _ = unbroken(config_of(name), digits, checkpoint=checkpoint)
    assert unbroken(config_of(name), digits, checkpoint=checkpoint) == (bits, {})


def test_a_resumed_training_stopped_at_once_is_left_as_its_last_whole_epoch(digits, tmp_path, monkeypatch):
    from mnist_lab.training import loop
    from mnist_lab.training.contract import Contract
    from mnist_lab.training.loop import train

    monkeypatch.setattr(loop, "FIRST_STEPS", 1)
    config, checkpoint = config_of("adam"), tmp_path / "last.weights.h5"
    bits, _ = unbroken(config.model_copy(update={"epochs": 1}), digits, checkpoint=checkpoint)
    model, stopped = train(config, digits, Contract(lambda tick: None, lambda: True, checkpoint))
    assert stopped
    assert learnt(model) == bits


@pytest.mark.parametrize("patience", [0, 3])
def test_a_checkpoint_of_an_earlier_lab_is_gone_on_with(digits, tmp_path, patience):
    """It has Keras's weights alone: enough where there is no dropout, and the best epoch is then one of those since."""
    config = config_of("adam").model_copy(update={"dropout": 0.0, "patience": patience})
    checkpoint = tmp_path / "last.weights.h5"
    unbroken(config.model_copy(update={"epochs": 1}), digits, checkpoint=checkpoint)
    with h5py.File(checkpoint, "a") as file:
        del file["mnist_lab"]
    bits, epochs = unbroken(config, digits, checkpoint=checkpoint)
    assert list(epochs) == [2, 3, 4]
    assert bits == unbroken(config, digits)[0]


def test_what_lacks_a_part_is_a_damaged_checkpoint(digits, tmp_path):
    config, checkpoint = config_of("early stopping"), tmp_path / "last.weights.h5"
    unbroken(config.model_copy(update={"epochs": 1}), digits, checkpoint=checkpoint)
    with h5py.File(checkpoint, "a") as file:
        del file["mnist_lab/losses"]
    assert unbroken(config, digits, checkpoint=checkpoint) == unbroken(config, digits)


@pytest.mark.slow
def test_a_killed_run_leaves_the_model_the_answers_and_the_epochs_of_an_unbroken_one(store, monkeypatch):
    from mnist_lab.training import loop

    monkeypatch.setattr(loop, "SECONDS_BETWEEN_TICKS", 0.0)
    config = config_of("cnn")
    whole, broken = (store.create(config, name) for name in ("whole", "broken"))
    execute(store, whole.id)

    def kill(tick):
        if tick.position > 2:
            raise Killed

    with pytest.raises(Killed):
        execute(store, broken.id, on_tick=kill)
    execute(store, broken.id)
    assert ends(store.metrics(broken.id)) == ends(store.metrics(whole.id))
    for file in ("model.tflite", "evaluation.npz"):
        assert store.read(broken.id, file) == store.read(whole.id, file), file


def test_ticks_of_a_training_that_was_lost_are_forgotten(store):
    from mnist_lab.store.ticks import Tick

    run = store.create(config_of("adam"), "lost")
    store.log(run.id, Tick(1, 1, 4, 0.0, 1.0, 0.001, 1.0, images=32), Tick(1, 2, 4, 0.0, 1.0, 0.001, 2.0, images=64))
    execute(store, run.id)
    ticks = store.metrics(run.id)
    assert all(tick.loss > 0 for tick in ticks)
    assert all(tick.seconds > 2.0 for tick in ticks)


@pytest.mark.slow
def test_who_else_draws_random_numbers_meanwhile_changes_nothing(digits):
    config, over = config_of("cnn"), threading.Event()

    def draw():
        while not over.is_set():
            random.random()
            np.random.random()

    alone = unbroken(config, digits)
    others = threading.Thread(target=draw)
    others.start()
    try:
        assert unbroken(config, digits) == alone
    finally:
        over.set()
        others.join()


def test_a_checkpoint_is_a_file_of_keras_s_weights(digits, tmp_path):
    from mnist_lab.training.contract import Contract
    from mnist_lab.training.keras_models import build
    from mnist_lab.training.loop import train

    config, checkpoint = config_of("adam"), tmp_path / "last.weights.h5"
    model, _ = train(config, digits, Contract(lambda tick: None, checkpoint=checkpoint))
    plain = build(config)
    plain.optimizer.build(plain.trainable_variables)
    plain.load_weights(shutil.copy(checkpoint, tmp_path / "copy.weights.h5"))
    for mine, its in zip(model.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)
