"""Which fields change a run while it trains."""

import time

import pytest
from streamlit.testing.v1 import AppTest

from mnist_lab.config.search import Search
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.adjustments import ADJUSTABLE
from mnist_lab.store.run import RunState
from mnist_lab.store.studies import Studies
from mnist_lab.store.ticks import Tick
from tests.comparing.test_families import no_workers as no_workers
from tests.comparing.test_families import store as store

SEARCHED = "a search"
SCRIPT = """
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.ui.train.jobs import render_jobs

render_jobs(TrainConfig())
"""


@pytest.mark.parametrize(
    ("group", "settings", "fields"),
    [
        (None, {}, ["learning_rate", "dropout"]),
        ("a grid", {}, ["learning_rate", "dropout"]),
        (SEARCHED, {}, []),
        (None, {"units": ()}, ["learning_rate"]),
    ],
)
def test_the_settings_of_a_run_can_be_changed_but_not_those_of_a_searchs_trial(
    store, no_workers, group, settings, fields
):
    Studies(store).begin(Search(name=SEARCHED, base=TrainConfig(), choices={"units": ("8", "16")}))
    run = store.create(TrainConfig(**settings), "a run", group=group)
    now = time.time()
    store.update(run.id, state=RunState.RUNNING, engine="an engine", started=now, heartbeat=now)
    store.log(run.id, Tick(1, 1, 9, 2.0, 0.1, 0.001, 0.1))
    shown = AppTest.from_string(SCRIPT).run(timeout=60)
    assert not shown.exception
    keys = [widget.key for kind in ("text_input", "slider") for widget in shown.get(kind)]
    found = [field for field in ADJUSTABLE if any(str(key).startswith(f"now-{field}-") for key in keys)]
    assert found == fields
