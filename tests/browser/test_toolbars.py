"""The tools of tables and charts cover nothing that somebody may want to read or press."""

import ast
from pathlib import Path

import pytest
from playwright.sync_api import Error, Locator, Page, expect

from mnist_lab import ui
from tests.browser.conftest import at_rest, open_table, view, wait_until

pytestmark = pytest.mark.browser

COVERED = """() => {
    const TOOLS = '[data-testid=stElementToolbarButtonContainer], .modebar, '
        + '[class*=st-key-figure-] [data-testid=stPopover] button'
    const isSeen = (one) => {
        for (let part = one; part; part = part.parentElement)
            if (Number(getComputedStyle(part).opacity) < 0.05) return false
        return one.checkVisibility({visibilityProperty: true})  // not in an expander that is closed
    }
    const things = []
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const parent = node.parentElement
        if (!node.textContent.trim() || parent.closest(`${TOOLS}, canvas, script, style`) || !isSeen(parent)) continue
        const range = document.createRange()
        range.selectNodeContents(node)
        for (const box of range.getClientRects()) things.push([node.textContent.trim(), box])
    }
    for (const one of document.querySelectorAll('button, input, a, [role=radio], [data-testid=stDataFrame] canvas'))
        if (!one.closest(TOOLS) && isSeen(one))
            things.push([one.innerText || one.getAttribute('aria-label') || one.tagName, one.getBoundingClientRect()])
    const found = []
    for (const tool of document.querySelectorAll(TOOLS)) {
        if (!isSeen(tool)) continue
        const own = tool.getBoundingClientRect()
        const others = [...document.querySelectorAll(TOOLS)].filter((one) => one !== tool && isSeen(one))
            .map((one) => ['another tool', one.getBoundingClientRect()])
        for (const [what, box] of [...things, ...others]) {
            const wide = Math.min(own.right, box.right) - Math.max(own.left, box.left)
            const high = Math.min(own.bottom, box.bottom) - Math.max(own.top, box.top)
            if (wide > 1 && high > 1) found.push(`${tool.className || tool.innerText} covers ${what}`)
        }
    }
    return found
}"""
TABLE_TOOLS = "[data-testid=stElementToolbarButtonContainer]"
LAPTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def covered(page: Page, phone: bool) -> list[str]:
    """What tools cover, with the mouse above or a finger on each table and chart."""
    found = []
    for one in page.get_by_test_id("stDataFrame").or_(page.locator(".js-plotly-plot")).all():
        if one.is_visible():
            reach(one, phone)
            found += page.evaluate(COVERED)
    return sorted(set(found))


def reach(one: Locator, phone: bool) -> None:
    """Point at a table or a chart, until the tools that it has have come."""

    def is_there() -> bool:
        try:
            at_rest(one.page)
            one.scroll_into_view_if_needed()  # which waits until it is seen and stays where it is
        except Error:  # it gave way to the next, which is in its place
            return False
        return True

    wait_until(one.page, is_there)
    box = one.bounding_box()
    assert box
    place = box["x"] + 30, box["y"] + 60  # clear of the boxes that pick a row
    one.page.touchscreen.tap(*place) if phone else one.page.mouse.move(*place)
    one.page.wait_for_timeout(400)
    at_rest(one.page)  # on a busy machine, they are still on their way to their place


@pytest.mark.slow
@pytest.mark.parametrize("device", [LAPTOP, PHONE], ids=["laptop", "phone"])
def test_no_tool_of_a_table_or_a_chart_covers_anything(mnist, server, lab, open_tab, device):
    phone = device is PHONE
    page = at_rest(open_tab(f"{server.url}/compare?runs=dense-128-dropout,small-cnn,house-cnn", **device))
    open_table(page)
    expect(page.locator(TABLE_TOOLS).first).to_be_attached()
    found = {"three runs": covered(page, phone)}
    page.goto(f"{server.url}/compare?runs=dense-128-dropout,small-cnn")
    for name in ("Mistakes", "Digits", "Writers", "Confidence", "Cost", "Settings", "Curves"):
        view(page, name)
        found[name] = covered(page, phone)
    page.goto(f"{server.url}/explore?run=dense-128-dropout&image=9&view=One+neuron")
    found["One neuron"] = covered(at_rest(page), phone)
    page.goto(f"{lab.url}/train")
    at_rest(page).get_by_text("All trials").click()
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    found["Train"] = covered(at_rest(page), phone)
    assert not {name: things for name, things in found.items() if things}


def test_charts_have_tools_only_where_the_lab_says_which():
    for path in sorted(Path(ui.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "plotly_chart":
                assert "config" in [each.arg for each in node.keywords], f"{path.name}:{node.lineno}"
