"""The drawing canvas on a bad day: what is shown belongs to what is drawn, nothing drawn is lost, the style stays."""

import base64
import io
import random
import re
import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest
import requests
from PIL import Image
from playwright.sync_api import Error, Locator, Page, Route, expect

from mnist_lab.datasets import pens
from mnist_lab.images.preprocessing import prepare
from mnist_lab.images.strokes import resized
from mnist_lab.inference.predictor import Predictor
from mnist_lab.plots.pictures import data_url
from mnist_lab.store.runs import BUNDLED, DEFAULT_MODEL
from tests.browser.conftest import answer, at_rest, canvas, draw, ink, settled, wait_until
from tests.browser.test_pages import PAGES

pytestmark = pytest.mark.browser

DRAWINGS = 40
ANSWER = re.compile("/answer")
SEEN = ".st-key-prediction figure img"
STYLE = """() => {
  const look = (selector, ...names) => {
    const element = document.querySelector(selector);
    return element && names.map((name) => getComputedStyle(element)[name]);
  };
  return {
    ink: getComputedStyle(document.documentElement).getPropertyValue('--lab-ink'),
    bar: look('.bar i', 'height', 'backgroundColor', 'borderRadius'),
    digit: look('.answer .digit', 'fontSize', 'color'),
  };
}"""


@pytest.fixture
def burners() -> Iterator[None]:
    """Two processes that keep both cores busy."""
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(2)]
    yield
    for process in busy:
        process.kill()
        process.wait()


def picture(page: Page) -> np.ndarray:
    """What is on the canvas, uint8 (h, w)."""
    url = canvas(page).evaluate(
        "upper => upper.parentElement.querySelector('canvas.lower-canvas').toDataURL('image/png')"
    )
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("L"))


def size(page: Page) -> tuple[float, float]:
    """How large the canvas is shown, in CSS pixels."""
    box = canvas(page).bounding_box()
    return box["width"], box["height"]


def write(page: Page, strokes: list[np.ndarray], pause: int) -> None:
    """Draw strokes, (x, y) in [0, 1], with the mouse, so many milliseconds between two movements."""
    box = canvas(page).bounding_box()
    for stroke in strokes:
        points = [(box["x"] + float(x) * box["width"], box["y"] + float(y) * box["height"]) for x, y in stroke[::3]]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point)
            if pause:
                page.wait_for_timeout(pause)
        page.mouse.up()


@pytest.mark.slow
@pytest.mark.alone
def test_the_answer_is_that_to_the_drawing_while_both_cores_are_busy(tmp_path, start_server, open_tab, burners):
    written = [digit for digit in pens.load() if len(digit.strokes) >= 2]
    chosen = random.Random(0).sample(written, DRAWINGS)
    predictor = Predictor.load(BUNDLED / DEFAULT_MODEL / "model.tflite")
    server, wrong = start_server(tmp_path), []
    for number, digit in enumerate(chosen):
        if number % 10 == 0:  # drawn right after the page has opened
            page = open_tab(server.url)
        write(page, resized(digit.strokes, 0.7), pause=0 if number % 2 else 15)
        page.wait_for_timeout(2000)
        seen = prepare(picture(page))
        shown = answer(page).locator(".digit").inner_text(), page.locator(SEEN).get_attribute("src")
        if shown != (str(predictor.predict(seen).digit), data_url(seen)):
            wrong.append(number)
        page.get_by_role("button", name="Clear").click()
        expect(answer(page)).to_have_text(re.compile("draw a digit", re.IGNORECASE))
    assert not wrong


@pytest.mark.slow
def test_what_is_drawn_right_after_clear_stays_whole(server, open_tab):
    page = open_tab(server.url)
    draw(page, 7)
    whole = picture(page)
    for _ in range(3):
        page.get_by_role("button", name="Clear").click()
        draw(page, 7)  # the server does not know yet that the canvas was cleared
        page.wait_for_timeout(1000)
        assert np.array_equal(picture(page), whole)
        expect(answer(page)).to_have_text(re.compile(r"^\s*7"))


def at_last(page: Page) -> str | None:
    """What the network sees once that has not changed for a second, so that the whole stroke has been answered."""
    before, now = "", page.locator(SEEN).get_attribute("src")
    while now != before:
        page.wait_for_timeout(1000)
        before, now = now, page.locator(SEEN).get_attribute("src")
    return now


def test_a_picture_that_is_lost_goes_out_again_and_a_late_answer_changes_nothing(server, open_tab):
    page = open_tab(server.url)
    held: list[Route] = []
    page.route(ANSWER, lambda route: held.append(route), times=1)
    box = canvas(page).bounding_box()
    middle = box["x"] + 0.5 * box["width"]
    page.mouse.move(middle, box["y"] + 0.2 * box["height"])
    page.mouse.down()
    wait_until(page, lambda: bool(held))
    page.mouse.move(middle, box["y"] + 0.85 * box["height"], steps=5)
    expect(answer(page)).to_have_text(re.compile(r"^\s*1"))  # the pen is still down
    drawn = at_last(page)
    with page.expect_response(ANSWER):
        held[0].continue_()
    page.wait_for_timeout(200)
    assert page.locator(SEEN).get_attribute("src") == drawn
    page.mouse.up()


