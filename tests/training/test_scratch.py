"""The networks written out in NumPy: their gradients, their training, and what is left of it. Needs TensorFlow."""

import itertools

import numpy as np
import pytest

from mnist_lab.config.knobs import knob
from mnist_lab.config.train_config import parse
from mnist_lab.errors import Diverged
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks import scratch
from mnist_lab.store.validation import best_epoch

SMALL = {
    "network": "scratch",
    "dataset": "digits",
    "train_images": 320,
    "units": "16",
    "learning_rate": 0.3,
    "epochs": 3,
    "validation_share": 0.0,
}
LOSS_AND_OUTPUT = [
    (loss, output)
    for loss, output in itertools.product(knob("loss").options, knob("output").options)
    if loss.endswith("cross-entropy") or output != "logits"
]


def network(features=6, **settings):
    config = parse({"network": "scratch", "units": "5 4", "initialization": "normal", **settings})
    layers = [
        layer._replace(weights=layer.weights.astype(np.float64), biases=layer.biases.astype(np.float64))
        for layer in scratch.start(config, features)
    ]
    rng = np.random.default_rng(1)
    return config, layers, rng.normal(size=(7, features)), rng.integers(0, 10, 7)


def cost(layers, x, y, loss):
    return float(scratch.LOSSES[loss](scratch.forward(layers, x)[1][-1], y, layers[-1].activation)[0])


def gradients(layers, x, y, loss):
    inputs, sums = scratch.forward(layers, x)
    return scratch.backward(layers, inputs, sums, scratch.LOSSES[loss](sums[-1], y, layers[-1].activation)[1])


def run(digits, settings=(), **more):
    from mnist_lab.training.contract import Contract
    from mnist_lab.training.loop import train

    ticks = []
    model, stopped = train(parse({**SMALL, **dict(settings)}), digits, Contract(ticks.append, **more))
    return model, stopped, ticks


def same_weights(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one.get_weights(), other.get_weights(), strict=True))


@pytest.mark.parametrize(("loss", "output"), LOSS_AND_OUTPUT)
@pytest.mark.parametrize("activation", knob("activation").options)
def test_gradients_are_those_of_finite_differences(loss, output, activation):
    _, layers, x, y = network(loss=loss, output=output, activation=activation)
    found = gradients(layers, x, y, loss)
    step = 1e-6
    for layer, gradient in zip(layers, found, strict=True):
        for parameters, slopes in zip(layer[:2], gradient, strict=True):
            for place in np.ndindex(parameters.shape):
                before = parameters[place]
                parameters[place] = before + step
                above = cost(layers, x, y, loss)
                parameters[place] = before - step
                below = cost(layers, x, y, loss)
                parameters[place] = before
                assert slopes[place] == pytest.approx((above - below) / (2 * step), rel=1e-5, abs=1e-8)


@pytest.mark.parametrize(("loss", "output"), LOSS_AND_OUTPUT)
@pytest.mark.parametrize("activation", knob("activation").options)
def test_gradients_are_those_of_keras_on_the_same_weights(loss, output, activation, digits):
    import tensorflow as tf

    from mnist_lab.training.keras_models import build, features, set_dense, wants_one_hot

    config = parse({**SMALL, "units": "9 8", "loss": loss, "output": output, "activation": activation})
    model = build(config)
    images, labels = digits.x_train[:40] / np.float32(255), digits.y_train[:40]
    layers = scratch.start(config, 784)
    set_dense(model, [layer[:2] for layer in layers])
    with tf.GradientTape() as tape:
        answers = tf.one_hot(labels, 10) if wants_one_hot(loss) else labels
        value = model.compute_loss(images, answers, model(images, training=True))
    theirs = tape.gradient(value, model.trainable_variables)
    x = features(model, images)
    ours = [array for gradient in gradients(layers, x, labels, loss) for array in gradient]
    assert cost(layers, x, labels, loss) == pytest.approx(float(value), rel=1e-5)
    for mine, keras_gradient in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine, keras_gradient, atol=1e-6)


def test_an_update_goes_down_the_gradient():
    _, layers, x, y = network()
    before = cost(layers, x, y, "sparse-cross-entropy")
    scratch.update(layers, gradients(layers, x, y, "sparse-cross-entropy"), 0.01)
    assert cost(layers, x, y, "sparse-cross-entropy") < before


def test_weights_stay_in_float32():
    layers = scratch.start(parse({**SMALL, "initialization": "normal"}), 784)
    scratch.learn(layers, np.ones((2, 784), np.float32), np.array([1, 2]), "quadratic-cost", 0.1)
    assert {array.dtype for layer in layers for array in layer[:2]} == {np.dtype(np.float32)}


