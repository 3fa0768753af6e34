import pytest

from mnist_lab.config.train_config import parse
from mnist_lab.engine.forecast import forecast, training_images
from mnist_lab.store.run import Asked, Run, RunState, Status, Summary

STEP, PER_BILLION = 0.0005, 0.01  # seconds


def run(seconds_factor=1.0, bundled=True, epochs=2, **settings):
    from mnist_lab.networks.shapes import count_operations

    config = parse({"validation_share": 0, "epochs": epochs, **settings})
    steps = -(-training_images(config) // config.batch_size)
    work = training_images(config) * count_operations(config) / 1e9
    seconds = (STEP * steps + PER_BILLION * work) * epochs * seconds_factor
    summary = Summary(
        test_accuracy=0.9, train_accuracy=0.9, seconds=seconds, parameters=1, epochs=epochs, model_bytes=1
    )
    asked = Asked(name="a", config=config, created=0.0)
    return Run("a", asked, Status(state=RunState.FINISHED, summary=summary), bundled)


KNOWN = [run(units="128"), run(units="512", batch_size=128), run(units="1024", epochs=5)]


def test_the_time_of_another_size_and_batch_follows_from_those_known():
    asked = run(units="256 64", batch_size=16, epochs=7)
    assert forecast(asked.config, KNOWN) == pytest.approx(asked.summary.seconds, rel=1e-6)


def test_a_slower_machine_is_seen_from_its_own_runs():
    own = [run(3.0, bundled=False, units="64")]
    asked = run(units="256")
    assert forecast(asked.config, [*own, *KNOWN]) == pytest.approx(3 * asked.summary.seconds, rel=0.2)


def test_other_kinds_of_networks_tell_nothing():
    assert forecast(parse({"network": "cnn"}), KNOWN) is None
    assert forecast(parse({"augment": True}), KNOWN) is None
    assert forecast(parse({}), []) is None


def test_only_the_images_that_are_trained_on_count():
    assert training_images(parse({"validation_share": 0})) == 60_000
    assert training_images(parse({"validation_share": 0.1, "train_images": 1000})) == 900
    assert training_images(parse({"validation_share": 0, "dataset": "digits"})) == 1437
    assert training_images(parse({"validation_share": 0, "leave_out": "3 8"})) == 48_000


def test_bundled_runs_tell_how_long_any_dense_network_takes():
    from mnist_lab.store.runs import BUNDLED, RunStore

    seconds = forecast(parse({}), RunStore(BUNDLED, bundled=None).listing().runs)
    assert 1 < seconds < 600
