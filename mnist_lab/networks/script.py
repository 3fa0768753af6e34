"""A configuration as a short script in plain Keras (or scikit-learn) that anybody can run, without the lab's engine.

The script sees the same images in the same order from the same start weights, so without dropout it ends with the lab's
weights, up to rounding. What differs: dropout and augmentation draw other numbers, and a network from scratch starts
with NumPy's random weights in the lab and with Keras's here.
"""

from collections.abc import Iterator

from mnist_lab.config.settings import Loss, Optimizer, Scaling
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.networks.shapes import POOL

SCALE: dict[Scaling, str] = {
    "unit": "images / 255",
    "column-l2": "keras.utils.normalize(images, axis=1)",
    "none": "images",
    "standardised": "(images - mean) / spread",
    "8x8": "images[:, 4:24, 4:24].repeat(2, 1).repeat(2, 2).reshape(-1, 8, 5, 8, 5).mean((2, 4)) / 255",
}

LOSSES: dict[Loss, str] = {
    "sparse-cross-entropy": "keras.losses.SparseCategoricalCrossentropy({})",
    "one-hot-cross-entropy": "keras.losses.CategoricalCrossentropy({})",
    "mean-squared-error": '"mean_squared_error"',
    "quadratic-cost": "lambda y, p: keras.ops.sum((p - y) ** 2, axis=-1) / 2",
}

OPTIMIZERS: dict[Optimizer, str] = {
    "adam": "Adam({rate})",
    "adamw": "AdamW({rate}, weight_decay={config.weight_decay})",
    "rmsprop": "RMSprop({rate})",
    "sgd": "SGD({rate}{momentum})",
}

INITIALIZATIONS = {
    "he-normal": ', kernel_initializer="he_normal"',
    "normal": ", kernel_initializer=normal(), bias_initializer=normal()",
    "zeros": ', kernel_initializer="zeros"',
}


def script(config: TrainConfig) -> str:
    """The script, ending with its accuracy on the test set."""
    lines = _logistic(config) if config.network == "logistic" else _keras(config)
    return "\n".join([*_data(config), "", *lines, ""])


def _data(config: TrainConfig) -> Iterator[str]:
    """Imports, and x, y, x_test, y_test: what is learned from and what is scored, scaled."""
    yield "import numpy as np"
    if config.network != "logistic" or config.scaling == "column-l2":
        yield "import keras"
    needed = {
        "augment": config.augment,
        "drawings": config.pens,
        "load_digits": config.dataset == "digits",  # scikit-learn's, in 28 x 28
        "soiled": config.dirt != "none",
        "spoil": config.spoiled_labels,
    }
    names = [name for name, is_needed in needed.items() if is_needed]
    if names:
        yield f"from mnist_lab.datasets import {', '.join(names + ['mnist'] * (config.dataset == 'mnist'))}"
    elif config.dataset == "mnist":
        yield "try:"
        yield "    from mnist_lab.datasets import mnist  # comes with the lab, so that no network is needed"
        yield "except ImportError:"
        yield "    from keras.datasets import mnist"
    yield ""
    if config.dataset == "mnist":
        yield "(x, y), (x_test, y_test) = mnist.load_data()"
    else:
        yield "digits = load_digits()"
        yield "x, y, x_test, y_test = digits.x_train, digits.y_train, digits.x_test, digits.y_test"
    if config.train_images:
        yield f"x, y = x[:{config.train_images}], y[:{config.train_images}]"
    if config.validation_share:
        yield f"order = np.random.default_rng({config.seed}).permutation(len(x))"
        yield f"held = max(round(len(x) * {config.validation_share}), 1)"
        yield "learn, watch = np.sort(order[held:]), np.sort(order[:held])"
        yield "x, y, x_watch, y_watch = x[learn], y[learn], x[watch], y[watch]"
    if config.pens:
        yield from _pens(config)
    if config.leave_out:
        yield f"kept = ~np.isin(y, {config.leave_out})"
        yield "x, y = x[kept], y[kept]"
        if _watches(config):
            yield f"x_watch, y_watch = (part[~np.isin(y_watch, {config.leave_out})] for part in (x_watch, y_watch))"
    if config.spoiled_labels:
        yield f"y = spoil(y, {config.spoiled_labels}, seed={config.seed})"
    if config.dirt != "none":
        soiled = f'soiled(x[::2], "{config.dirt}", {config.seed})'
        yield f"x, y = np.concatenate([x, {soiled}]), np.concatenate([y, y[::2]])"
    if config.scaling == "standardised":
        yield "mean, spread = x.mean(), x.std()"
    yield ""
    yield "def scale(images):"
    yield f"    return {SCALE[config.scaling]}"


def _pens(config: TrainConfig) -> Iterator[str]:
    limit = f", limit={config.train_images}" if config.train_images else ""
    yield f"learned, held_out = drawings({config.held_out_writers}, {config.seed}{limit})"
    yield "x, y = np.concatenate([x, learned.images]), np.concatenate([y, learned.labels])"
    if config.validation_share:
        yield "x_watch = np.concatenate([x_watch, held_out.images])"
        yield "y_watch = np.concatenate([y_watch, held_out.labels])"
    else:
        yield "x_watch, y_watch = held_out.images, held_out.labels"


def _watches(config: TrainConfig) -> bool:
    return config.validation_share > 0 or (config.pens and config.held_out_writers > 0)