@pytest.mark.parametrize(
    "settings",
    [{"output": "sigmoid", "loss": "quadratic-cost"}, {"output": "logits"}, {"scaling": "8x8", "activation": "gelu"}],
    ids=str,
)
def test_what_is_saved_answers_as_the_network_does(digits, tmp_path, settings):
    import keras

    from mnist_lab.training.keras_models import build, features
    from mnist_lab.training.loop import export_litert

    model, *_ = run(digits, settings)
    weights = model.get_weights()
    config = parse({**SMALL, **settings})
    layers = [
        scratch.Layer(weights[place], weights[place + 1], start.activation)
        for place, start in zip((0, 2), scratch.start(config, len(weights[0])), strict=True)
    ]
    sums = scratch.forward(layers, features(build(config), digits.x_test))[1][-1]
    own = np.exp(sums - sums.max(axis=1, keepdims=True))
    own /= own.sum(axis=1, keepdims=True)
    model.save(tmp_path / "model.keras")
    export_litert(model, tmp_path / "model.tflite")
    np.testing.assert_allclose(Predictor.load(tmp_path / "model.tflite").probabilities(digits.x_test), own, atol=1e-5)
    read = keras.models.load_model(tmp_path / "model.keras", compile=False)
    np.testing.assert_allclose(np.asarray(read(digits.x_test / np.float32(255))), own, atol=1e-5)


def test_it_learns_and_reports_every_epoch(digits):
    _, stopped, ticks = run(digits)
    ends = [tick for tick in ticks if tick.ends_epoch]
    assert not stopped
    assert [tick.epoch for tick in ends] == [1, 2, 3]
    assert {tick.steps for tick in ticks} == {10}
    assert ends[-1].loss < ends[0].loss
    assert run(digits, {"epochs": 20, "learning_rate": 0.1})[2][-1].accuracy > 0.85


def test_the_same_seed_trains_the_same_network_and_another_does_not(digits):
    first, again, other = (run(digits, {"seed": seed})[0] for seed in (4, 4, 5))
    assert same_weights(first, again)
    assert not same_weights(first, other)


def test_a_resumed_training_ends_like_an_undisturbed_one(digits, tmp_path):
    checkpoint = tmp_path / "last.weights.h5"
    run(digits, {"epochs": 1}, checkpoint=checkpoint)
    model, _, ticks = run(digits, checkpoint=checkpoint)
    assert {tick.epoch for tick in ticks} == {2, 3}
    assert same_weights(model, run(digits)[0])


def test_a_damaged_checkpoint_is_as_good_as_none(digits, tmp_path):
    checkpoint = tmp_path / "last.weights.h5"
    checkpoint.write_bytes(b"torn")
    assert same_weights(run(digits, checkpoint=checkpoint)[0], run(digits)[0])


def test_a_stop_in_mid_epoch_keeps_the_last_whole_epoch(digits, monkeypatch):
    from mnist_lab.training import scratch
    from mnist_lab.training.contract import Contract
    from mnist_lab.training.loop import train

    monkeypatch.setattr(scratch, "SECONDS_BETWEEN_TICKS", 0.0)
    seen = []
    config = parse({**SMALL, "epochs": 100})
    model, stopped = train(config, digits, Contract(seen.append, lambda: seen[-1].position > 1.4))
    assert stopped
    assert seen[-1].position == 1.5
    assert same_weights(model, run(digits, {"epochs": 1})[0])


def test_a_loss_that_is_no_number_ends_the_training(digits):
    with pytest.raises(Diverged, match="Try a smaller learning rate"), np.errstate(all="ignore"):
        run(digits, {"units": "64 64 64", "learning_rate": 10.0, "scaling": "none"})


def test_early_stopping_ends_and_keeps_the_best_epoch(digits):
    settings = {"validation_share": 0.3, "patience": 2, "epochs": 200, "learning_rate": 2.0, "units": "64"}
    model, stopped, ticks = run(digits, settings)
    losses = [tick.val_loss for tick in ticks if tick.ends_epoch]
    assert not stopped
    assert len(losses) < 200
    assert len(losses) - best_epoch(losses) == 2
    best, *_ = run(digits, {**settings, "patience": 0, "epochs": best_epoch(losses)})
    assert same_weights(model, best)


def test_augmented_images_differ_in_every_epoch(digits):
    assert not same_weights(run(digits, {"augment": True})[0], run(digits)[0])


def test_a_training_can_begin_with_the_weights_of_another(digits, tmp_path):
    parent, *_ = run(digits)
    parent.save(tmp_path / "model.keras")
    seen = run(digits, {"epochs": 1, "learning_rate": 1e-6}, start=tmp_path / "model.keras")
    for mine, its in zip(seen[0].get_weights(), parent.get_weights(), strict=True):
        np.testing.assert_allclose(mine, its, atol=1e-4)


def test_the_same_start_and_order_train_the_same_network_as_keras(digits, tmp_path):
    """By hand and with Keras: the same steps, up to rounding."""
    from mnist_lab.training.keras_models import build, set_dense

    config = parse({**SMALL, "output": "logits"})
    model = build(config)
    set_dense(model, [layer[:2] for layer in scratch.start(config, 784)])
    model.save(tmp_path / "start.keras")
    by_hand, *_ = run(digits, {"output": "logits"})
    with_keras = {"network": "dense", "dropout": 0, "optimizer": "sgd", "output": "logits"}
    by_keras, *_ = run(digits, with_keras, start=tmp_path / "start.keras")
    for mine, its in zip(by_hand.get_weights(), by_keras.get_weights(), strict=True):
        np.testing.assert_allclose(mine, its, atol=1e-4)
