"""Each hint has a training that earns it, and trainings that go well earn none."""

import pytest

from mnist_lab.config.train_config import parse
from mnist_lab.datasets.mnist import load
from mnist_lab.engine.worker import execute
from mnist_lab.errors import TOO_LARGE
from mnist_lab.exploring.hints import from_answers, from_ticks, from_units, of_diverged
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks.litert import most_bytes
from mnist_lab.networks.stages import of_run
from mnist_lab.store.run import MODEL, RunState
from mnist_lab.store.runs import BUNDLED, RunStore

UNSCALED = "dense-1024"


@pytest.fixture
def trained(store):
    """The run of a training on the small digits with these settings, as a worker trains it."""
    return lambda **settings: execute(store, store.create(parse({"dataset": "digits", **settings}), "tried").id)


def of_ticks(store, run):
    return from_ticks(run.config, store.metrics(run.id))


def of_units(store, run):
    content = store.read(run.id, MODEL, most_bytes(run.config))
    return from_units(run.config, of_run(run.config, content), load(run.config.dataset).x_train)


def of_answers(store, run):
    data = load(run.config.dataset)
    predictor = Predictor(store.read(run.id, MODEL, most_bytes(run.config)))
    return from_answers(run.config, predictor.probabilities(data.x_train).argmax(axis=1), data.y_train)


@pytest.mark.parametrize("run_id", sorted({path.name for path in BUNDLED.iterdir()} - {UNSCALED}))
def test_the_networks_of_the_lab_earn_no_hint(run_id, tmp_path):
    store = RunStore(tmp_path)
    run = store.get(run_id)
    assert of_ticks(store, run) is None
    assert of_units(store, run) is None


def test_but_for_the_one_that_gets_pixels_as_they_are(tmp_path):
    store = RunStore(tmp_path)
    hint = of_units(store, store.get(UNSCALED))
    assert "of 1024 units of hidden 1 are dead" in hint.words
    assert (hint.field, hint.value) == ("scaling", "unit")


def test_a_training_that_goes_well_earns_no_hint(store, trained):
    run = trained(epochs=8, validation_share=0.2)
    assert [of(store, run) for of in (of_ticks, of_units, of_answers)] == [None, None, None]


def test_a_loss_without_bounds_earns_smaller_steps(store, trained):
    run = trained(optimizer="sgd", learning_rate=0.7, momentum=0.9, epochs=6, units=32, activation="linear")
    assert run.state is RunState.FAILED
    assert TOO_LARGE in run.status.reason
    assert of_diverged(run.config)[1:] == ("learning_rate", 0.1)


@pytest.mark.parametrize(
    ("settings", "words", "field", "value"),
    [
        ({"learning_rate": 1e-6, "epochs": 1}, "the steps are small", "learning_rate", 0.001),
        ({"learning_rate": 1.0, "epochs": 3}, "the steps are too large", "learning_rate", 0.001),
        ({"spoiled_labels": 1.0, "epochs": 2}, "most labels are wrong", "spoiled_labels", 0.0),
        (
            {"optimizer": "sgd", "scaling": "none", "learning_rate": 0.01, "epochs": 2, "units": 64},
            *("pixels up to 255 are too much", "scaling", "unit"),
        ),
    ],
    ids=["small", "large", "labels", "pixels"],
)
def test_learning_nothing_earns_other_steps_labels_or_pixels(store, trained, settings, words, field, value):
    hint = of_ticks(store, trained(**settings))
    assert "learns nothing" in hint.words
    assert words in hint.words
    assert (hint.field, hint.value) == (field, value)


@pytest.mark.slow
def test_a_loss_that_grows_again_earns_smaller_steps(store, trained):
    hint = of_ticks(store, trained(learning_rate=0.03, epochs=25, units="64 64 64", dropout=0))
    assert "The training loss grew from" in hint.words
    assert (hint.field, hint.value) == ("learning_rate", 0.001)


def test_learning_by_heart_earns_an_early_stop(store, trained):
    asked = {"train_images": 150, "validation_share": 0.3, "units": 256, "dropout": 0, "learning_rate": 0.01}
    hint = of_ticks(store, trained(epochs=60, **asked))
    assert "learns by heart: since epoch" in hint.words
    assert (hint.field, hint.value) == ("patience", 2)
    assert of_ticks(store, trained(epochs=60, patience=2, **asked)) is None


@pytest.mark.parametrize(
    ("settings", "words", "field", "value"),
    [
        ({"learning_rate": 0.05, "epochs": 5, "units": "64 64", "dropout": 0}, "dead", "learning_rate", 0.001),
        ({"activation": "tanh", "learning_rate": 0.1, "epochs": 5, "units": 64}, "saturated", "learning_rate", 0.001),
        ({"activation": "sigmoid", "scaling": "none", "epochs": 3, "units": 32}, "saturated", "scaling", "unit"),
    ],
    ids=["dead", "tanh", "pixels"],
)
def test_units_that_answer_all_images_alike_earn_smaller_steps_or_pixels(store, trained, settings, words, field, value):
    hint = of_units(store, trained(**settings))
    assert words in hint.words
    assert (hint.field, hint.value) == (field, value)


def test_a_digit_that_is_never_read_is_named(store, trained):
    hint = of_answers(store, trained(leave_out="7 3", epochs=5))
    assert hint.words == "It never reads a 3, since it has never seen one."
    assert (hint.field, hint.value) == ("leave_out", (7,))
    hint = of_answers(store, trained(train_images=300, epochs=1, learning_rate=0.0005))
    assert "never reads a" in hint.words
    assert (hint.field, hint.value) == ("epochs", 2)


def test_before_an_epoch_is_over_nothing_is_told(store, trained):
    run = trained(learning_rate=1e-6, epochs=1)
    ticks = store.metrics(run.id)
    assert from_ticks(run.config, [tick for tick in ticks if not tick.ends_epoch]) is None
    assert from_ticks(run.config, ticks)
