"""What is kept of a training's past, and what NumPy reads in it. Needs TensorFlow to train."""

import numpy as np
import pytest

from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.engine.worker import execute
from mnist_lab.errors import RunError
from mnist_lab.exploring.history import histograms, images_scored, scored, stages_then, told
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks.stages import Stage, read
from mnist_lab.store import snapshots
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import BUNDLED, RunStore
from mnist_lab.training.keras_models import build, served

SMALL = TrainConfig(
    dataset="digits", train_images=320, units=(16,), epochs=3, validation_share=0.0, dropout=0.0, snapshots=True
)


def change(**settings):
    return SMALL.model_copy(update=settings)


def moments_of(store, run):
    finished = read(store.read(run.id, "model.tflite"), run.config.scaling)
    return [
        stages_then(run.config, snapshots.read(store, run.id, epoch), finished[0])
        for epoch in snapshots.epochs_of(store, run.id)
    ]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"network": "scratch", "optimizer": "sgd", "learning_rate": 0.1},
        {"batch_normalization": True, "scaling": "standardised", "output": "logits"},
        {"network": "logistic", "units": ()},
    ],
    ids=["dense", "scratch", "normalized", "logistic"],
)
def test_the_past_begins_before_the_training_and_ends_with_what_is_served(settings, store, digits):
    config = parse(SMALL.model_dump() | settings | ({"max_iterations": 4} if "logistic" in settings.values() else {}))
    run = execute(store, store.create(config, "kept").id)
    epochs = snapshots.epochs_of(store, run.id)
    assert epochs == list(range(config.rounds + 1))
    moments = moments_of(store, run)
    images = digits.x_test[:100]
    served = Predictor(store.read(run.id, "model.tflite")).probabilities(images)
    np.testing.assert_allclose(scored(moments[-1], images, digits.y_test[:100]).probabilities, served, atol=0.02)
    accuracies = [scored(stages, images, digits.y_test[:100]).accuracy for stages in moments]
    assert accuracies[-1] > accuracies[0] + 0.3
    said = told(moments, images[0].astype(np.float32) / 255)
    assert said.shape == (len(epochs), 10)
    np.testing.assert_allclose(said[-1], served[0], atol=0.02)


def test_a_run_comes_with_the_lab_whose_past_ends_with_what_is_served(mnist):
    store = RunStore(BUNDLED, bundled=None)
    run = store.get("scratch-sigmoid-mse")
    moments, images = moments_of(store, run), mnist.x_test[:500]
    served = Predictor(store.read(run.id, "model.tflite")).probabilities(images)
    answers = [scored(moment, images, mnist.y_test[:500]) for moment in (moments[0], moments[-1])]
    np.testing.assert_allclose(answers[1].probabilities, served, atol=0.02)
    assert answers[0].accuracy < 0.3 < 0.9 < answers[1].accuracy


@pytest.fixture(scope="module")
def kept_and_plain(tmp_path_factory):
    """A store, and two runs in it: one that keeps its past, and one that does not."""
    store = RunStore(tmp_path_factory.mktemp("snapshots") / "runs", bundled=None)
    return store, *(execute(store, store.create(change(snapshots=on), "one").id) for on in (True, False))


def test_a_run_that_is_not_asked_to_keeps_nothing(kept_and_plain):
    store, _, plain = kept_and_plain
    assert snapshots.epochs_of(store, plain.id) == []
    with pytest.raises(RunError):
        snapshots.read(store, plain.id, 1)


def test_keeping_changes_nothing_that_is_learnt(kept_and_plain):
    store, kept, plain = kept_and_plain
    np.testing.assert_array_equal(store.evaluation(kept.id).probabilities, store.evaluation(plain.id).probabilities)


def test_snapshots_survive_a_kill_and_the_resumed_run_adds_the_others(store):
    class Killed(BaseException):
        """Stands for the end of the process."""

    run = store.create(change(epochs=4), "killed")

    def kill(tick):
        if tick.ends_epoch and tick.epoch == 3:
            raise Killed

    with pytest.raises(Killed):
        execute(store, run.id, on_tick=kill)
    before = {epoch: snapshots.read(store, run.id, epoch) for epoch in snapshots.epochs_of(store, run.id)}
    assert {0, 1, 2} <= set(before)
    done = execute(store, run.id)
    assert (done.state, done.status.attempts) == (RunState.FINISHED, 2)
    assert snapshots.epochs_of(store, run.id) == [0, 1, 2, 3, 4]
    for mine, its in zip(before[0], snapshots.read(store, run.id, 0), strict=True):
        np.testing.assert_array_equal(mine, its)


