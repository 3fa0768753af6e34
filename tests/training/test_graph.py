"""Fused updates against Keras's own. Needs TensorFlow."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

OPTIMIZERS = {
    "adam": lambda keras: keras.optimizers.Adam(0.01),
    "adamw": lambda keras: keras.optimizers.AdamW(0.01, weight_decay=0.1),
    "rmsprop": lambda keras: keras.optimizers.RMSprop(0.01),
    "sgd": lambda keras: keras.optimizers.SGD(0.1),
    "momentum": lambda keras: keras.optimizers.SGD(0.1, momentum=0.9),
    "nesterov": lambda keras: keras.optimizers.SGD(0.1, momentum=0.9, nesterov=True),
    "a schedule": lambda keras: keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 5)),
    "another": lambda keras: keras.optimizers.Nadam(0.01),
}


@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=list(OPTIMIZERS))
def test_an_update_is_keras_s_own(make):
    import keras
    import tensorflow as tf

    from mnist_lab.training.graph import update

    random = np.random.default_rng(0)
    start = [random.normal(size=shape).astype(np.float32) for shape in ((5, 3), (3,))]
    ours, theirs = ([keras.Variable(value, name=f"w{n}") for n, value in enumerate(start)] for _ in range(2))
    fused, plain = make(keras), make(keras)
    fused.build(ours)
    plain.build(theirs)
    step = tf.function(lambda gradients: update(fused, gradients, ours))
    for _ in range(6):
        gradients = [tf.constant(random.normal(size=value.shape).astype(np.float32)) for value in start]
        step(gradients)
        plain.apply(gradients, theirs)
    assert int(fused.iterations) == int(plain.iterations) == 6
    for mine, its in zip([*ours, *fused.variables], [*theirs, *plain.variables], strict=True):
        np.testing.assert_allclose(mine.numpy(), its.numpy(), rtol=2e-5, atol=2e-6)


def test_a_step_outside_of_graphs_is_the_same_step(digits):
    from mnist_lab.config.train_config import parse
    from mnist_lab.training.graph import Execution, Score
    from mnist_lab.training.keras_models import build

    config = parse({"units": "8", "dropout": 0, "batch_normalization": True, "optimizer": "rmsprop"})
    x, y = digits.x_train[:96], digits.y_train[:96].astype(np.int32)
    weights, losses = [], []
    for by_step in (True, False):
        model = build(config)
        model.optimizer.build(model.trainable_variables)
        execution = Execution(model, 32, one_hot=False, dtype=np.uint8)
        parts = [slice(at, at + 32) for at in (0, 32, 64)]
        if by_step:
            losses.append(np.mean([execution.step(x[part], y[part]) for part in parts]))
        else:
            losses.append(execution.train(x, y).scores(Score())[-1].mean_loss)
        weights.append(model.get_weights())
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_question_pauses_while_a_run_is_at_its_end():
    from mnist_lab.training.graph import at_the_end, give_way

    give_way()
    with ThreadPoolExecutor(1) as others:
        with at_the_end():
            answer = others.submit(give_way)
            with pytest.raises(TimeoutError):
                answer.result(timeout=0.05)
        answer.result()


def test_each_step_of_a_range_test_takes_its_turn(digits, monkeypatch):
    from mnist_lab.config.train_config import parse
    from mnist_lab.gradients import range_test
    from mnist_lab.training.graph import turn

    held = []

    def watched(*given):
        step = range_test._scratch_step(*given)
        return lambda *chosen: held.append(turn.locked()) or step(*chosen)

    monkeypatch.setitem(range_test.STEPS, "scratch", watched)
    rests = iter([False, True])
    found = range_test.sweep(
        parse({"network": "scratch", "dataset": "digits", "units": "4"}),
        digits,
        lambda: turn.locked() or next(rests, False),
    )
    assert len(held) > len(found.rates)
    assert all(held)
    assert next(rests, None) is None
    assert not turn.locked()
