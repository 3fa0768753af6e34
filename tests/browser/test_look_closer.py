"""What the Draw page shows beyond the answer, with the mouse and with a finger."""

import io
import re
import zipfile

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import STROKES, answer, at_rest, canvas, draw, settled, tabs, wait_until

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
SCRIBBLE = [(0.1, 0.1), (0.9, 0.3), (0.1, 0.5), (0.9, 0.6), (0.2, 0.9), (0.8, 0.1), (0.3, 0.95), (0.9, 0.9)]


def touch(page: Page, digit: int) -> None:
    """Draw a digit with a finger."""
    box = canvas(page).bounding_box()
    finger = page.context.new_cdp_session(page)
    for stroke in STROKES[digit]:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        for number, (x, y) in enumerate(points):
            kind = "touchMove" if number else "touchStart"
            finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def press(page: Page, name: str) -> None:
    settled(page).get_by_role("button", name=name, exact=True).or_(
        page.get_by_role("radio", name=name, exact=True)
    ).first.click()


def look(page: Page, view: str) -> Locator:
    press(page, view)
    return page.locator(".st-key-closer-view")


@pytest.fixture(scope="module")
def drawn(server, browser):
    """A page with a 3 on its canvas, for tests that only look at it."""
    with tabs(browser) as open_tab:
        page = open_tab(server.url)
        draw(page, 3)
        yield settle(page)


def settle(page: Page) -> Page:
    """The page, once it has read a 3 and the canvas has sent its strokes."""
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    expect(page.get_by_role("button", name="Share")).to_be_visible()
    return page


@pytest.mark.slow
def test_the_bars_move_while_the_pen_does(server, open_tab):
    page = open_tab(server.url)
    box = canvas(page).bounding_box()
    page.mouse.move(box["x"] + 150, box["y"] + 80)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 330, steps=10)
    expect(answer(page)).to_have_text(re.compile(r"^\s*1"))  # the pen is still down
    page.mouse.up()


@pytest.mark.slow
def test_the_answer_never_flickers_while_the_pen_moves(server, open_tab):
    page = open_tab(server.url)
    draw(page, 3)
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    page.evaluate(
        """() => { window.gaps = 0; window.frames = 0; const look = () => {
          const image = document.querySelector('.st-key-prediction img');
          const digit = document.querySelector('.st-key-prediction .digit')?.textContent;
          window.frames += 1; if (!digit || !image?.complete || !image.naturalWidth) window.gaps += 1;
          requestAnimationFrame(look); }; look(); }"""
    )
    for _ in range(3):
        draw(page, 3)
    assert page.evaluate("window.frames") > 10
    assert page.evaluate("window.gaps") == 0


@pytest.mark.slow
def test_no_stroke_is_lost_however_quickly_they_follow(server, open_tab):
    page = open_tab(server.url)
    box = canvas(page).bounding_box()
    places = [(0.15 + 0.23 * column, 0.2 + 0.2 * row) for row in range(4) for column in range(4)]
    for x, y in places:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.mouse.down()
        page.mouse.move(box["x"] + (x + 0.05) * box["width"], box["y"] + y * box["height"])
        page.mouse.up()
    page.wait_for_timeout(1500)
    brightness = canvas(page).evaluate(
        """(upper, places) => { const lower = upper.parentElement.querySelector('canvas.lower-canvas');
          return places.map(([x, y]) => lower.getContext('2d').getImageData(
            (x + 0.025) * lower.width, y * lower.height, 1, 1).data[0]) }""",
        places,
    )
    assert min(brightness) > 200


@pytest.mark.slow
def test_the_last_picture_and_the_strokes_agree(server, open_tab):
    page, pictures = open_tab(server.url), []
    page.on("request", lambda request: pictures.append(request) if "/answer?" in request.url else None)
    draw(page, 3)
    page.wait_for_timeout(2000)
    settle(page)
    last = pictures[-1].response()  # answers may come in another order than their pictures went out
    text = "html => Object.assign(document.createElement('div'), { innerHTML: html }).textContent"
    expect(answer(page).locator(".answer")).to_have_text(page.evaluate(text, last.text()))