NETWORKS = [
    {"units": "8 8", "activation": "tanh gelu"},
    {"network": "cnn", "filters": "4 6", "units": "8", "scaling": "column-l2"},
    {"network": "cnn", "filters": "4 6", "convolutions": 2, "batch_normalization": True, "units": "8"},
    {"network": "cnn", "filters": "4", "kernel": 4, "convolutions": 3, "scaling": "8x8", "units": ""},
    {"output": "sigmoid", "loss": "mean-squared-error", "batch_normalization": True},
]


@pytest.mark.parametrize("settings", NETWORKS, ids=str)
def test_numpy_reads_a_snapshot_as_keras_does(settings, digits):
    config = parse({**settings, "dropout": 0.1})
    model = build(config)
    rng = np.random.default_rng(0)
    model.set_weights(
        [np.abs(rng.normal(0.3, 0.3, array.shape)) - 0.2 * (array.ndim > 1) for array in model.get_weights()]
    )
    images = digits.x_test[:5].astype(np.float32) / 255
    scaling = Stage("scaling", "scaling", scaling=config.scaling)
    mine = told([stages_then(config, model.get_weights(), scaling)], images[0])
    np.testing.assert_allclose(mine[0], np.asarray(served(model)(images[:1]))[0], atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "last", "count"),
    [
        ({"epochs": 5}, 5, 6),
        ({"epochs": 200}, 200, snapshots.MOST + 1),
        ({"epochs": 200, "units": "4096 4096 4096"}, 200, snapshots.FEWEST + 1),
        ({"network": "logistic", "max_iterations": 10_000}, 10_000, 24),
    ],
)
def test_the_epochs_kept_are_few_and_reach_from_the_start_to_the_end(settings, last, count):
    config = parse(settings)
    epochs = snapshots.epochs_kept(config)
    assert epochs[:2] == (0, 1)
    assert epochs[-1] == last
    assert len(epochs) == count == len(set(epochs))


def test_the_size_that_is_told_is_about_what_is_written(kept_and_plain):
    store, run, _ = kept_and_plain
    written = sum(len(store.read(run.id, snapshots.name(epoch))) for epoch in snapshots.epochs_of(store, run.id))
    assert snapshots.size(SMALL) < written < snapshots.size(SMALL) + 2000 * 4


def test_a_damaged_snapshot_is_told(store):
    run = store.create(SMALL, "damaged")
    store.write(run.id, snapshots.name(1), b"half")
    with pytest.raises(RunError, match=f"epoch 1 of the run {run.id} are damaged"):
        snapshots.read(store, run.id, 1)


def test_weights_beyond_what_float16_holds_are_cut_off():
    assert np.isfinite(snapshots.rounded([np.array([1e6, -1e6, 0.5])])[0]).all()


def test_a_large_network_is_asked_about_fewer_images():
    assert images_scored(parse({"units": "32"}), 10_000) == 10_000
    assert 300 <= images_scored(parse({"network": "cnn", "filters": "64 128", "convolutions": 3}), 10_000) < 2000


def test_histograms_share_their_bins_and_leave_nothing_out():
    rng = np.random.default_rng(0)
    found = histograms([rng.normal(0, spread, (20, 30)) for spread in (0.1, 1.0)])
    np.testing.assert_allclose(found.shares.sum(axis=1), 1.0, rtol=1e-5)
    middle = found.shares.shape[1] // 2
    assert found.shares[0, middle - 2 : middle + 2].sum() > found.shares[1, middle - 2 : middle + 2].sum()


@pytest.mark.parametrize("shape", [(3, 3, 1, 8), (32, 10), (784, 128)])
def test_a_histogram_of_few_weights_has_few_bins_of_which_hardly_one_is_empty(shape):
    weights = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    (shares,) = histograms([weights]).shares
    assert len(shares) == min(len(np.histogram_bin_edges(weights, "rice")) - 1, 100)
    assert (shares > 0).mean() > 0.7


@pytest.mark.parametrize("name", ["dense-128-dropout", "small-cnn", "scratch-sigmoid-mse"])
def test_some_networks_come_with_the_lab_with_all_of_their_past(name, tmp_path):
    store = RunStore(tmp_path)
    run = store.get(name)
    assert tuple(snapshots.epochs_of(store, name)) == snapshots.epochs_kept(run.config)
    for epoch in snapshots.epochs_kept(run.config):
        assert sum(array.size for array in snapshots.read(store, name, epoch)) == run.summary.parameters
