"""What a search asks, learns and gives up, with real optuna and without a cluster: runs are values."""

import math
import statistics
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mnist_lab.config.search import DEFAULT_SHARE, holding_back, plan, to_config, to_params
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.tuning import Tuner
from mnist_lab.errors import ConfigError
from mnist_lab.store.claims import Lease
from mnist_lab.store.run import Asked, Run, RunState, Status, Summary
from mnist_lab.store.studies import Studies, points, reached
from mnist_lab.store.validation import Epoch

BASE = TrainConfig(dataset="digits", epochs=4)
SUMMARY = Summary(test_accuracy=0.9, train_accuracy=0.9, seconds=1.0, parameters=1, epochs=4, model_bytes=1)


def search(**changes):
    return plan(**{"name": "test", "base": BASE, "ranges": {"learning_rate": (1e-5, 1.0)}, **changes})


def run_of(config, state=RunState.FINISHED, number=0):
    """A run as the store would give it."""
    return Run(f"run-{number}", Asked(name="", config=config, created=number), Status(state=state, summary=SUMMARY))


def tried(tuner, reaches, trials, first=0):
    """Let a search try so many configurations, which reach what `reaches` says; the configurations."""
    configs = []
    for number in range(first, first + trials):
        config = tuner.propose()
        run = run_of(config, number=number)
        tuner.took(run)
        tuner.follow(run, curve(*(reaches(config) * epoch / 4 for epoch in range(1, 5))))
        configs.append(config)
    return configs


def curve(*accuracies):
    return [Epoch(number, 1 - accuracy, accuracy) for number, accuracy in enumerate(accuracies, 1)]


def near_a_hundredth(config):
    return 1 / (1 + math.log10(config.learning_rate / 0.01) ** 2)


@pytest.mark.parametrize(
    ("changes", "hint"),
    [
        ({"base": BASE.model_copy(update={"validation_share": 0.0})}, "never by the test set"),
        ({"ranges": {}}, "at least one setting"),
        ({"ranges": {"seed": (0, 9)}}, "A grid can vary it"),
        ({"ranges": {"epoch": (1, 9)}}, "no setting named 'epoch'"),
        ({"choices": {"learning_rate": (0.1, 0.2)}}, "not both"),
        ({"trials": 0}, "trials: 0 will not do"),
        ({"sampler": "grid"}, "it takes tpe or random"),
    ],
)
def test_what_cannot_be_searched_is_refused_with_the_reason(changes, hint):
    with pytest.raises(ConfigError, match=hint):
        search(**changes)


def test_images_are_held_back_only_where_none_were():
    assert holding_back(BASE) == BASE
    assert holding_back(BASE.model_copy(update={"validation_share": 0.0})).validation_share == DEFAULT_SHARE


def test_a_configuration_says_which_trial_it_was():
    asked = search(
        base=BASE.model_copy(update={"network": "cnn"}),
        ranges={"learning_rate": (1e-4, 0.1), "units": (8, 64), "batch_size": (16, 64)},
        choices={"optimizer": ("adam", "sgd"), "filters": ((8,), (8, 16)), "augment": (True, False)},
    )
    params = {"learning_rate": 0.00123456, "units": 33, "batch_size": 20, "optimizer": "sgd", "filters": "8-16"}
    config = to_config(asked, params | {"augment": "no"})
    assert (config.learning_rate, config.units, config.filters, config.augment) == (0.00123, (33,), (8, 16), False)
    assert config.epochs == BASE.epochs
    assert to_params(asked, config) == params | {"learning_rate": 0.00123, "augment": "no"}
    assert to_config(asked, to_params(asked, config)) == config
    assert to_params(asked, config.model_copy(update={"learning_rate": 0.5})) is None
    assert to_params(asked, config.model_copy(update={"epochs": 9})) is None


def test_a_setting_that_means_nothing_beside_the_others_does_not_hide_a_trial():
    asked = search(ranges={"dropout": (0.1, 0.5)}, choices={"network": ("dense", "cnn"), "filters": ((8,), (16,))})
    config = to_config(asked, {"dropout": 0.2, "network": "dense", "filters": "16"})
    assert to_params(asked, config) == {"dropout": 0.2, "network": "dense", "filters": "8"}
    cnn = to_config(asked, {"dropout": 0.2, "network": "cnn", "filters": "16"})
    assert to_params(asked, cnn) == {"dropout": 0.2, "network": "cnn", "filters": "16"}


def test_what_is_asked_is_read_back_as_it_was_kept(store):
    studies = Studies(store)
    asked = search(choices={"units": ((32,), (64, 16))})
    studies.begin(asked)
    kept = studies.find("test")
    assert to_config(kept, {"learning_rate": 0.1, "units": "64-16"}).units == (64, 16)
    with pytest.raises(ConfigError, match="choose another name"):
        studies.begin(asked)
    studies.end("test", "Stopped.")
    assert (studies.over("test"), studies.open_names()) == ("Stopped.", [])
    studies.go_on("test", 40)
    assert (studies.over("test"), studies.open_names(), studies.find("test").trials) == (None, ["test"], 40)


def test_tpe_finds_the_good_learning_rates_better_than_chance():
    def distance(sampler):
        late = tried(Tuner(search(sampler=sampler, trials=30)), near_a_hundredth, 30)[-10:]
        return statistics.mean(abs(math.log10(config.learning_rate / 0.01)) for config in late)

    assert distance("tpe") < 0.5 * distance("random")


