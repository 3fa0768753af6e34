"""The table of Compare: find runs, note things, delete and undo, hand out the link."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.run import RunState, Summary
from mnist_lab.store.runs import BUNDLED, RunStore
from tests.browser.conftest import at_rest, open_table

pytestmark = pytest.mark.browser

SUMMARY = Summary(
    test_accuracy=0.97, train_accuracy=0.98, seconds=10.0, parameters=101_770, epochs=3, model_bytes=400_000
)
POINT_OF = """(name) => {
    const plot = document.querySelector('.st-key-compare-curves .js-plotly-plot')
    const {left, top} = plot.getBoundingClientRect(), {_size, xaxis, yaxis} = plot._fullLayout
    const curve = plot._fullData.find((one) => one.name == name && one.customdata)
    const at = Math.floor(curve.x.length / 2)
    return [left + _size.l + xaxis.d2p(curve.x[at]), top + _size.t + yaxis.d2p(curve.y[at])]
}"""
HEIGHT, TICK, STAR = 35, 17, 40  # pixels: of a row of the table, and where two of its columns are
FILES = ("metrics.jsonl", "evaluation.npz")


def finished(store: RunStore, name: str, config: TrainConfig | None = None) -> str:
    run = store.create(config or TrainConfig(epochs=3), name)
    for file in FILES:
        store.write(run.id, file, (BUNDLED / "small-cnn" / file).read_bytes())
    store.update(run.id, state=RunState.FINISHED, summary=SUMMARY)
    return run.id


def row(page: Page, name: str) -> Locator:
    """The table is drawn on a canvas; what it shows is beside that for those who cannot see."""
    return page.get_by_test_id("stDataFrame").locator("td").get_by_text(name, exact=True)


def actions(page: Page) -> Locator:
    return page.locator(".st-key-compare-actions")


def search(page: Page, text: str) -> None:
    page.get_by_label("Filter", exact=True).fill(text)
    page.get_by_label("Filter", exact=True).press("Enter")


def click_in_table(page: Page, x: int, row: int) -> None:
    """So many pixels from the left, in a row as it is sorted, or in the head, which is row 0."""
    box = at_rest(page).get_by_test_id("stDataFrame").bounding_box()
    place = box["x"] + x, box["y"] + HEIGHT * (row + 0.5)
    page.mouse.move(*place, steps=5)  # the table takes no click from a mouse that was elsewhere
    page.mouse.click(*place)


@pytest.mark.slow
def test_the_table_stays_sorted_and_its_ticks_stay_with_the_runs(tmp_path, start_server, open_tab):
    store = RunStore(tmp_path)
    finished(store, "first try")
    page = open_tab(f"{start_server(tmp_path).url}/compare?runs=dense-1024,small-cnn&columns=star,name")
    rows = page.get_by_test_id("stDataFrame").locator("tr")
    expect(rows.nth(0)).to_contain_text("★")
    click_in_table(page, STAR, 0)
    page.get_by_role("menuitem", name="Sort descending").click()
    expect(rows.nth(0)).to_contain_text("↓ ★")
    actions(page).get_by_role("button", name="Star").click()
    expect(rows.nth(1)).to_contain_text("dense-1024")
    expect(rows.nth(2)).to_contain_text("small-cnn")
    click_in_table(page, TICK, 2)
    expect(actions(page)).to_contain_text("1 picked: dense-1024")
    finished(store, "newest")
    actions(page).get_by_role("button", name="Take the star away").click()
    expect(actions(page).get_by_role("button", name="Take the star away")).to_have_count(0)
    expect(actions(page).get_by_role("button", name="Zip")).to_have_count(1)
    expect(rows.nth(1)).to_contain_text("small-cnn")
    expect(rows.nth(2)).to_contain_text("dense-1024")  # on top, where it was picked as the table opened
    expect(rows.nth(3)).to_contain_text("newest")
    click_in_table(page, TICK, 2)
    expect(actions(page)).to_contain_text("Tick the runs to compare.")


@pytest.mark.slow
def test_a_run_is_found_noted_deleted_and_brought_back_and_a_link_shows_the_same(training_server, open_tab):
    store = RunStore(training_server.runs)
    run_id = finished(store, "first try")
    page = open_table(open_tab(f"{training_server.url}/compare?runs={run_id},house-cnn&view=Curves"))
    expect(actions(page)).to_contain_text("2 picked")
    search(page, "first")
    expect(actions(page)).to_contain_text("1 hidden by the filter")
    expect(row(page, "first try")).to_have_count(1)
    expect(row(page, "house-cnn")).to_have_count(0)
    search(page, "drpout:0.2")
    expect(page.get_by_role("status").get_by_text("Did you mean dropout?")).to_be_visible()
    expect(row(page, "house-cnn")).to_have_count(1)
    page.goto(f"{training_server.url}/compare?runs={run_id}&text=first")
    expect(actions(page)).to_contain_text("1 picked")
    actions(page).get_by_role("button", name="Star").click()
    expect(actions(page).get_by_role("button", name="Take the star away")).to_be_visible()
    actions(page).get_by_role("button", name="Name, note, tags").click()
    page.get_by_label("Name", exact=True).fill("second thought")
    page.get_by_label("Tags", exact=True).fill("lesson 3, best")
    page.get_by_role("button", name="Save").click()
    expect(row(page, "second thought")).to_have_count(1)
    assert store.get(run_id).annotation.tags == ("best", "lesson 3")
    actions(page).get_by_role("button", name="Delete").click()
    expect(page.locator(".st-key-compare-undo")).to_contain_text("second thought")
    expect(row(page, "second thought")).to_have_count(0)
    assert run_id not in [run.id for run in store.listing().runs]
    page.get_by_role("button", name="Undo").click()
    expect(row(page, "second thought")).to_have_count(1)
    expect(actions(page)).to_contain_text("1 picked")
    search(page, "lesson")
    expect(page).to_have_url(re.compile("text=lesson"))
    other = open_tab(page.url)
    expect(row(other, "second thought")).to_have_count(1)
    expect(row(other, "house-cnn")).to_have_count(0)
    expect(actions(other)).to_contain_text("1 picked")


@pytest.mark.slow
def test_the_labs_own_runs_stay(server, open_tab):
    page = open_tab(f"{server.url}/compare?runs=house-cnn,gone-for-good")
    expect(page.get_by_text("not in this lab, or is deleted: gone-for-good")).to_be_visible()
    open_table(page)
    actions(page).get_by_role("button", name="Delete").click()
    expect(page.get_by_text("house-cnn comes with the lab and cannot be deleted.")).to_be_visible()
    expect(row(page, "house-cnn")).to_have_count(1)


@pytest.mark.slow
def test_a_click_on_a_curve_picks_its_run_and_another_lab_takes_it_in(server, training_server, tmp_path, open_tab):
    page = open_table(open_tab(f"{server.url}/compare?runs=dense-128-dropout,small-cnn&view=Curves"))
    plot = page.locator(".st-key-compare-curves .js-plotly-plot")
    plot.hover()
    page.mouse.move(*page.evaluate(POINT_OF, "small-cnn (B)"))
    expect(plot.locator(".hovertext")).to_contain_text("small-cnn")
    page.mouse.click(*page.evaluate(POINT_OF, "small-cnn (B)"))
    expect(actions(page)).to_contain_text("1 picked: small-cnn")
    at_rest(page)
    with page.expect_download() as download:
        actions(page).get_by_role("button", name="Zip").click()
    page.get_by_role("button", name="Back", exact=True).click()
    expect(actions(page)).to_contain_text("2 picked: dense-128-dropout, small-cnn")
    other = RunStore(training_server.runs)
    page = open_table(open_tab(f"{training_server.url}/compare?runs=house-cnn"))
    page.get_by_role("button", name="Import").click()
    page.locator("input[type=file]").set_input_files({"name": "no.zip", "mimeType": "application/zip", "buffer": b"no"})
    expect(page.get_by_text("This is no zip file of runs")).to_be_visible()
    download.value.save_as(tmp_path / "small-cnn.zip")
    page.locator("input[type=file]").set_input_files(tmp_path / "small-cnn.zip")
    expect(actions(page)).to_contain_text("2 picked: house-cnn, small-cnn")
    (taken,) = [run for run in other.listing().runs if run.name == "small-cnn" and not run.bundled]
    assert taken.summary.test_accuracy == other.get("small-cnn").summary.test_accuracy