def test_what_no_canvas_sends_is_refused_and_a_model_that_is_none_told(server):
    def ask(content: str, **asked: str) -> requests.Response:
        return requests.post(f"{server.url}/answer", params=asked, data=content, timeout=10)

    one, blank = data_url(np.eye(28)), data_url(np.zeros((28, 28)))
    assert '<div class="digit">' in ask(one, canvas="one", model=DEFAULT_MODEL).text
    assert ask(blank, canvas="one", model=DEFAULT_MODEL).text == ""
    assert requests.post(f"{server.url}/below/answer?canvas=one&model={DEFAULT_MODEL}", data=one, timeout=10).ok
    for content in ("", "nonsense", "data:image/png;base64,AAAA", data_url(np.eye(600))):
        assert ask(content, canvas="one", model=DEFAULT_MODEL).status_code == 400
    assert ask(one, canvas="none", model=DEFAULT_MODEL).status_code == 400
    assert ask("A" * 2_100_000, canvas="one", model=DEFAULT_MODEL).status_code == 413
    for name in ("gone", "../secret", "<script>alert(1)</script>"):
        told = ask(one, canvas="one", model=name)
        assert told.ok
        assert '<div class="answer blank">' in told.text
        assert "<script" not in told.text


@pytest.mark.slow
def test_clear_empties_a_canvas_that_was_left_and_gives_a_pen(server, open_tab):
    page = open_tab(server.url)
    draw(page, 3)
    for title in ("Compare", "Draw"):
        page.get_by_test_id("stTopNavLink").filter(has_text=title).click()
        expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    page.get_by_role("button", name="Clear").click()
    assert ink(page) == 0
    draw(page, 7)
    expect(answer(page)).to_have_text(re.compile(r"^\s*7"))


@pytest.mark.slow
def test_the_canvas_has_no_buttons_but_our_own(server, open_tab):
    page = open_tab(server.url)
    canvas(page).hover()
    assert page.locator(".st-key-canvas").get_by_role("button").all_inner_texts() == [
        "Clear",
        "Undo",
        "a 7",
        "4 or 9?",
        "scribble",
    ]


@pytest.mark.slow
def test_keeping_a_drawing_leaves_the_page_as_it_looked(server, open_tab):
    page = open_tab(server.url)
    draw(page, 3)
    page.get_by_role("radio", name="My drawings").or_(page.get_by_role("button", name="My drawings")).first.click()
    before, large = settled(page).evaluate(STYLE), size(page)
    assert before["ink"]
    assert before["bar"]
    for name in ("3", "8"):
        option = page.locator(".st-key-it_was")
        option.get_by_role("button", name=name).or_(option.get_by_role("radio", name=name)).first.click()
        expect(page.get_by_text(f"Kept as a {name}.")).to_be_visible()
        assert settled(page).evaluate(STYLE) == before
        assert size(page) == large


def was_clicked(button: Locator) -> bool:
    """Clicks where the button is; False where the page grew beneath the pointer and pushed it out of view.

    One that is gone meanwhile needs no click.
    """
    if not button.count():
        return True
    button.evaluate("one => one.scrollIntoView({block: 'center'})")
    try:
        button.click(force=True)
    except Error as error:
        if "outside of the viewport" not in str(error):
            raise
        return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("title", PAGES)
def test_no_button_takes_the_style_away(tmp_path, start_server, open_tab, title):
    page = open_tab(start_server(tmp_path).url)
    draw(page, 3)
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    before, large = settled(page).evaluate(STYLE), size(page)
    page.get_by_test_id("stTopNavLink").filter(has_text=title).click()
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    buttons = settled(page).get_by_test_id("stMain").locator("button:visible:enabled")
    for place in range(min(buttons.count(), 40)):
        button = at_rest(page).get_by_test_id("stMain").locator("button:visible:enabled").nth(place)
        if not button.is_visible():
            continue
        wait_until(page, lambda button=button: was_clicked(button))
        page.keyboard.press("Escape")
        assert settled(page).evaluate(STYLE)["ink"] == before["ink"]
    if settled(page).get_by_role("button", name="Leave").is_visible():  # where Present was among them
        page.get_by_role("button", name="Leave").click()
        expect(page.get_by_role("button", name="Present")).to_be_visible()
    if title != "Draw":
        page.get_by_test_id("stTopNavLink").filter(has_text="Draw").click()
        expect(page.get_by_role("heading", name="Draw", exact=True)).to_be_visible()
    inputs = settled(page).locator(".st-key-source")
    inputs.get_by_role("radio", name="Draw").or_(inputs.get_by_role("button", name="Draw")).first.click()
    page.get_by_role("button", name="Clear").click()
    draw(page, 3)
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    wait_until(page, lambda: page.evaluate(STYLE) == before)
    assert size(page) == large
