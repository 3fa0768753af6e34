"""Whose turn it is."""

import pytest

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.fair_queue import line
from mnist_lab.store.run import Asked, Run, RunState, Status


def run(name, created, owner=None, state=RunState.QUEUED, moved=0.0, **status):
    asked = Asked(name=name, config=TrainConfig(), created=created, owner=owner)
    return Run(name, asked, Status(state=state, **{"engine": "e", **status}), moved=moved)


def waiting(owner, count, created=100):
    return [run(f"{owner}{number}", created + number, owner) for number in range(1, count + 1)]


def under_way(owner, started):
    return run(f"{owner}0", started, owner, RunState.RUNNING, sent=started, started=started)


def over(owner, started):
    return run(f"{owner}-old", started, owner, RunState.FINISHED, sent=started, started=started)


def names(runs):
    return [run.name for run in runs]


def test_one_owners_runs_keep_their_order():
    assert names(line(waiting("a", 3)[::-1])) == ["a1", "a2", "a3"]


def test_nobodys_tenth_goes_before_anothers_first():
    runs = [*waiting("a", 10, created=100), *waiting("b", 1, created=200), *waiting("c", 2, created=300)]
    assert names(line(runs))[:6] == ["a1", "b1", "c1", "a2", "c2", "a3"]


def test_who_has_a_run_under_way_has_had_a_turn():
    runs = [under_way("a", 50), *waiting("a", 2), *waiting("b", 2, created=200)]
    assert names(line(runs)) == ["b1", "a1", "b2", "a2"]


def test_who_has_just_had_a_turn_waits_for_who_has_not():
    runs = [over("a", 90), over("b", 80), *waiting("a", 2), *waiting("b", 2, created=200)]
    assert names(line(runs)) == ["b1", "a1", "b2", "a2"]


def test_what_is_moved_goes_ahead_of_ones_own_and_of_nobody_elses():
    moved = run("a9", 150, "a", moved=500.0)
    runs = [under_way("a", 50), *waiting("a", 2), moved, *waiting("b", 1, created=200)]
    assert names(line(runs)) == ["b1", "a9", "a1", "a2"]


@pytest.mark.parametrize("later", [400.0, 600.0])
def test_what_is_moved_last_comes_first(later):
    runs = [run("x", 1, moved=500.0), run("y", 2, moved=later), run("z", 0)]
    assert names(line(runs)) == (["y", "x", "z"] if later > 500 else ["x", "y", "z"])


def test_runs_without_an_owner_share_one_turn():
    runs = [run("x1", 1), run("x2", 2), *waiting("a", 1)]
    assert names(line(runs)) == ["x1", "a1", "x2"]


def test_only_what_waits_is_in_line():
    runs = [under_way("a", 1), over("b", 1), run("sent", 1, sent=5.0), run("by the command line", 1, engine=None)]
    assert line(runs) == []
