"""Searches and grids on a real cluster of two workers, with drivers that are stopped and killed."""

import json
import os
import signal
import subprocess
import sys

import pytest
from distributed import Client, LocalCluster

from mnist_lab.cli import main
from mnist_lab.config.search import plan
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.engine import Engine
from mnist_lab.engine.searcher import FAILURES, Searcher
from mnist_lab.store.run import RunState
from mnist_lab.store.studies import PRUNED, Studies
from tests.conftest import ROOT
from tests.engine.test_engine import wait_until

pytestmark = pytest.mark.slow

SHORT = TrainConfig(dataset="digits", train_images=300, units=(8,), epochs=2, validation_share=0.3)
LONG = SHORT.model_copy(update={"train_images": 1000, "batch_size": 1, "epochs": 10, "validation_share": 0.1})
QUICK = ["--set", "dataset=digits", "--set", "epochs=1", "--set", "train_images=300"]


@pytest.fixture(scope="module")
def cluster():
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        yield cluster


@pytest.fixture
def studies(store):
    return Studies(store)


@pytest.fixture
def searcher(cluster, store, studies, monkeypatch):
    monkeypatch.setattr("mnist_lab.engine.engine.WATCH_SECONDS", 0.2)
    monkeypatch.setattr("mnist_lab.engine.liveness.STALE_SECONDS", 3.0)
    monkeypatch.setattr("mnist_lab.engine.searcher.POLL_SECONDS", 0.05)
    monkeypatch.setattr("mnist_lab.engine.searcher.IDLE_SECONDS", 0.1)
    engine = Engine(store, lambda: Client(cluster.scheduler_address, set_as_default=False))
    searcher = Searcher(engine, studies)
    yield searcher
    searcher.close()
    engine.close()


def over(studies, name):
    wait_until(lambda: studies.over(name) is not None and not studies.study(name).under_way)
    return studies.study(name)


def test_a_search_asks_for_its_trials_two_at_a_time_and_finds_the_best(searcher, studies):
    searcher.begin(plan(name="two", base=SHORT, ranges={"learning_rate": (1e-4, 0.1)}, trials=5, pruner="none"))
    most = 0
    while studies.over("two") is None:
        most = max(most, len(studies.study("two").under_way))
    study = studies.study("two")
    assert most == 2
    assert [trial.run.state for trial in study.trials] == [RunState.FINISHED] * 5
    assert len({trial.run.config.learning_rate for trial in study.trials}) == 5
    assert study.best.value == max(trial.value for trial in study.trials)
    assert study.best.value == studies.store.metrics(study.best.run.id)[-1].val_accuracy
    assert study.over == ""
    wait_until(lambda: studies.lease("two").holder is None)


def test_a_poor_run_is_pruned_by_its_curve(searcher, studies):
    base = LONG.model_copy(
        update={"units": (16,), "dropout": 0.0, "epochs": 200, "patience": 1}
    )  # the good ones stop early, the poor ones would not
    good, poor = (0.001, 0.0011, 0.0012), (1e-6, 2e-6)
    choices = {"learning_rate": (*good, *poor)}
    searcher.begin(plan(name="prune", base=base, choices=choices, trials=5, at_once=1, sampler="random", seed=18))
    study = over(studies, "prune")
    assert [trial.run.config.learning_rate in good for trial in study.trials] == [True, True, True, False, False]
    for trial in study.trials[:3]:
        assert trial.run.state is RunState.FINISHED
    for trial in study.trials[3:]:
        assert trial.is_pruned
        assert (trial.run.state, trial.run.status.reason) == (RunState.STOPPED, PRUNED)
        assert 1 <= trial.run.summary.epochs < base.epochs
    assert (study.pruned, study.over) == (2, "")


def test_a_search_is_stopped_with_its_trials_and_goes_on(searcher, studies):
    searcher.begin(plan(name="stop", base=LONG, ranges={"units": (4, 8)}, trials=4, at_once=3, pruner="none"))
    wait_until(lambda: any(trial.value for trial in studies.study("stop").trials))
    wait_until(lambda: len(studies.study("stop").trials) == 3)
    searcher.stop("stop")
    study = over(studies, "stop")
    assert study.over == "Stopped."
    assert {trial.run.state for trial in study.trials} == {RunState.STOPPED}
    assert study.asked < 3  # one waited for a worker
    wait_until(lambda: studies.lease("stop").holder is None)
    searcher.go_on("stop", study.asked + 1)
    wait_until(lambda: len(studies.study("stop").trials) == 4)
    searcher.stop("stop")
    assert len(over(studies, "stop").trials) == 4


