"""A teacher compares two runs: the verdict, what is mistaken for what, the images, one of them on the canvas."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from mnist_lab.comparing.mistakes import exchange
from mnist_lab.config.train_config import parse
from mnist_lab.store.runs import RunStore
from tests.browser.conftest import SLOW, answer, at_rest, canvas, open_table, wait_until
from tests.browser.test_compare_table import finished

pytestmark = pytest.mark.browser

PATIENT = 90_000  # milliseconds, for the first chart on a busy machine
COST = ".st-key-cost .js-plotly-plot"
STRUCK_THROUGH = """(plot) => {
    const texts = [...plot.querySelectorAll('.annotation-text')]
    const boxes = texts.map((one) => [one.textContent, one.getBoundingClientRect()])
    const inside = ({left, right, top, bottom}, x, y) => left < x && x < right && top + 2 < y && y < bottom - 2
    const meet = (one, other) => one.left < other.right && other.left < one.right
        && one.top < other.bottom && other.top < one.bottom
    const struck = new Set()
    const drawn = ['.scatterlayer path.point', '.scatterlayer path.js-line', '.shapelayer path']
    for (const path of plot.querySelectorAll(drawn.join())) {
        const matrix = path.getScreenCTM(), length = path.getTotalLength()
        for (let at = 0; at <= length; at += 2) {
            const {x, y} = path.getPointAtLength(at).matrixTransform(matrix)
            for (const [text, box] of boxes) if (inside(box, x, y)) struck.add(text)
        }
    }
    for (const [text, one] of boxes) for (const [other, box] of boxes)
        if (text < other && meet(one, box)) struck.add(`${text} and ${other}`)
    return [texts.length, ...struck]
}"""


def click_cell(page: Page, chart: str, label: int, read_as: int) -> None:
    """Click a cell of a confusion matrix."""
    field = page.locator(f".st-key-{chart} .nsewdrag")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    assert box
    field.click(position={"x": (read_as + 0.5) * box["width"] / 10, "y": (label + 0.5) * box["height"] / 10})


def images(place: Locator) -> Locator:
    return place.get_by_role("button", name=re.compile("Test image"))


def test_from_the_verdict_to_one_image_on_the_canvas(mnist, server, open_tab):
    store = RunStore(server.runs)
    first, second = [run for run in store.listing().runs if run.bundled][:2]
    one, two = store.evaluation(first.id), store.evaluation(second.id)
    page = open_tab(f"{server.url}/compare?runs={first.id},{second.id}")
    expect(page.locator(".sentence")).to_contain_text(f"{first.name} (A) is better")
    page.get_by_text("How sure is this?").click()
    expect(page.get_by_text("exact McNemar test")).to_be_visible()
    page.keyboard.press("Escape")

    page.get_by_role("radio", name="Mistakes").click()
    expect(
        page.get_by_role("radio", name=f"Broken by {first.name} (A) ({len(exchange(two, one).broken)})")
    ).to_be_visible()
    click_cell(page, "confusion-1", 4, 9)
    cell = page.locator(".st-key-cell")
    expect(cell.get_by_role("heading", name="A 4 read as a 9")).to_be_visible()
    expect(images(cell)).to_have_count(int(one.confusion_matrix[4, 9] + two.confusion_matrix[4, 9]))
    images(cell).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text(f"{first.name} (A) reads a 9")).to_be_visible()
    expect(dialog.get_by_role("link", name="Look inside").first).to_have_attribute(
        "href", re.compile(rf"explore\?run={first.id}&image=\d+$")
    )
    with page.expect_popup() as opened:
        dialog.get_by_role("link", name="Draw on it").click()
    canvas(opened.value)
    expect(answer(opened.value).locator(".digit")).to_have_text(re.compile(r"^\d$"))


@pytest.mark.slow
@pytest.mark.parametrize("size", [(1280, 800), (390, 844)], ids=["laptop", "phone"])
def test_the_verdict_comes_first_and_the_two_can_be_exchanged_and_changed(server, open_tab, size):
    width, height = size
    page = open_tab(
        f"{server.url}/compare?runs=small-cnn,dense-128-dropout", viewport={"width": width, "height": height}
    )
    verdict = page.locator(".sentence")
    expect(verdict).to_contain_text("small-cnn (A) is better")
    for first in (verdict, page.locator(".intervals"), page.get_by_role("radio", name="Curves")):
        box = at_rest(page) and first.bounding_box()
        assert box["y"] + box["height"] <= height
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    page.get_by_role("button", name="Swap").click()
    expect(verdict).to_contain_text("small-cnn (B) is better")
    page.get_by_role("combobox", name="Run A").click()
    page.get_by_role("option", name="dense-1024", exact=True).click()
    expect(verdict).to_contain_text("dense-1024 (A)")
    expect(page).to_have_url(re.compile("runs=dense-1024%2Csmall-cnn"))
    page.get_by_role("combobox", name="Run B").click()
    page.get_by_role("option", name="dense-1024", exact=True).click()  # what A is: they change places
    expect(verdict).to_contain_text("small-cnn (A) is better")
    rows = open_table(page).get_by_test_id("stDataFrame").locator("tr")
    expect(rows.nth(1)).to_contain_text("small-cnn")
    expect(rows.nth(2)).to_contain_text("dense-1024")
    page.get_by_role("button", name="Fold the table").click()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
    expect(verdict).to_contain_text("small-cnn (A) is better")


@pytest.mark.slow
def test_what_one_setting_does_is_told_once_the_missing_runs_are_trained(training_server, open_tab):
    store = RunStore(training_server.runs)
    first = parse({"train_images": 500, "epochs": 1, "units": 8})
    second = parse({"units": 16, "dropout": 0.5}, first)
    both = [finished(store, "first", first), finished(store, "second", second)]
    page = open_tab(f"{training_server.url}/compare?runs={','.join(both)}&view=Settings")
    expect(page.get_by_text("differ in 2 settings at once: units and dropout.")).to_be_visible()
    expect(page.locator("table.layers .differs")).not_to_have_count(0)
    at_rest(page).get_by_role("button", name="Train them").click()

    def trained() -> list[str]:
        runs = [run for run in store.listing().runs if run.asked.group == "first, one change at a time"]
        return sorted(run.name for run in runs if run.summary)

    wait_until(page, lambda: trained() == ["dropout 0.5", "units 16"], SLOW / 1000)
    page.reload()
    expect(page.locator(".st-key-slice-units .js-plotly-plot")).to_be_visible(timeout=PATIENT)
    expect(page.locator(".st-key-slice-dropout .js-plotly-plot")).to_be_visible()
    expect(page.get_by_text("Nobody can say")).to_have_count(0)


@pytest.mark.slow
def test_on_screens_of_all_widths_names_beside_costs_are_struck_through_by_nothing(server, open_tab):
    ids = ",".join(run.id for run in RunStore(server.runs).listing().runs if run.bundled)
    page = open_tab(f"{server.url}/compare?runs={ids}&view=Cost")
    plot = page.locator(COST)
    expect(plot).to_be_visible(timeout=PATIENT)
    for width, most, fewest in ((1400, 30, 12), (1000, 30, 10), (390, 10, 4)):
        page.set_viewport_size({"width": width, "height": 1000})  # which the browser tells, and another figure comes

        def is_so(most: int = most, fewest: int = fewest) -> bool:
            if plot.count() > 1:  # one gives way to the next
                return False
            count, *struck = plot.evaluate(STRUCK_THROUGH)
            return not struck and fewest <= count <= most

        wait_until(page, is_so)


@pytest.mark.slow
def test_a_worker_measures_robustness_once_for_all(mnist, server, open_tab):
    address = f"{server.url}/compare?runs=dense-128-dropout,small-cnn&view=Robustness"
    page = open_tab(address)
    page.get_by_role("button", name="Measure 2 runs").click()
    expect(page.get_by_text(re.compile("^Mean of the 15|Clean: dense-128-dropout"))).to_be_visible(timeout=SLOW)
    expect(page.locator(".st-key-robustness-strengths .js-plotly-plot")).to_be_visible()
    expect(page.get_by_text("dense-128-dropout (A) misreads")).to_be_visible()
    expect(page.locator(".strip figcaption").first).to_have_text(re.compile(r"\d read as \d"))
    other = at_rest(open_tab(address))
    expect(other.get_by_text("dense-128-dropout (A) misreads")).to_be_visible()
    expect(other.get_by_role("button", name=re.compile("Measure"))).to_have_count(0)
