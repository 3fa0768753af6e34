"""A run from its queued folder to its end, in this process. Needs TensorFlow."""

import time

import numpy as np
import pytest

from mnist_lab.config.damage import Damage
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine import progress
from mnist_lab.engine.continuation import continued
from mnist_lab.engine.worker import execute
from mnist_lab.errors import RunError
from mnist_lab.exploring import glimpses
from mnist_lab.exploring.damage import damaged
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.adjustments import Wish
from mnist_lab.store.run import CHECKPOINT, RunState
from mnist_lab.store.ticks import Tick

SMALL = TrainConfig(dataset="digits", train_images=320, units=(16,), epochs=3, validation_share=0.0)


def change(**settings):
    return SMALL.model_copy(update=settings)


def test_a_finished_run_has_all_that_is_shown_of_it(trained_store, digits):
    (run,) = trained_store.listing().runs
    evaluation, ticks = trained_store.evaluation(run.id), trained_store.metrics(run.id)
    assert (run.state, run.status.phase, run.status.reason, run.status.attempts) == (RunState.FINISHED, None, None, 1)
    assert run.status.dataset_digest == digits.digest
    assert {"python", "tensorflow", "keras"} <= set(run.status.versions)
    assert run.status.started <= run.status.ended
    assert run.summary.test_accuracy == evaluation.accuracy > 0.5
    assert run.summary.epochs == run.config.epochs == ticks[-1].epoch
    assert run.summary.seconds == ticks[-1].seconds
    np.testing.assert_array_equal(evaluation.labels, digits.y_test)


def test_the_summary_is_of_the_model_that_is_served(trained_store, digits):
    (run,) = trained_store.listing().runs
    content = trained_store.read(run.id, "model.tflite")
    seen, labels = digits.x_train[: run.config.train_images], digits.y_train[: run.config.train_images]
    assert run.summary.train_accuracy == (Predictor(content).probabilities(seen).argmax(axis=1) == labels).mean()
    assert run.summary.model_bytes == len(content)
    assert 0 < run.summary.pen_accuracy < 1
    assert run.summary.prediction_seconds > 0


def test_a_finished_run_can_be_trained_on_and_leaves_no_checkpoint(trained_store, tmp_path):
    import keras

    (run,) = trained_store.listing().runs
    (tmp_path / "model.keras").write_bytes(trained_store.read(run.id, "model.keras"))
    model = keras.models.load_model(tmp_path / "model.keras")
    assert model.count_params() == run.summary.parameters
    assert int(model.optimizer.iterations.numpy()) > 0
    assert not trained_store.has(run.id, "checkpoint")


def test_a_run_that_is_over_is_left_alone(trained_store):
    (run,) = trained_store.listing().runs
    assert execute(trained_store, run.id) == run


def test_a_run_that_diverges_fails_with_what_to_try(store):
    run = store.create(change(units=(64, 64, 64), optimizer="sgd", learning_rate=10.0, scaling="none"), "wild")
    ended = execute(store, run.id)
    assert ended.state is RunState.FAILED
    assert "Try a smaller learning rate" in ended.status.reason
    assert ended.summary is None


def test_a_run_stopped_in_the_middle_keeps_a_model_of_its_whole_epochs(store):
    run = store.create(change(epochs=200), "long")

    def stop_after_two(tick: Tick):
        if tick.ends_epoch and tick.epoch == 2:
            store.request_stop(run.id)

    ended = execute(store, run.id, on_tick=stop_after_two)
    assert ended.state is RunState.STOPPED
    assert 2 <= ended.summary.epochs < 200
    assert store.evaluation(run.id).accuracy == ended.summary.test_accuracy
    assert Predictor(store.read(run.id, "model.tflite"))


def test_a_run_stopped_while_it_waits_never_trains(store):
    run = store.create(SMALL, "waiting")
    store.request_stop(run.id)
    ended = execute(store, run.id)
    assert (ended.state, ended.summary, store.metrics(run.id)) == (RunState.STOPPED, None, [])


def test_an_interrupted_run_is_failed_and_the_interrupt_goes_on(store):
    run = store.create(SMALL, "interrupted")

    def interrupt(_: Tick):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute(store, run.id, on_tick=interrupt)
    assert (store.get(run.id).state, store.get(run.id).status.reason) == (RunState.FAILED, "Interrupted.")


def test_a_killed_run_goes_on_from_its_checkpoint(store):
    class Killed(BaseException):
        """Stands for the end of the process: nothing can be written any more."""

    run = store.create(SMALL, "killed")

    def kill(tick: Tick):
        if tick.ends_epoch and tick.epoch == 2:
            raise Killed

    with pytest.raises(Killed):
        execute(store, run.id, on_tick=kill)
    assert store.get(run.id).state is RunState.RUNNING
    assert store.has(run.id, CHECKPOINT)
    ended = execute(store, run.id)
    assert (ended.state, ended.status.attempts, ended.summary.epochs) == (RunState.FINISHED, 2, 3)
    ticks = store.metrics(run.id)
    assert [tick.epoch for tick in ticks if tick.ends_epoch] == [1, 2, 3]
    assert [tick.seconds for tick in ticks] == sorted(tick.seconds for tick in ticks)


def test_a_run_with_a_damaged_checkpoint_begins_anew(store):
    run = store.create(SMALL, "damaged")
    store.write(run.id, CHECKPOINT, b"half a checkpoint")
    ended = execute(store, run.id)
    assert (ended.state, ended.summary.epochs) == (RunState.FINISHED, SMALL.epochs)
    assert [tick.epoch for tick in store.metrics(run.id) if tick.ends_epoch] == list(range(1, SMALL.epochs + 1))


