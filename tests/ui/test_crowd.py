"""How often a class may look at what changes."""

from itertools import count
from types import SimpleNamespace

import pytest

from mnist_lab.ui import crowd


@pytest.fixture
def look(monkeypatch):
    """Has that visitor look, at that time; the pause that they get."""

    def look(who: str, at: float) -> float:
        monkeypatch.setattr(crowd, "get_script_run_ctx", lambda: SimpleNamespace(session_id=who))
        monkeypatch.setattr(crowd.time, "monotonic", lambda: at)
        return crowd.pause()

    monkeypatch.setattr(crowd, "_looked", {})
    return look


def test_a_few_look_each_second_and_a_class_together_no_more_often_than_some(look):
    assert look("one", 0.0) == look("two", 0.0) == look("one", 0.5) == 1.0
    pauses = [look(f"visitor {number}", 1.0) for number in range(28)]
    assert pauses == sorted(pauses)
    assert look("one", 1.0) == crowd.MOST
    assert 30 / crowd.MOST <= 6


def test_a_pause_is_given_up_once_many_came_or_went_and_not_for_one(look):
    first = look("one", 0.0)
    for number in range(2):
        look(f"visitor {number}", 0.0)
    assert not crowd.has_changed(first)
    for number in range(28):
        look(f"visitor {number}", 0.0)
    assert crowd.has_changed(first)
    assert not crowd.has_changed(crowd.MOST)
    for at in count(1):
        if look("one", at) == crowd.LEAST:
            break
        assert at < crowd.GONE
    assert crowd.has_changed(crowd.MOST)
    assert not crowd.has_changed(None)
