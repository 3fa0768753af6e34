"""What people typed stands on the pages as they typed it: no name and no address draws, links or fetches anything."""

import time
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, expect

from mnist_lab.config.search import plan
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import RunStore
from mnist_lab.store.studies import Studies
from mnist_lab.store.trash import Trash
from tests.browser.conftest import answer, draw, open_table, view

pytestmark = pytest.mark.browser

PICTURE = "![](http://p.invalid/x)"
HOSTILE = f"{PICTURE} **b** $x$ :red[r] :material/home: <b>i</b> %{{x}}"
LATER = ":+1: :streamlit: :material_home: a -> b -- c >= d www.a.invalid a@b.invalid https://a.invalid/b"
SETTINGS = TrainConfig()
COMPARED = ("Curves", "Mistakes", "Digits", "Writers", "Robustness", "Confidence", "Cost", "Settings")
NAMED = ("Curves", "Mistakes", "Digits", "Writers", "Confidence")  # in legends and titles, which are not cut


@pytest.fixture
def hostile(tmp_path, monkeypatch, start_server):
    """A server whose runs, grid and search have that name; it finds no cluster, so that nothing trains."""
    monkeypatch.setenv("MNIST_LAB_SCHEDULER", "tcp://127.0.0.1:9")
    store = RunStore(tmp_path)
    search = plan(name=f"search {HOSTILE}", base=TrainConfig(), ranges={"learning_rate": (1e-4, 0.1)}, trials=3)
    Studies(store).begin(search)
    Studies(store).end(search.name, f"It ended because of {HOSTILE} {LATER}")
    over(store, f"finished {HOSTILE}", TrainConfig(epochs=3), group=f"grid {HOSTILE}")
    over(store, f"finished too {HOSTILE}", TrainConfig(epochs=4))
    over(store, f"trial {HOSTILE}", TrainConfig(epochs=5, snapshots=True), group=search.name)
    Trash(store).put(over(store, f"deleted {HOSTILE}", TrainConfig()))
    created(store, f"queued {HOSTILE}", engine="another")
    created(store, f"running {HOSTILE}", engine="another", state=RunState.RUNNING, phase=f"phase {HOSTILE}")
    created(store, f"failed {HOSTILE}", state=RunState.FAILED, ended=time.time(), reason=f"reason {HOSTILE} {LATER}")
    return start_server(tmp_path)


def created(store, name, config=SETTINGS, engine=None, group=None, **status):
    run = store.create(config, name, engine=engine, group=group, recipe=HOSTILE)
    store.update(run.id, started=time.time(), heartbeat=time.time() + 600, **status)
    store.annotate(run.id, tags=[PICTURE])
    return run


def over(store, name, config, group=None):
    bundled = store.get("dense-128-dropout")  # of the same network
    run = created(store, name, config, group=group)
    for file in ("metrics.jsonl", "evaluation.npz", "model.tflite"):
        store.write(run.id, file, store.read(bundled.id, file))
    store.update(run.id, state=RunState.FINISHED, summary=bundled.summary, ended=time.time())
    return store.get(run.id)


def stands(page: Page, *beginnings: str) -> None:
    for beginning in beginnings:
        expect(page.locator("body")).to_contain_text(f"{beginning} {HOSTILE}")


def is_drawn(page: Page, name: str) -> None:
    """A figure has that name in its legend or title."""
    expect(page.locator(".js-plotly-plot .main-svg text").filter(has_text=name).first).to_be_attached()


@pytest.mark.slow
def test_names_stand_on_the_pages_as_they_were_typed(hostile, open_tab):
    page = open_tab(f"{hostile.url}/train")
    stands(page, "queued", "running", "failed", "reason", "phase", "finished", "grid", "search", "because of", "trial")
    expect(page.get_by_text(LATER)).to_have_count(2)

    finished = [run for run in RunStore(hostile.runs).listing().runs if run.name.startswith("finished")]
    both = urlencode({"runs": ",".join(run.id for run in finished)})
    page.goto(f"{hostile.url}/compare?{both}")
    expect(page.locator(".sentence")).to_contain_text(f"finished {HOSTILE}")
    for name in COMPARED:
        view(page, name).wait_for_url(f"**view={name}**")  # until then, the browser may send the view before
        if name in NAMED:
            is_drawn(page, f"finished {HOSTILE}")
        if name == "Mistakes":
            page.locator(".st-key-mistakes-often button").first.click()
            expect(page.locator(".st-key-cell")).to_contain_text(f"finished {HOSTILE}")
    open_table(page)
    for button, shown in (("Trash", f"deleted {HOSTILE}"), ("Filters", PICTURE), ("How sure is this?", HOSTILE)):
        page.get_by_role("button", name=button).click()
        expect(page.get_by_test_id("stPopoverBody")).to_contain_text(shown)
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.locator(".st-key-compare-undo")).to_contain_text(HOSTILE)

    page.goto(f"{hostile.url}/explore?run=dense-1024&view=Time+machine")
    stands(page, "trial")
    page.goto(hostile.url)
    draw(page, 7)
    expect(answer(page).locator(".digit")).to_be_visible()
    view(page, "Wobble")
    is_drawn(page, f"trial {HOSTILE}")


@pytest.mark.slow
def test_words_of_an_address_are_repeated_as_they_are(server, open_tab):
    page = open_tab(f"{server.url}/train?recipe={PICTURE}&lock={PICTURE}&epochs={PICTURE}")
    expect(page.get_by_test_id("stAlert").get_by_role("listitem").filter(has_text=PICTURE)).to_have_count(3)
    for address in (
        f"compare?runs={PICTURE}&group={PICTURE}&columns={PICTURE}&tags={PICTURE}",
        f"explore?run={PICTURE}&image={PICTURE}&view={PICTURE}",
        f"?image={PICTURE}&model={PICTURE}",
        f"lessons?lesson={PICTURE}",
    ):
        page.goto(f"{server.url}/{address}")
        expect(page.get_by_test_id("stAlert").filter(has_text=PICTURE)).to_be_visible()