def _logistic(config: TrainConfig) -> Iterator[str]:
    yield "from sklearn.linear_model import LogisticRegression"
    yield ""
    yield f"model = LogisticRegression(C={config.c:g}, max_iter={config.max_iterations})"
    yield "model.fit(scale(x).reshape(len(x), -1), y)"
    yield "print(model.score(scale(x_test).reshape(len(x_test), -1), y_test))"


def _keras(config: TrainConfig) -> Iterator[str]:
    yield f"keras.utils.set_random_seed({config.seed})"
    if config.initialization == "normal":
        yield "normal = lambda: keras.initializers.RandomNormal(stddev=1.0)"
    yield "model = keras.Sequential(["
    yield "    keras.Input(scale(x_test[:1]).shape[1:]),"
    for layer in _layers(config):
        yield f"    keras.layers.{layer},"
    yield "])"
    if config.schedule != "constant":
        yield f"steps = -(-len(x) // {config.batch_size}) * {config.epochs}"
    yield f"optimizer = keras.optimizers.{_optimizer(config)}"
    loss = LOSSES[config.loss].format("from_logits=True" if config.output == "logits" else "")
    yield f"loss = {loss}"
    yield 'model.compile(optimizer, loss, metrics=["accuracy"])'
    yield ""
    yield from _fit(config)
    yield f"print(model.evaluate({_pair(config, 'x_test', 'y_test')}))"


def _layers(config: TrainConfig) -> Iterator[str]:
    weights = INITIALIZATIONS.get(config.initialization, "")
    if config.l2:
        weights += f", kernel_regularizer=keras.regularizers.L2({config.l2})"
    if config.network == "cnn":
        yield from _convolutions(config, weights)
    yield "Flatten()"
    if config.network == "cnn" and config.convolution_dropout:
        yield f"Dropout({config.convolution_dropout})"
    for units, activation, dropout in config.hidden_layers:
        yield from _activated(config, f"Dense({units}", activation, weights)
        if dropout:
            yield f"Dropout({dropout})"
    output = "" if config.output == "logits" else f', activation="{config.output}"'
    yield f"Dense(10{output}{weights})"


def _convolutions(config: TrainConfig, weights: str) -> Iterator[str]:
    side = 8 if config.scaling == "8x8" else 28
    yield f"Reshape(({side}, {side}, 1))"
    for filters in config.filters:
        for number in range(1, config.convolutions + 1):
            last = number == config.convolutions
            start = f"Conv2D({filters}, {config.kernel}" + ("" if last else ', padding="same"')
            yield from _activated(config, start, config.convolution_activation, weights, pooled=last)


def _activated(config: TrainConfig, layer: str, activation: str, weights: str, pooled: bool = False) -> Iterator[str]:
    pooling = [f"MaxPooling2D({POOL})"] if pooled else []
    if not config.batch_normalization:
        yield f'{layer}, activation="{activation}"{weights})'
        yield from pooling
        return
    yield f"{layer}{weights})"
    yield from pooling
    yield "BatchNormalization(momentum=0.9)"
    yield f'Activation("{activation}")'


def _optimizer(config: TrainConfig) -> str:
    momentum = f", momentum={config.momentum}" if config.momentum else ""
    momentum += ", nesterov=True" if config.nesterov else ""
    return OPTIMIZERS[config.optimizer].format(rate=_rate(config), config=config, momentum=momentum)


def _rate(config: TrainConfig) -> str:
    rate, schedules = config.learning_rate, "keras.optimizers.schedules"
    if config.schedule == "cosine":
        rest = f"warmup_target={rate}, warmup_steps=round(steps * 0.15)"
        return f"{schedules}.CosineDecay({rate} * 0.04, max(steps - round(steps * 0.15), 1), {rest})"
    if config.schedule == "step":
        return f"{schedules}.PiecewiseConstantDecay([steps // 2, steps * 3 // 4], {[rate, rate / 10, rate / 100]})"
    if config.schedule == "warm-up":
        return f"{schedules}.PolynomialDecay({rate} * 0.04, max(round(steps * 0.15), 1), {rate})"
    return f"{rate}"


def _fit(config: TrainConfig) -> Iterator[str]:
    """An epoch at a time, since each has its own order of the images, drawn by the seed."""
    if config.patience:
        yield "losses = []"
    yield f"for epoch in range({config.epochs}):"
    yield f"    order = np.random.default_rng(({config.seed}, epoch)).permutation(len(x))"
    images = "x[order]"
    if config.augment:
        images = f"255 * augment(x[order], np.random.default_rng(({config.seed}, epoch)))"
    watched = f", validation_data=({_pair(config, 'x_watch', 'y_watch')})" if _watches(config) else ""
    result = "history = " if config.patience else ""
    batches = f"batch_size={config.batch_size}, shuffle=False"
    yield f"    {result}model.fit({_pair(config, images, 'y[order]')}, {batches}{watched})"
    if config.patience:
        yield '    losses += history.history["val_loss"]'
        yield "    if losses[-1] < min(losses[:-1], default=np.inf):"
        yield "        best = model.get_weights()"
        yield f"    if len(losses) - 1 - np.argmin(losses) >= {config.patience}:"
        yield "        break"
        yield "model.set_weights(best)"


def _pair(config: TrainConfig, images: str, labels: str) -> str:
    answers = labels if config.loss == "sparse-cross-entropy" else f"keras.utils.to_categorical({labels}, 10)"
    return f"scale({images}), {answers}"
