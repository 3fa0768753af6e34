"""Signs of life of engines, by clocks that may be ahead."""

import time

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.claims import Lease
from mnist_lab.store.folders import Folder
from mnist_lab.store.heartbeats import Heartbeats, Signs
from mnist_lab.store.runs import RunStore


def test_an_engine_lives_as_long_as_it_beats_also_where_its_clock_is_ahead(tmp_path):
    folder, heartbeats = Folder(tmp_path), Heartbeats(Folder(tmp_path), stale_seconds=0.3)
    for ahead in (3600.0, 3600.1, 3600.2, 3600.3):
        folder.write(".engines/ahead", str(time.time() + ahead).encode())
        assert heartbeats.is_alive("ahead")
        time.sleep(0.1)
    time.sleep(0.3)
    assert not heartbeats.is_alive("ahead")


def test_an_engine_whose_beat_cannot_be_read_is_dead(tmp_path):
    for content in (b"", b"nan", b"inf", b"-1", b"1e300", b"\xff"):
        Folder(tmp_path).write(".engines/damaged", content)
        assert not Heartbeats(Folder(tmp_path), stale_seconds=15.0).is_alive("damaged")


def test_the_same_sign_from_the_future_is_no_new_one():
    signs, ahead = Signs(), time.time() + 3600
    first = signs.when("a", ahead)
    assert time.time() - 1 < first <= time.time()
    time.sleep(0.05)
    assert signs.when("a", ahead) == first
    assert signs.when("a", ahead + 1) > first
    assert signs.when("a", 5.0) == 5.0


def test_a_search_is_taken_over_from_an_engine_that_died_with_its_clock_ahead(tmp_path):
    folder, heartbeats = Folder(tmp_path), Heartbeats(Folder(tmp_path), stale_seconds=0.2)
    folder.write("search/search.json", b"{}")
    folder.write(".engines/ahead", str(time.time() + 3600).encode())
    assert Lease(folder, "search").take("ahead", heartbeats.is_alive)
    assert not Lease(folder, "search").take("next", heartbeats.is_alive)
    time.sleep(0.3)
    assert Lease(folder, "search").take("next", heartbeats.is_alive)


def test_a_claim_that_was_made_by_a_clock_far_ahead_is_passed_over(tmp_path, monkeypatch):
    store = RunStore(tmp_path, bundled=None)
    run = store.create(TrainConfig(), "a", engine="e")
    store.folder.create(f"{run.id}/claim-1")
    assert not store.claim(run, sent=5.0)
    made = time.time()
    monkeypatch.setattr(time, "time", lambda: made - 3600)  # put right since
    assert store.claim(run, sent=5.0)