def test_a_search_whose_trials_all_fail_says_why(searcher, studies):
    wild = SHORT.model_copy(update={"optimizer": "sgd", "scaling": "none", "units": (64, 64, 64), "dropout": 0.0})
    searcher.begin(plan(name="fail", base=wild, ranges={"learning_rate": (9.0, 10.0)}, trials=20, at_once=1))
    study = over(studies, "fail")
    assert study.count(RunState.FAILED) == len(study.trials) == FAILURES
    assert study.over.startswith(f"{FAILURES} trials in a row failed. The last one: The loss became")
    assert study.best is None


def test_every_combination_is_tried_once(searcher, studies):
    choices = {"units": ((4,), (8,), (8, 4))}
    searcher.begin(plan(name="few", base=SHORT, choices=choices, trials=9, at_once=5, pruner="none"))
    study = over(studies, "few")
    assert len({trial.run.config for trial in study.trials}) == len(study.trials) == 3
    assert {trial.run.state for trial in study.trials} == {RunState.FINISHED}
    assert study.over == "Every combination was tried."


def test_a_search_goes_on_where_its_killed_driver_left_it(cluster, store, studies, request):
    base = ["dataset=digits", "units=8", "train_images=1000", "epochs=8", "batch_size=1", "validation_share=0.1"]
    settings = [part for setting in base for part in ("--set", setting)]
    asked = ["--recipe", "dense-128-dropout", *settings, "--range", "learning_rate=0.001..0.1", "--pruner", "none"]
    command = ["search", "--name", "killed", *asked, "--trials", "5", "--sampler", "random"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mnist_lab", *command, "--runs", store.folder.path],
        cwd=ROOT,
        env=os.environ | {"MNIST_LAB_SCHEDULER": cluster.scheduler_address},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: studies.find("killed") and is_in_the_middle(studies.study("killed")))
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    left = studies.study("killed")
    assert left.under_way
    holder = studies.lease("killed").holder
    request.getfixturevalue("searcher")
    study = over(studies, "killed")
    assert holder != studies.lease("killed").holder
    assert [trial.run.state for trial in study.trials] == [RunState.FINISHED] * 5
    assert [trial.run.id for trial in study.trials][: len(left.trials)] == [trial.run.id for trial in left.trials]
    assert [trial.number for trial in study.trials] == [1, 2, 3, 4, 5]
    assert len({trial.run.config for trial in study.trials}) == 5


def is_in_the_middle(study):
    """Whether two trials are done, and one has just begun."""
    done = [trial for trial in study.trials if trial.run.state.is_over]
    return len(done) >= 2 and any(trial.value is None for trial in study.under_way)


@pytest.fixture
def answer(capsys, cluster, store, monkeypatch):
    """Run a command on the cluster; the exit status and what it answers."""
    monkeypatch.setenv("MNIST_LAB_SCHEDULER", cluster.scheduler_address)

    def ask(*arguments):
        status = main([*arguments, "--runs", store.folder.path, "--json"])
        printed = capsys.readouterr()
        return status, json.loads(printed.out) if printed.out else printed.err

    return ask


def test_a_grid_is_trained_from_the_command_line(answer, store):
    grid = ["--grid", "units=4,8-4", "--grid", "dropout=0,0.2"]
    status, answered = answer("train", "--recipe", "dense-128-dropout", *QUICK, *grid)
    assert (status, answered["group"]) == (0, "units by dropout")
    assert [row["settings"] for row in answered["runs"]] == [
        {"units": units, "dropout": dropout} for units in ([4], [8, 4]) for dropout in (0.0, 0.2)
    ]
    for row in answered["runs"]:
        run = store.get(row["run"])
        assert (run.state, run.asked.group, run.summary.test_accuracy) == (
            RunState.FINISHED,
            "units by dropout",
            row["test_accuracy"],
        )


def test_a_search_from_the_command_line_goes_on_by_its_name(answer, store):
    space = ["--range", "learning_rate=0.001..0.1", "--choice", "units=8,8-4"]
    asked = ["search", "--name", "mine", "--recipe", "dense-128-dropout", *QUICK, *space]
    status, first = answer(*asked, "--trials", "2")
    assert (status, first["search"], [trial["number"] for trial in first["trials"]]) == (0, "mine", [1, 2])
    assert first["best"]["validation_accuracy"] == max(trial["validation_accuracy"] for trial in first["trials"])
    assert 0.0 <= first["best"]["test_accuracy"] <= 1.0
    assert set(first["best"]["settings"]) == {"learning_rate", "units"}
    assert answer(*asked, "--trials", "2") == (0, first)
    status, more = answer("search", "--name", "mine", "--trials", "3")
    assert status == 0
    assert more["trials"][:2] == first["trials"]
    assert len(more["trials"]) == 3
    assert {store.get(trial["run"]).config.validation_share for trial in more["trials"]} == {0.1}
    status, refusal = answer("search", "--name", "mine", "--sampler", "random")
    assert status == 1
    assert "begun with other settings" in refusal
