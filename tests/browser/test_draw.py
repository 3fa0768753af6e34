"""The Draw page, with the mouse and with a finger."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import answer, at_rest, canvas, draw, ink, wait_until
from tests.conftest import slow_but

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("digit", slow_but([7, 3], 7))
def test_reads_a_drawn_digit(server, open_tab, digit):
    page = open_tab(server.url)
    draw(page, digit)
    expect(answer(page)).to_have_text(re.compile(rf"^\s*{digit}"))
    expect(answer(page).locator(".bar")).to_have_count(10)
    expect(answer(page).get_by_alt_text("28 by 28")).to_be_visible()


def test_three_networks_say_what_they_read_and_nothing_moves(server, open_tab):
    page = open_tab(server.url)
    said, model = answer(page).locator(".opinions b"), at_rest(page).get_by_role("combobox", name="Model")
    expect(said).to_have_text(["", "", ""])
    before = model.bounding_box()
    draw(page, 3)
    expect(said).to_have_text(["3", "3", "3"])
    assert at_rest(page).get_by_role("combobox", name="Model").bounding_box()["y"] == pytest.approx(before["y"], abs=2)


@pytest.mark.slow
def test_a_blank_canvas_guesses_nothing(server, open_tab):
    page = open_tab(server.url)
    expect(answer(page)).to_have_text(re.compile("draw a digit", re.IGNORECASE))
    assert not re.search(r"\d", answer(page).inner_text())


def test_clear_empties_the_canvas_and_the_answer(server, open_tab):
    page = open_tab(server.url)
    draw(page, 7)
    expect(answer(page)).to_have_text(re.compile(r"^\s*7"))
    page.get_by_role("button", name="Clear").click()
    expect(answer(page)).to_have_text(re.compile("draw a digit", re.IGNORECASE))
    wait_until(page, lambda: ink(page) == 0)
    draw(page, 3)
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))


def test_an_example_draws_itself_and_gives_way(server, open_tab):
    page = open_tab(server.url)
    page.get_by_role("button", name="a 7", exact=True).click()
    expect(answer(page)).to_have_text(re.compile(r"^\s*7"))
    page.get_by_role("button", name="scribble").click()
    expect(answer(page)).to_contain_text("does not look like a digit")
    page.get_by_role("button", name="scribble").click()
    wait_until(page, lambda: page.evaluate("mnistLabDrawings.get('one').growing !== null"))
    page.get_by_role("button", name="Clear").click()
    page.wait_for_timeout(500)
    assert ink(page) == 0
    page.get_by_role("button", name="scribble").click()
    wait_until(page, lambda: page.evaluate("mnistLabDrawings.get('one').growing !== null"))
    draw(page, 7)
    drawn = page.evaluate("mnistLabDrawings.get('one').strokes.length")
    page.wait_for_timeout(1000)
    assert page.evaluate("mnistLabDrawings.get('one').strokes.length") == drawn
    assert page.evaluate("mnistLabDrawings.get('one').growing === null")


@pytest.mark.slow
def test_undo_takes_back_the_last_stroke_again_and_again(server, open_tab):
    page = open_tab(server.url)
    undo = page.get_by_role("button", name="Undo")
    draw(page, 7)
    expect(answer(page)).to_have_text(re.compile(r"^\s*7"))
    expect(page.get_by_role("button", name="Share")).to_be_visible()
    for pause in (0, 1000):  # before the canvas has sent the new stroke, and after it
        draw(page, 3)
        expect(answer(page)).not_to_have_text(re.compile(r"^\s*7"))
        page.wait_for_timeout(pause)
        undo.click()
        expect(answer(page)).to_have_text(re.compile(r"^\s*7"))
        page.wait_for_timeout(1000)
        expect(answer(page)).to_have_text(re.compile(r"^\s*7"))


@pytest.mark.slow
def test_the_drawing_survives_a_visit_to_another_page(server, open_tab):
    page = open_tab(server.url)
    draw(page, 3)
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    expect(page.get_by_role("button", name="Share")).to_be_visible()  # the canvas has sent its strokes
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    wait_until(page, lambda: ink(page) > 1000)


@pytest.mark.slow
def test_two_tabs_do_not_see_each_others_drawing(server, open_tab):
    one, two = open_tab(server.url), open_tab(server.url)
    draw(one, 7)
    expect(answer(one)).to_have_text(re.compile(r"^\s*7"))
    draw(two, 3)
    expect(answer(two)).to_have_text(re.compile(r"^\s*3"))
    expect(answer(one)).to_have_text(re.compile(r"^\s*7"))


@pytest.mark.parametrize("width", slow_but([390, 360, 320], 390))
def test_a_phone_shows_the_whole_canvas_the_answer_and_clear(server, open_tab, width):
    page = open_tab(server.url, viewport={"width": width, "height": 844}, has_touch=True, color_scheme="dark")
    box = canvas(page).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert box["y"] + box["height"] < 844
    assert page.get_by_role("button", name="Clear").bounding_box()["y"] < 844
    draw(page, 7)
    expect(answer(page)).to_have_text(re.compile(r"^\s*7"))
    page.wait_for_timeout(1000)  # until the canvas has sent its strokes, too
    assert answer(page).locator(".digit").bounding_box()["y"] < 760
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_the_model_can_be_changed_and_stays_chosen(server, open_tab):
    page = open_tab(server.url)
    draw(page, 7)
    expect(answer(page)).to_have_text(re.compile(r"^\s*7"))
    page.get_by_role("combobox", name="Model").click()
    page.get_by_role("option", name=re.compile("dense-128-dropout")).first.click()
    expect(page.get_by_text("101,770 parameters")).to_be_visible()  # what is chosen has come to the server
    expect(answer(page)).to_have_text(re.compile(r"^\s*7"))
    page.get_by_role("link", name="Train").click()
    expect(page.get_by_role("heading", name="Train")).to_be_visible()
    page.get_by_role("link", name="Draw").click()
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("dense-128-dropout"))
