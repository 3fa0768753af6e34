"""What can be changed of a run while it trains, as files and as words."""

import pytest
from pydantic import ValidationError

from mnist_lab.config.train_config import parse
from mnist_lab.store.adjustments import Adjustment, Wish, adjustable, adjusted, adjustments, telling
from mnist_lab.store.ticks import Tick, lines_of, ticks_in

CONFIG = parse({"dataset": "digits", "learning_rate": 0.01, "dropout": 0.2})
TICK = Tick(2, 5, 10, 0.5, 0.9, 0.01, 3.0)


@pytest.mark.parametrize(
    ("settings", "fields"),
    [
        ({}, ["learning_rate", "dropout"]),
        ({"network": "scratch"}, ["learning_rate"]),
        ({"network": "logistic"}, []),
        ({"units": ()}, ["learning_rate"]),
        ({"units": (8, 4), "dropout": (0.1, 0.2)}, ["learning_rate"]),
    ],
)
def test_only_what_means_something_can_change(settings, fields):
    config = parse(settings)
    assert adjustable(config) == fields
    assert set(Wish(learning_rate=0.5, dropout=0.5).changes(config)) == set(fields)


def test_a_wish_changes_what_is_not_so_already():
    assert Wish(learning_rate=0.01, dropout=0.3).changes(CONFIG) == {"dropout": 0.3}
    assert Wish().changes(CONFIG) == {}


@pytest.mark.parametrize("settings", [{"learning_rate": 1e6}, {"learning_rate": -1.0}, {"dropout": 1.0}])
def test_nothing_beyond_a_knobs_bounds_is_wished_for_nor_read(settings, store):
    with pytest.raises(ValidationError):
        Wish(**settings)
    with pytest.raises(ValidationError):
        Adjustment(epochs=1.0, **settings)
    told = telling(TICK, settings)
    assert list(ticks_in(lines_of([TICK, told]).splitlines())) == [TICK]


def test_a_wish_is_kept_and_one_that_is_damaged_is_none(store):
    run = store.create(CONFIG, "a run")
    assert store.wish_of(run.id) == Wish()
    wish = Wish(dropout=0.5, steps_a_second=2.0, moment=7.0)
    store.wish(run.id, wish)
    assert store.wish_of(run.id) == wish
    for damaged in (b"", b"{", b"[]", b'{"dropout": 7}', b"x" * 5000, b'{"moment": 1e300}'):
        store.write(run.id, "wish.json", damaged)
        assert store.wish_of(run.id) == Wish()


def test_ticks_tell_of_changes_and_where_they_are():
    lines = lines_of([telling(TICK, {"learning_rate": 0.05}), telling(TICK._replace(step=7), {"dropout": 0.5})])
    ticks = list(ticks_in(lines.splitlines()))
    made = adjustments([TICK, *ticks])
    assert [str(one) for one in made] == ["learning rate 0.05 after 1.5 epochs", "dropout 0.5 after 1.7 epochs"]
    after = adjusted(CONFIG, made)
    assert (after.learning_rate, after.dropout) == (0.05, 0.5)
    assert adjusted(CONFIG, ()) == CONFIG
