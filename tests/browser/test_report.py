"""Taking things away from Compare: a figure as a picture, a drawing and a table, and the whole comparison."""

import csv

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import at_rest

pytestmark = pytest.mark.browser

PNG, SVG = b"\x89PNG\r\n", b"<svg"


def taken(page: Page, label: str) -> bytes:
    """What comes of one entry of the menu beside the curves."""
    menu = page.locator(".st-key-figure-compare-curves")
    entry = page.get_by_role("button", name=label)
    if not entry.is_visible():
        menu.get_by_test_id("stPopover").get_by_role("button").click()
    expect(entry).to_be_visible()
    at_rest(page)
    with page.expect_download() as download:
        entry.click()
    return download.value.path().read_bytes()


@pytest.mark.slow
def test_a_comparison_and_its_figures_are_taken_away(server, open_tab, browser, tmp_path):
    page = open_tab(f"{server.url}/compare")
    expect(page.locator(".st-key-compare-curves .js-plotly-plot")).to_be_visible()
    verdict = page.locator(".sentence").inner_text()
    assert taken(page, "Picture (PNG)").startswith(PNG)
    assert taken(page, "Drawing (SVG)").startswith(SVG)
    points = list(csv.DictReader(taken(page, "Table (CSV)").decode().splitlines()))
    assert any(value.startswith("dense-100x3-sigmoid") for point in points for value in point.values())
    page.keyboard.press("Escape")

    at_rest(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the comparison").click()
    assert download.value.suggested_filename.startswith("comparison-")
    file = tmp_path / "comparison.html"
    download.value.save_as(file)
    assert_opens_offline(browser, file, verdict)


def assert_opens_offline(browser, file, verdict):
    context = browser.new_context(offline=True, color_scheme="dark", viewport={"width": 390, "height": 800})
    report, asked, errors = context.new_page(), [], []
    report.on("request", lambda request: asked.append(request.url))
    report.on("console", lambda message: message.type == "error" and errors.append(message.text))
    report.on("pageerror", lambda error: errors.append(str(error)))
    report.goto(file.as_uri())
    expect(report.get_by_text(verdict)).to_be_visible()
    expect(report.locator(".js-plotly-plot")).to_have_count(
        6
    )  # curves, two matrices, their difference, two of confidence
    for plot in report.locator(".js-plotly-plot").all():
        expect(plot.locator(".main-svg").first).to_be_visible()
    assert report.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert report.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 20, 24)"
    assert [url for url in asked if not url.startswith("data:")] == [file.as_uri()]
    assert not errors
    context.close()
