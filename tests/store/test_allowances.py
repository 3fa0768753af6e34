"""What a visitor may have at once."""

import pytest

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.admission import check_memory, check_trainings
from mnist_lab.errors import ConfigError, LimitReached
from mnist_lab.networks.shapes import training_memory
from mnist_lab.store.allowances import Allowance, allowance, check_import
from mnist_lab.store.run import Asked, Run, RunState, Status
from mnist_lab.store.runs import BUNDLED, RunStore

QUICK = TrainConfig(epochs=1)
LONG = TrainConfig(units=(4096,) * 4, epochs=200)
MANY = Allowance(runs=10**6, hours=10**6, gigabytes=10**6)


def run(owner, state=RunState.QUEUED, config=QUICK, engine="e"):
    return Run(
        "a-run", Asked(name="a run", config=config, created=1e9, owner=owner), Status(state=state, engine=engine)
    )


@pytest.fixture(scope="module")
def bundled():
    return RunStore("no such folder", BUNDLED).listing().runs


def test_limits_are_the_labs_unless_some_are_given():
    assert allowance({}) == Allowance()
    assert allowance({"MNIST_LAB_LIMITS": " runs=3, hours=1 "}) == Allowance()._replace(runs=3, hours=1)
    assert allowance({"MNIST_LAB_LIMITS": "none"}) is None


@pytest.mark.parametrize("text", ["runs", "runs=", "runs=-1", "runs=many", "walks=3", "runs=3 none", "runs=1e9"])
def test_a_limit_that_cannot_be_read_says_what_can_stand_there(text):
    with pytest.raises(ConfigError, match=r"MNIST_LAB_LIMITS has .*runs=200 hours=12"):
        allowance({"MNIST_LAB_LIMITS": text})


def test_own_runs_that_are_not_over_count_and_nobody_elses():
    there = [run("ann"), run("ann", RunState.RUNNING), run("ann", RunState.FINISHED), *[run("ben")] * 9]
    limits = MANY._replace(runs=4)
    check_trainings(limits, "ann", [QUICK] * 2, there, 0)
    with pytest.raises(LimitReached, match=r"5 runs of yours .* takes 4"):
        check_trainings(limits, "ann", [QUICK] * 3, there, 0)
    with pytest.raises(LimitReached, match="5 runs"):
        check_trainings(limits, "ann", [QUICK] * 2, there, to_come=1)


def test_hours_of_training_are_forecast(bundled):
    limits = MANY._replace(hours=12)
    check_trainings(limits, "ann", [QUICK] * 20, bundled, 0)
    with pytest.raises(LimitReached, match=r"roughly \d+\.\d hours; the server takes 12"):
        check_trainings(limits, "ann", [LONG] * 20, bundled, 0)
    with pytest.raises(LimitReached, match="hours"):
        check_trainings(limits, "ann", [QUICK], [*bundled, *[run("ann", config=LONG)] * 20], 0)


def test_all_that_is_kept_counts_on_the_disk():
    large = TrainConfig(units=(4096, 4096))  # 20 million parameters, each four times
    limits = MANY._replace(gigabytes=1)
    check_trainings(limits, "ann", [large] * 2, [], 0)
    with pytest.raises(LimitReached, match=r"1\.3 GB of the server's disk; each visitor has 1\."):
        check_trainings(limits, "ann", [large] * 2, [run("ann", RunState.FINISHED, large)] * 2, 0)


def test_runs_from_elsewhere_are_counted(bundled):
    taken_in = [run("ann", RunState.FINISHED, engine=None)] * 3
    trained = [run("ann", RunState.FINISHED)] * 9
    limits = Allowance(imports=4)
    check_import(limits, "ann", 1, [*taken_in, *trained, *bundled])
    check_import(limits, "ben", 4, taken_in)
    with pytest.raises(LimitReached, match="You have 3 runs"):
        check_import(limits, "ann", 2, taken_in)


def test_a_network_that_no_worker_can_hold_is_refused():
    check_memory([QUICK, TrainConfig(network="cnn", filters=(32, 64))], 1_500_000_000)
    check_memory([LONG], None)
    deep = TrainConfig(units=(4096,) * 16)
    with pytest.raises(ConfigError, match=r"about [45]\.\d GB of memory; a worker has 2\.5"):
        check_memory([QUICK, deep], 2_500_000_000)
    assert training_memory(deep) > 4e9