@pytest.mark.slow
def test_a_finger_draws_and_looks_closer_on_a_phone(server, open_tab):
    page = open_tab(server.url, **PHONE)
    touch(page, 3)
    view = look(settle(page), "X-ray")
    expect(view.locator("figcaption b").last).to_have_text("3")
    expect(look(page, "Wobble").locator(".js-plotly-plot .scatterlayer .trace")).to_have_count(4)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["viewport"]["width"]


@pytest.mark.slow
def test_x_ray_shows_each_step_and_can_leave_it_out(drawn):
    view = look(drawn, "X-ray")
    expect(view.locator("figure")).to_have_count(6)
    expect(view.locator("figcaption b").last).to_have_text("3")
    view.get_by_role("button", name="even strokes").or_(view.get_by_role("checkbox", name="even strokes")).first.click()
    expect(view.locator("figure")).to_have_count(5)


def test_every_model_answers_at_once(drawn):
    view = look(drawn, "Every model")
    expect(view.get_by_text("They agree")).to_be_visible()
    expect(view.locator("table.models tr")).to_have_count(4)


def test_what_it_looked_at_is_shown_over_the_drawing(drawn):
    expect(look(drawn, "What it looked at").get_by_alt_text("Occlusion map")).to_be_visible()


@pytest.mark.slow
def test_wobble_draws_a_curve_for_every_model(drawn):
    view = look(drawn, "Wobble")
    expect(view.locator(".js-plotly-plot .scatterlayer .trace")).to_have_count(4)


@pytest.mark.slow
def test_dirt_changes_what_the_network_gets(drawn):
    view = look(drawn, "Dirty paper")
    clean, dirty = view.locator(".strip img").first, view.locator(".strip img").last
    expect(view.locator(".strip figure")).to_have_count(2)
    expect(dirty).not_to_have_attribute("src", clean.get_attribute("src"))
    expect(view.locator("table.models tr")).to_have_count(4)
    view.get_by_role("button", name="impulse noise").or_(view.get_by_role("checkbox", name="impulse noise")).click()
    expect(dirty).to_have_attribute("src", clean.get_attribute("src"))


def test_replay_draws_it_again_and_says_when_it_decided(drawn):
    view = look(drawn, "Replay")
    expect(view.get_by_text("It decided on 3")).to_be_visible()
    player, slider = view.locator(".replay"), view.get_by_role("slider", name="How much is drawn")
    expect(player.locator(".bar.first [data-digit]")).to_have_attribute("data-digit", "3")
    expect(slider).to_have_js_property("value", "23")
    whole = player.locator("img").get_attribute("src")
    player.get_by_role("button", name="Play").click()
    expect(player.get_by_role("button", name="Pause")).to_be_visible()
    expect(player.locator("img")).not_to_have_attribute("src", whole)
    expect(player.get_by_role("button", name="Play")).to_be_visible()  # over, and whole again
    expect(player.locator("img")).to_have_attribute("src", whole)
    slider.fill("3")
    expect(player.locator("img")).not_to_have_attribute("src", whole)


def test_nearest_shows_training_images_of_the_digit(drawn, mnist):
    view = look(drawn, "Nearest")
    expect(view.locator(".nearest figcaption").first).to_have_text("3")


def test_own_drawings_are_kept_on_a_click_downloaded_and_deleted(drawn):
    view = look(drawn, "My drawings")
    three = view.get_by_role("button", name="3", exact=True).or_(view.get_by_role("radio", name="3", exact=True))
    expect(three).to_be_visible()
    expect(view.get_by_role("button", name="Delete")).to_have_count(0)
    three.click()
    expect(view.get_by_text("3, read as 3")).to_be_visible()
    at_rest(drawn)  # a button that is drawn anew while it is pressed has not been pressed
    with drawn.expect_download() as download:
        view.get_by_role("button", name="Download all").click()
    assert "labels.csv" in zipfile.ZipFile(download.value.path()).namelist()
    view.get_by_role("button", name="Delete").click()
    expect(view.get_by_role("button", name="Delete")).to_have_count(0)


@pytest.mark.slow
def test_a_link_opens_the_same_drawing_for_somebody_else(drawn, open_tab):
    drawn.get_by_role("button", name="Share").click()
    link = drawn.locator("[data-testid=stPopoverBody] code").inner_text()
    other = open_tab(link)
    expect(answer(other)).to_have_text(re.compile(r"^\s*3"))