def test_a_folder_that_cannot_be_written_fails_the_run_with_the_reason(store):
    run = store.create(SMALL, "unlucky")
    store.write(run.id, "checkpoint", b"a file in the folder's place")
    ended = execute(store, run.id)
    assert ended.state is RunState.FAILED
    assert "cannot be written: it is not a folder" in ended.status.reason


def test_missing_data_fails_the_run_with_what_to_do(store, tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path / "nowhere"))
    ended = execute(store, store.create(TrainConfig(), "no data").id)
    assert ended.state is RunState.FAILED
    assert "MNIST_LAB_DATA" in ended.status.reason


def test_what_is_wished_for_while_it_trains_is_done_and_recorded(store, monkeypatch):
    monkeypatch.setattr(progress, "SETTLED_SECONDS", 0.0)
    monkeypatch.setattr(progress, "SHOW_SECONDS", 0.0)
    run = store.create(change(epochs=200), "changed")
    shown = []

    def on_tick(tick: Tick):
        if tick.epoch == 2:
            store.wish(run.id, Wish(learning_rate=0.02, moment=1.0))
        if tick.ends_epoch and tick.learning_rate == pytest.approx(0.02):  # else no whole epoch had it
            store.request_stop(run.id)
        shown.append(glimpses.read(store, run.id, run.config))

    ended = execute(store, run.id, on_tick=on_tick)
    (made,) = ended.summary.adjustments
    assert (made.learning_rate, made.dropout) == (0.02, None)
    assert 1 < made.epochs < 200
    told = {tick.position: tick for tick in store.metrics(run.id)}
    assert told[made.epochs].new_rate == 0.02
    assert {tick.learning_rate for at, tick in told.items() if at <= made.epochs} == {np.float32(0.001)}
    assert {tick.learning_rate for at, tick in told.items() if at > made.epochs} == {np.float32(0.02)}
    seen = [weights for weights in shown if weights]
    assert not np.array_equal(seen[0]["tiles"], seen[-1]["tiles"])
    assert not store.has(run.id, glimpses.FILE)


def test_a_change_after_the_last_whole_epoch_is_in_no_model_and_not_recorded(store, monkeypatch):
    monkeypatch.setattr(progress, "SETTLED_SECONDS", 0.0)
    run = store.create(change(epochs=3, train_images=None, units=(256, 256), batch_size=1), "stopped")
    asked = []

    def on_tick(tick: Tick):
        if tick.epoch == 2 and not asked:
            asked.append(tick)
            store.wish(run.id, Wish(learning_rate=0.02, moment=1.0))
            time.sleep(1.0)  # it is seen before the next step
        if tick.new_rate:
            store.request_stop(run.id)
            time.sleep(1.0)

    ended = execute(store, run.id, on_tick=on_tick)
    assert any(tick.new_rate for tick in store.metrics(run.id))
    assert (ended.state, ended.summary.epochs, ended.summary.adjustments) == (RunState.STOPPED, 1, ())


def test_slow_motion_ends_by_itself(store, monkeypatch):
    monkeypatch.setattr(progress, "SETTLED_SECONDS", 0.0)
    monkeypatch.setattr(progress, "SLOW_SECONDS", 1.5)
    run = store.create(change(epochs=60), "slow")
    begun: list[float] = []

    def on_tick(tick: Tick):
        if not begun:
            begun.append(time.monotonic())
            store.wish(run.id, Wish(steps_a_second=2.0, paced=1.0, moment=1.0))
        elif time.monotonic() - begun[0] > 2.0:  # another wish does not bring it back
            store.wish(run.id, Wish(steps_a_second=2.0, dropout=SMALL.dropout, paced=1.0, moment=2.0))

    ended = execute(store, run.id, on_tick=on_tick)
    assert ended.state is RunState.FINISHED
    assert ended.summary.adjustments == ()
    assert 1.5 < time.monotonic() - begun[0] < 20  # at this speed it would take five minutes
    assert ended.summary.seconds < time.monotonic() - begun[0] - 1.0


def test_a_damaged_copy_is_a_run_that_was_not_trained(store):
    parent = execute(store, store.create(SMALL, "whole").id)
    damage = Damage(off=0.5, bits=3)
    run = store.create(SMALL, "hurt", parent=parent.id, damage=damage)
    ended = execute(store, run.id)
    assert (ended.state, ended.asked.damage) == (RunState.FINISHED, damage)
    assert store.read(run.id, "model.tflite") == damaged(store.read(parent.id, "model.tflite"), SMALL.scaling, damage)
    assert ended.summary.test_accuracy == store.evaluation(run.id).accuracy < parent.summary.test_accuracy
    assert (ended.summary.seconds, ended.summary.epochs) == (parent.summary.seconds, parent.summary.epochs)
    assert store.metrics(run.id) == []
    assert ended.deviations == ("damaged: 50% of units off, 3 bits a weight",)
    with pytest.raises(RunError, match="never trained"):
        continued(ended, {"epochs": 1})


def test_a_damaged_copy_of_a_run_that_is_gone_fails_with_the_reason(store):
    run = store.create(SMALL, "hurt", parent="gone", damage=Damage(off=0.5))
    ended = execute(store, run.id)
    assert ended.state is RunState.FAILED
    assert "gone" in ended.status.reason
