"""Every knob changes what is trained: the compiled Keras model is asked, not the form. Needs TensorFlow."""

import itertools

import numpy as np
import pytest

from mnist_lab.config.knobs import knob
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.datasets.splits import pixel_statistics
from mnist_lab.networks import shapes

KINDS = ("Conv2D", "MaxPooling2D", "Flatten", "Dense", "BatchNormalization", "Dropout")


def build(steps=1000, **settings):
    from mnist_lab.training.keras_models import build

    return build(parse(settings), steps)


def layers(model, kind):
    return [layer for layer in model.layers if type(layer).__name__ == kind]


def activations(model):
    return [layer.activation.__name__ for layer in layers(model, "Dense")]


@pytest.fixture
def images(digits):
    return digits.x_test[:50] / np.float32(255)


def scaled(images, pixels=None, **settings):
    from mnist_lab.training import keras_models

    given = {} if pixels is None else {"pixels": pixels}
    model = keras_models.build(parse(settings), **given)
    return keras_models.features(model, images).reshape(len(images), *model.get_layer("flatten").input.shape[1:])


def test_each_layer_has_its_units_activation_and_dropout():
    model = build(units="30 20 7", activation="sigmoid relu gelu", dropout="0 0.5 0.1")
    assert [layer.units for layer in layers(model, "Dense")] == [30, 20, 7, 10]
    assert activations(model) == ["sigmoid", "relu", "gelu", "softmax"]
    assert [layer.rate for layer in layers(model, "Dropout")] == [0.5, 0.1]


@pytest.mark.parametrize("activation", knob("activation").options)
def test_every_activation_is_the_one_of_its_name(activation):
    assert activations(build(activation=activation))[0] == activation
    assert layers(build(activation=activation, batch_normalization=True), "Activation")[0].activation.__name__ == (
        activation
    )


def test_a_cnn_has_its_filters_convolutions_activation_and_dropout():
    model = build(
        network="cnn", filters="4 6", kernel=5, convolutions=2, units="9", activation="tanh relu", dropout="0.25 0.5"
    )
    assert [layer.filters for layer in layers(model, "Conv2D")] == [4, 4, 6, 6]
    assert {layer.kernel_size for layer in layers(model, "Conv2D")} == {(5, 5)}
    assert {layer.activation.__name__ for layer in layers(model, "Conv2D")} == {"tanh"}
    assert activations(model)[0] == "relu"
    assert [layer.rate for layer in layers(model, "Dropout")] == [0.25, 0.5]


@pytest.mark.parametrize(
    ("output", "activation"), [("softmax", "softmax"), ("sigmoid", "sigmoid"), ("logits", "linear")]
)
def test_outputs_are_those_asked_for_and_logits_are_told_to_the_loss(output, activation):
    model = build(output=output)
    assert activations(model)[-1] == activation
    assert model.loss.get_config()["from_logits"] == (output == "logits")


@pytest.mark.parametrize("output", knob("output").options)
def test_what_is_served_are_ten_probabilities_in_the_order_of_the_outputs(output, images):
    from mnist_lab.training.keras_models import served

    model = build(output=output, initialization="he-normal", seed=3)
    probabilities = np.asarray(served(model)(images))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, atol=1e-5)
    assert (probabilities.argmax(axis=1) == np.asarray(model(images)).argmax(axis=1)).all()
    assert served(model).count_params() == model.count_params()


def test_sigmoid_outputs_are_served_by_their_odds_which_is_what_their_cross_entropy_trains(images, digits):
    from mnist_lab.training.keras_models import served

    model = build(output="sigmoid", seed=3, dropout=0)
    yes = np.asarray(model(images), dtype=np.float64)
    odds = yes / (1 - yes)
    probabilities = np.asarray(served(model)(images))
    np.testing.assert_allclose(probabilities, odds / odds.sum(axis=1, keepdims=True), rtol=1e-4)
    labels = digits.y_test[:50]
    loss = model.evaluate(images, labels, verbose=0)[0]
    assert loss == pytest.approx(-np.log(probabilities[range(50), labels]).mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("initialization", "spread"),
    [("glorot-uniform", (2 / (784 + 128)) ** 0.5), ("he-normal", (2 / 784) ** 0.5), ("normal", 1.0), ("zeros", 0.0)],
)
def test_weights_begin_as_asked(initialization, spread):
    for network in ("dense", "scratch"):
        weights, biases = build(network=network, initialization=initialization).get_weights()[:2]
        assert weights.std() == pytest.approx(spread, rel=0.02)
        assert biases.std() == pytest.approx(1.0 if initialization == "normal" else 0.0, abs=0.2)


def test_l2_is_added_to_the_loss_for_every_weight_and_no_bias(images, digits):
    plain, kept = build(dropout=0), build(dropout=0, l2=0.01)
    np.testing.assert_array_equal(plain.get_weights()[0], kept.get_weights()[0])
    squares = sum((weights**2).sum() for weights in plain.get_weights() if weights.ndim > 1)
    losses = [model.evaluate(images, digits.y_test[:50], verbose=0)[0] for model in (plain, kept)]
    assert losses[1] - losses[0] == pytest.approx(0.01 * squares, rel=1e-4)


def test_batch_normalization_stands_ahead_of_every_activation():
    model = build(network="cnn", units="9", batch_normalization=True)
    kinds = [type(layer).__name__ for layer in model.layers]
    for place, kind in enumerate(kinds):
        if kind == "BatchNormalization":
            assert (kinds[place - 1], kinds[place + 1]) in (("MaxPooling2D", "Activation"), ("Dense", "Activation"))
    assert kinds.count("BatchNormalization") == 3