def test_nothing_is_tried_twice_until_nothing_is_left():
    asked = search(ranges={"patience": (1, 3)}, choices={"optimizer": ("adam", "sgd")})
    tuner = Tuner(asked)
    assert len(set(tried(tuner, lambda config: 0.5, 6))) == 6
    assert tuner.propose() is None


def test_a_second_driver_goes_on_as_the_first_would_have():
    asked = search(sampler="random")
    alone = tried(Tuner(asked), near_a_hundredth, 8)
    first, second = Tuner(asked), Tuner(asked)
    configs = tried(first, near_a_hundredth, 5)
    for number, config in enumerate(configs):
        second.follow(run_of(config, number=number), curve(near_a_hundredth(config)))
    assert configs + tried(second, near_a_hundredth, 3, first=5) == alone


@pytest.mark.parametrize("pruner", ["median", "halving"])
def test_a_poor_run_is_given_up_and_a_good_one_is_not(pruner):
    tuner = Tuner(search(pruner=pruner))
    tried(tuner, near_a_hundredth, 6)
    poor, good = (run_of(tuner.propose(), RunState.RUNNING, number) for number in (7, 8))
    waiting = Run(poor.id, poor.asked, Status(state=RunState.QUEUED))  # as it was read just before its first epoch
    assert not tuner.follow(waiting, curve(0.0001))
    assert tuner.follow(poor, curve(0.0001, 0.9))
    assert not tuner.follow(good, curve(0.9))
    assert not tuner.follow(good, curve(0.9, 0.95))


def test_nothing_is_given_up_too_early_or_at_its_end_or_where_nobody_asked():
    tuner = Tuner(search())
    tried(tuner, near_a_hundredth, 2)
    assert not tuner.follow(run_of(tuner.propose(), RunState.RUNNING, 3), curve(0.0001))
    tried(tuner, near_a_hundredth, 5, first=4)
    assert not tuner.follow(run_of(tuner.propose(), RunState.RUNNING, 20), curve(0.0, 0.0, 0.0, 0.0001))
    never = Tuner(search(pruner="none"))
    tried(never, near_a_hundredth, 6)
    assert not never.follow(run_of(never.propose(), RunState.RUNNING, 7), curve(0.0001))


def test_what_diverged_counts_as_poor_and_what_never_began_may_be_asked_again():
    tuner = Tuner(search(choices={"optimizer": ("adam", "sgd")}, ranges={}))
    config = tuner.propose()
    failed = run_of(config, RunState.FAILED, 1)
    tuner.follow(failed, [])
    other = tuner.propose()
    assert other != config
    tuner.follow(Run("waited", Asked(name="", config=other, created=2), Status(state=RunState.STOPPED)), [])
    assert tuner.propose() == other


def test_a_run_reaches_what_its_kept_weights_do():
    assert reached([], BASE) is None
    assert reached(curve(0.7, 0.9, 0.8), BASE) == 0.8
    assert reached(curve(0.7, 0.9, 0.8), BASE.model_copy(update={"patience": 1})) == 0.9


def test_the_best_is_a_trial_that_ran_to_its_end(store):
    studies = Studies(store)
    studies.begin(search())
    for rate, state, accuracy in ((0.1, "finished", 0.8), (0.2, "stopped", 0.95), (0.3, "finished", 0.7)):
        config = BASE.model_copy(update={"learning_rate": rate})
        run = store.create(config, f"rate {rate}", group="test")
        store.write(run.id, "metrics.jsonl", _line(accuracy))
        store.update(run.id, state=RunState(state), summary=SUMMARY)
    study = studies.study("test")
    assert [trial.number for trial in study.trials] == [1, 2, 3]
    assert (study.best.run.name, study.best.value) == ("rate 0.1", 0.8)
    assert [(point.value, point.best, point.is_whole) for point in points(study)] == [
        (0.8, 0.8, True),
        (0.95, 0.8, False),
        (0.7, 0.8, True),
    ]


def _line(reached):
    return (
        b'{"epoch": 1, "step": 1, "steps": 1, "loss": 1.0, "accuracy": 0.5, "learning_rate": 0.1, "seconds": 1.0, '
        b'"val_loss": 1.0, "val_accuracy": %f}\n' % reached
    )


def test_of_many_that_want_a_lease_one_gets_it_and_of_its_heirs_one(store):
    def takers(names, *alive):
        start = threading.Barrier(len(names))

        def take(name):
            start.wait()
            return Lease(store.folder, "lease").take(name, lambda holder: holder in {*names, *alive})

        with ThreadPoolExecutor(len(names)) as pool:
            return [name for name, taken in zip(names, pool.map(take, names), strict=True) if taken]

    store.folder.write("lease/search.json", b"{}")
    (first,) = takers([f"a{number}" for number in range(8)])
    assert takers([f"b{number}" for number in range(8)], first) == []
    (heir,) = takers([f"c{number}" for number in range(8)])
    lease = Lease(store.folder, "lease")
    assert (lease.holder, lease.take(heir, lambda holder: True)) == (heir, True)
    lease.release(first)
    assert lease.holder == heir
    lease.release(heir)
    assert lease.holder is None
    assert lease.take("next", lambda holder: True)