@pytest.mark.slow
def test_a_damaged_link_says_so(server, open_tab):
    page = open_tab(f"{server.url}/?drawing=1damaged")
    expect(page.get_by_text("holds no drawing that can be read")).to_be_visible()
    expect(answer(page)).to_contain_text("Draw a digit")


def test_a_scribble_does_not_look_like_a_digit(server, open_tab, mnist):
    page = open_tab(server.url)
    box = canvas(page).bounding_box()
    page.mouse.move(box["x"] + SCRIBBLE[0][0] * box["width"], box["y"] + SCRIBBLE[0][1] * box["height"])
    page.mouse.down()
    for x, y in SCRIBBLE[1:]:
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=6)
    page.mouse.up()
    expect(answer(page)).to_contain_text("does not look like a digit")
    expect(answer(page).locator(".opinions b")).to_have_text(["", "", ""])
    expect(page.locator(".st-key-doubt .nearest figure")).to_have_count(8)


@pytest.mark.slow
def test_no_page_asks_on_for_training_images_that_it_shows(tmp_path, start_server, open_tab, mnist):
    server = start_server(tmp_path)  # a fresh one, which has to put them in order first
    page, sent = open_tab("about:blank"), []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    page.goto(server.url)
    draw(page, 3)
    view = look(page, "Nearest")
    expect(view.get_by_text("Putting the training images in order")).to_be_visible()
    expect(view.locator(".nearest figure")).to_have_count(8)
    draw(page, 3)  # once more, on top
    page.wait_for_timeout(1500)
    sent.clear()
    page.wait_for_timeout(2500)
    assert not sent


@pytest.mark.slow
def test_several_digits_are_read_one_by_one(server, open_tab):
    page = open_tab(server.url)
    press(page, "Several digits")
    wide = page.locator(".st-key-canvas-several canvas.upper-canvas")
    wide.wait_for()
    box = wide.bounding_box()
    for place, digit in enumerate((7, 3, 7)):
        points = [
            (box["x"] + (place + x) / 3 * box["width"], box["y"] + y * box["height"]) for x, y in STROKES[digit][0]
        ]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=6)
        page.mouse.up()
    expect(answer(page).locator(".number")).to_have_text("737")
    expect(answer(page).locator(".card .bars")).to_have_count(3)


@pytest.mark.slow
def test_an_uploaded_image_is_read_and_a_hostile_one_refused(server, open_tab, mnist):
    page = open_tab(server.url)
    press(page, "Upload")
    upload = page.locator("[data-testid=stFileUploader] input[type=file]")
    paper = io.BytesIO()
    Image.fromarray(255 - mnist.x_test[0]).resize((200, 200)).save(paper, "PNG")
    upload.set_input_files({"name": "seven.png", "mimeType": "image/png", "buffer": paper.getvalue()})
    expect(answer(page)).to_have_text(re.compile(r"^\s*7"))
    upload.set_input_files({"name": "broken.png", "mimeType": "image/png", "buffer": paper.getvalue()[:60]})
    expect(page.get_by_text("damaged or incomplete")).to_be_visible()
    expect(page.get_by_text("Traceback")).to_have_count(0)


@pytest.mark.slow
def test_a_photo_is_read(server, open_tab):
    page = open_tab(server.url, permissions=["camera"])
    press(page, "Camera")
    page.wait_for_function("document.querySelector('video')?.videoWidth > 0")
    taken = page.get_by_role("button", name="Clear photo")

    def is_taken() -> bool:  # a camera that has not yet given a whole picture takes none
        if not taken.is_visible():
            page.get_by_role("button", name="Take Photo").click()
            page.wait_for_timeout(1000)
        return taken.is_visible()

    wait_until(page, is_taken)
    expect(answer(page).locator(".bars").first).to_be_visible()
    expect(answer(page)).not_to_contain_text("Draw a digit")


@pytest.mark.slow
def test_a_test_image_can_be_taken_instead(server, open_tab, mnist):
    page = open_tab(server.url)
    press(page, "Test image")
    number = page.get_by_label("Test image", exact=True).last
    number.fill("0")
    number.press("Enter")
    expect(page.get_by_text("It is labelled 7.")).to_be_visible()
    expect(answer(page)).to_have_text(re.compile(r"^\s*7"))
    wait_until(page, lambda: answer(page).locator(".bar").count() == 10)