@pytest.mark.parametrize("optimizer", knob("optimizer").options)
def test_the_optimizer_is_the_one_of_its_name(optimizer):
    made = build(optimizer=optimizer, learning_rate=0.5).optimizer
    assert type(made).__name__.lower() == optimizer
    assert float(made.learning_rate) == 0.5


def test_weight_decay_momentum_and_nesterov_reach_their_optimizer():
    assert build(optimizer="adamw", weight_decay=0.3).optimizer.weight_decay == pytest.approx(0.3)
    sgd = build(optimizer="sgd", momentum=0.9, nesterov=True).optimizer
    assert (sgd.momentum, sgd.nesterov) == (0.9, True)


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        ("constant", {0: 1, 500: 1, 999: 1}),
        ("cosine", {0: 0.04, 150: 1, 575: 0.5, 999: 0}),
        ("step", {0: 1, 499: 1, 501: 0.1, 751: 0.01, 999: 0.01}),
        ("warm-up", {0: 0.04, 75: 0.52, 150: 1, 999: 1}),
    ],
)
def test_the_learning_rate_follows_its_schedule(schedule, rates):
    optimizer = build(schedule=schedule, learning_rate=0.2, steps=1000).optimizer
    for step, share in rates.items():
        optimizer.iterations.assign(step)
        assert float(optimizer.learning_rate) == pytest.approx(0.2 * share, abs=0.001)


@pytest.mark.parametrize("loss", knob("loss").options)
def test_every_loss_is_the_formula_of_its_name(loss, images, digits):
    from mnist_lab.training.keras_models import wants_one_hot

    model = build(loss=loss, dropout=0)
    labels, p = digits.y_test[:50], np.asarray(model(images))
    hot = np.eye(10)[labels]
    expected = {
        "mean-squared-error": ((p - hot) ** 2).mean(),
        "quadratic-cost": ((p - hot) ** 2).sum() / (2 * 50),
    }.get(loss, -np.log(p[range(50), labels]).mean())
    found = model.evaluate(images, hot if wants_one_hot(loss) else labels, verbose=0)
    assert found[0] == pytest.approx(expected, rel=1e-4)
    assert found[1] == pytest.approx((p.argmax(axis=1) == labels).mean())


def test_column_l2_is_keras_normalize_over_columns(images):
    import keras

    expected = keras.utils.normalize(images, axis=1)
    np.testing.assert_allclose(scaled(images, scaling="column-l2"), expected, atol=1e-6)


def test_unit_and_none_are_the_same_image_of_0_to_1_and_0_to_255(images, digits):
    np.testing.assert_array_equal(scaled(images, scaling="unit"), images)
    np.testing.assert_allclose(scaled(images, scaling="none"), digits.x_test[:50], atol=1e-3)


def test_standardised_pixels_have_mean_0_and_spread_1_over_the_training_images(digits):
    pixels = pixel_statistics(digits.x_train)
    assert pixels == pytest.approx((digits.x_train.mean() / 255, digits.x_train.std() / 255))
    seen = scaled(digits.x_train / np.float32(255), pixels, scaling="standardised")
    assert (seen.mean(), seen.std()) == pytest.approx((0, 1), abs=1e-4)


def test_8x8_averages_the_middle(images):
    seen = scaled(images, scaling="8x8")
    assert seen.shape[1:] == (8, 8)
    fine = images[:, 4:24, 4:24].repeat(2, axis=1).repeat(2, axis=2)
    np.testing.assert_allclose(seen, fine.reshape(-1, 8, 5, 8, 5).mean(axis=(2, 4)), atol=1e-6)


def test_the_seed_draws_the_weights():
    first, again, other = (build(seed=seed).get_weights()[0] for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


SHAPES = [
    *({"units": units, "dropout": dropout} for units, dropout in itertools.product(("", "300 20 7"), (0, 0.3))),
    {"scaling": "column-l2"},
    {"scaling": "8x8", "units": "12", "batch_normalization": True},
    {"network": "cnn", "units": ""},
    {"network": "cnn", "filters": "4 5 6", "units": "11", "dropout": "0.1 0"},
    {"network": "cnn", "filters": "4 5", "convolutions": 2, "units": "11", "batch_normalization": True},
    {"network": "cnn", "filters": "4", "convolutions": 3, "scaling": "8x8"},
    {"network": "logistic"},
    {"network": "logistic", "scaling": "8x8"},
    {"network": "scratch", "units": "100 200"},
]


@pytest.mark.parametrize("settings", SHAPES, ids=str)
def test_the_layers_counted_are_those_of_the_network(settings):
    config = parse(settings)
    model = build(**settings)
    counted = [layer for layer in shapes.layer_shapes(config) if layer.kind in KINDS]
    assert shapes.count_parameters(config) == model.count_params()
    assert [(layer.kind, layer.output_shape, layer.parameters) for layer in counted] == [
        (type(layer).__name__, layer.output.shape[1:], layer.count_params())
        for layer in model.layers
        if type(layer).__name__ in KINDS
    ]


@pytest.mark.parametrize("settings", SHAPES, ids=str)
def test_the_operations_counted_are_those_of_the_formulas(settings):
    """Of a dense layer twice its weights; of a convolution twice its weights at each place."""
    for layer in shapes.layer_shapes(parse(settings)):
        if layer.kind in ("Dense", "Conv2D"):
            *places, units = layer.output_shape
            assert layer.operations == 2 * (layer.parameters - units) * np.prod(places, dtype=int)


def test_full_batch_descent_takes_more_memory_than_small_batches():
    small, full = (shapes.training_memory(TrainConfig(batch_size=size)) for size in (32, 60_000))
    assert small < 10e6 < 100e6 < full
