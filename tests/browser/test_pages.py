"""What holds for every page: deep links, damaged runs, offline data."""

import re

import pytest
from playwright.sync_api import expect

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.runs import RunStore
from tests.browser.conftest import answer, at_rest, draw, ink, wait_until

pytestmark = pytest.mark.browser

PAGES = ("Draw", "Train", "Compare", "Explore", "Lessons", "Class")


@pytest.mark.slow
@pytest.mark.parametrize("title", PAGES)
def test_a_deep_link_is_right_as_the_first_request_of_a_fresh_server(tmp_path, start_server, open_tab, title):
    page = open_tab(f"{start_server(tmp_path).url}/{title.lower()}")
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    navigation = page.get_by_test_id("stTopNavLink")
    expect(navigation).to_have_text(list(PAGES))
    expect(page.get_by_role("link", name=title, exact=True)).to_have_attribute("aria-current", "page")
    for name in PAGES:
        page.get_by_role("link", name=name, exact=True).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()


def test_on_a_phone_the_menu_is_in_words_and_large_enough_for_a_thumb(server, open_tab):
    page = open_tab(server.url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    for name in (*PAGES[1:], PAGES[0]):
        link = page.locator(".st-key-menu").get_by_role("link", name=name, exact=True)
        wait_until(page, lambda link=link: link.bounding_box()["height"] >= 44)
        link.tap()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(1)  # Streamlit's own is hidden


@pytest.mark.slow
def test_compare_names_a_damaged_run_and_shows_the_others(tmp_path, start_server, open_tab):
    damaged = RunStore(tmp_path).create(TrainConfig(), "damaged")
    (tmp_path / damaged.id / "config.json").write_text("{")
    page = open_tab(f"{start_server(tmp_path).url}/compare")
    expect(page.get_by_text(damaged.id)).to_be_visible()
    expect(page.locator(".sentence")).to_contain_text("is better")


def test_on_a_wall_type_is_large_on_every_page_until_one_leaves(server, open_tab):
    page = open_tab(f"{server.url}/compare?runs=small-cnn,dense-128-dropout", viewport={"width": 1280, "height": 800})

    def sizes() -> list[float]:
        return at_rest(page).evaluate(
            "() => ['.sentence', '.js-plotly-plot .xtick text', '[data-testid=stButtonGroup] button p'].map("
            "(one) => parseFloat(getComputedStyle(document.querySelector(one)).fontSize))"
        )

    expect(page.locator(".js-plotly-plot .xtick").first).to_be_visible()
    usual, report = sizes(), page.get_by_role("button", name="Download the comparison")
    expect(report).to_be_visible()
    page.get_by_role("button", name="Present").click()
    expect(page).to_have_url(re.compile("present=1"))
    expect(report).to_be_hidden()
    assert sizes() == pytest.approx([1.3 * size for size in usual], rel=0.02)
    verdict = page.locator(".sentence").bounding_box()
    assert verdict["y"] + verdict["height"] < 800 / 2  # and still the first thing that one sees

    page.get_by_role("link", name="Draw", exact=True).click()
    draw(page, 3)
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    expect(page).to_have_url(re.compile("present=1"))
    expect(page.get_by_label("Pen width")).to_be_hidden()
    drawn = ink(page)
    page.get_by_role("button", name="Leave").click()
    expect(page.get_by_label("Pen width")).to_be_visible()
    expect(page).not_to_have_url(re.compile("present"))
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    assert ink(page) == drawn
    other = open_tab(f"{server.url}/train?present=1&units=64", viewport={"width": 1280, "height": 800})
    expect(other.get_by_role("button", name="Leave")).to_be_visible()
    expect(other.get_by_label("Link")).to_be_hidden()
    expect(other.get_by_role("button", name="Start from: My own")).to_be_visible()
