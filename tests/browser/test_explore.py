"""A drawing on its way through a network, and back to where it was drawn."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from mnist_lab.store.runs import RunStore
from tests.browser.conftest import answer, at_rest, draw, wait_until

pytestmark = pytest.mark.browser


def look(page: Page, view: str) -> None:
    page.get_by_role("radio", name=view, exact=True).or_(
        page.get_by_role("button", name=view, exact=True)
    ).first.click()


def worst(run: str) -> int:
    return int(RunStore("nowhere").evaluation(run).hardest()[0])


def test_a_drawing_walks_through_the_network_and_back(server, open_tab):
    page = open_tab(server.url)
    draw(page, 3)
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    page.get_by_text("Watch it run through the network").click()
    expect(page.get_by_role("heading", name="Explore", exact=True)).to_be_visible()
    expect(answer(page)).to_contain_text("your drawing")
    expect(answer(page).locator("b")).to_have_text("3")

    hidden = page.get_by_label(re.compile("^hidden 1: 64 units"))
    hidden.click(position={"x": 5, "y": 5})
    panel = page.locator(".st-key-explore-unit")
    expect(panel.get_by_text("hidden 1, unit 0")).to_be_visible()
    expect(panel.locator(".votes p")).to_contain_text("It says")
    expect(panel.locator(".excites img")).to_have_count(8, timeout=60_000)

    panel.get_by_role("button", name="Work it out by hand").click()
    expect(page.get_by_text("the bias", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile(r"view=One\+neuron.*unit=0|unit=0.*view=One\+neuron"))

    page.get_by_text("Draw it large").click()
    expect(page.get_by_role("heading", name="Draw", exact=True)).to_be_visible()
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))


@pytest.mark.slow
def test_every_view_opens_and_an_address_opens_the_same_one_elsewhere(server, open_tab, mnist):
    page = open_tab(f"{server.url}/explore?run=dense-128-dropout&image=9")
    expect(answer(page)).to_contain_text("test image 9")
    look(page, "Map")
    expect(page.locator(".found").first.locator("figure")).to_have_count(8, timeout=60_000)
    look(page, "Damage")
    expect(page.locator(".damage").first).to_contain_text("undamaged 97.8 %")
    look(page, "Architecture")
    expect(page.locator(".architecture .layer")).to_have_count(3)
    page.get_by_role("button", name="Most confused").click()
    expect(answer(page)).to_contain_text("wrong: its label is")
    expect(page).to_have_url(re.compile(rf"image={worst('dense-128-dropout')}\b"))
    page.get_by_role("combobox", name="Network").click()
    page.get_by_role("option", name=re.compile("^small-cnn")).click()
    expect(page).to_have_url(re.compile("run=small-cnn"))
    page.get_by_role("button", name="Most confused").click()
    expect(page).to_have_url(re.compile(rf"image={worst('small-cnn')}\b"))
    layers = page.locator(".architecture .layer").count()
    other = open_tab(page.url)
    expect(other.locator(".architecture .layer")).to_have_count(layers)
    expect(answer(other)).to_have_text(answer(page).inner_text(), use_inner_text=True)


def test_a_view_asks_a_question_and_ends_with_the_next_and_damage_moves_along_its_curve(server, open_tab):
    page = open_tab(f"{server.url}/explore?run=dense-128-dropout&image=9&view=Dream")
    expect(page.get_by_role("heading", name="What would it most like to see?")).to_be_visible()
    at_rest(page).get_by_role("button", name="How much can it lose and still read?").click()
    expect(page.get_by_role("heading", name="How much can it lose and still read?")).to_be_visible()
    expect(page.get_by_role("radio", name="Damage")).to_be_checked()
    noise = at_rest(page).get_by_role("slider", name="Noise on the weights")
    for _ in range(7):
        noise.press("ArrowRight")
    course = at_rest(page).locator(".st-key-damage-course .js-plotly-plot")
    wait_until(page, lambda: course.evaluate("one => one.layout.shapes[0].x0") == 0.7)
    marked = course.evaluate("one => one.data[0].y[one.data[0].x.indexOf(0.7)]")
    expect(page.locator(".damage b").first).to_have_text(f"{100 * marked:.1f} %")


@pytest.mark.slow
def test_points_of_the_map_are_circled_looked_at_closely_and_opened(server, open_tab, mnist):
    address = f"{server.url}/explore?run=dense-128-dropout&image=9&view=Map&seen_by=pixels&colour=mistake"
    page = open_tab(address, viewport={"width": 1400, "height": 1800})
    plane = page.locator(".st-key-map-points")
    plane.locator("canvas[data-drawn='10000']").wait_for(timeout=60_000)
    evaluation = RunStore(server.runs).evaluation("dense-128-dropout")
    wrong = int((evaluation.answers != evaluation.labels).sum())

    circle_all(page)
    expect(page.get_by_text("10,000 picked")).to_be_visible()
    plane.get_by_role("button", name="right").click()
    circle_all(page)
    expect(page.get_by_text(f"{wrong} picked")).to_be_visible()
    plane.get_by_role("button", name="right").click()

    middle = plane.locator(".stage")
    middle.hover()
    for _ in range(14):
        page.mouse.wheel(0, -100)
    page.wait_for_function("globalThis.mnistLabMarks.images.numbers.length > 0")
    plane.get_by_role("button", name="Whole map").click()
    middle.click()
    expect(page.get_by_text("1 picked", exact=True)).to_be_visible()
    page.get_by_role("button", name="Look at this image").click()
    expect(page).to_have_url(re.compile(r"image=(?!9\b)\d+"))
    expect(page).to_have_url(re.compile("seen_by=pixels"))


def circle_all(page: Page) -> None:
    """Circle the whole map with the mouse."""
    box = page.locator(".st-key-map-points .stage").bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    for x, y in ((1, 0), (1, 1), (0, 1), (0, 0)):
        page.mouse.move(box["x"] + 2 + x * (box["width"] - 4), box["y"] + 2 + y * (box["height"] - 4))
    page.mouse.up()


@pytest.mark.slow
def test_the_layers_follow_the_pen_before_it_is_lifted(server, open_tab):
    page = open_tab(f"{server.url}/explore?run=house-cnn&view=Activations")
    expect(answer(page)).to_contain_text("until you draw")
    page.get_by_label(re.compile("^convolution 1")).wait_for()
    upper = page.locator(".st-key-canvas canvas.upper-canvas")
    upper.wait_for()
    box = upper.bounding_box()
    page.mouse.move(box["x"] + 140, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 140, box["y"] + 230, steps=10)
    expect(answer(page)).to_contain_text("your drawing")
    expect(answer(page).locator("b")).to_have_text("1")
    traced = page.get_by_role("img", name="What ink does for the unit")
    before = traced.get_attribute("src")
    page.mouse.move(box["x"] + 200, box["y"] + 230, steps=5)
    expect(traced).not_to_have_attribute("src", before)
    page.mouse.up()


def overtaken(page: Page) -> Callable[[], bool]:
    """From now on a rerun by a clock waits for the next one that somebody asks for, and follows right behind it.

    The server then learns of it while it answers the other, as happens by chance on a busy machine. What it says of the
    widgets is what the other said, as with a browser that sends it then. Returns whether a clock has asked.
    """
    waiting: list[BackMsg] = []

    def route(browser: WebSocketRoute) -> None:
        waiting.clear()
        server = browser.connect_to_server()

        def pass_on(message: bytes | str) -> None:
            asked = BackMsg.FromString(message) if isinstance(message, bytes) else BackMsg()
            if asked.rerun_script.is_auto_rerun:
                waiting[:] = [asked]
                return
            server.send(message)
            if asked.rerun_script.fragment_id:
                while waiting:
                    late = waiting.pop()
                    late.rerun_script.widget_states.CopyFrom(asked.rerun_script.widget_states)
                    server.send(late.SerializeToString())

        browser.on_message(pass_on)

    page.route_web_socket(re.compile("_stcore/stream"), route)
    return lambda: bool(waiting)


@pytest.mark.slow
def test_what_gives_way_goes_also_where_a_clock_runs_behind_it(tmp_path, start_server, open_tab, mnist):
    server = start_server(tmp_path)  # a fresh one, which still has to look for what excites a unit
    page = open_tab("about:blank")
    clock_asked = overtaken(page)
    panel = page.locator(".st-key-explore-unit")
    ways = {
        "view": (lambda: look(page, "One neuron"), panel),
        "image": (lambda: look(page, "Draw"), page.get_by_label("Test image", exact=True)),
    }
    for layer, (what, (act, gone)) in zip((1, 3), ways.items(), strict=True):
        page.goto(f"{server.url}/explore?run=house-cnn&image=9&layer=convolution+{layer}")
        expect(gone).to_be_visible()
        wait_until(page, clock_asked)
        act()
        expect(gone, what).to_have_count(0, timeout=10_000)


def test_a_unit_that_was_opened_stays_open_when_word_of_before_comes_late(server, open_tab, mnist):
    page = open_tab("about:blank")
    sent: list[BackMsg] = []
    ended: list[ForwardMsg] = []
    to_server: list[WebSocketRoute] = []

    def listen(browser: WebSocketRoute) -> None:
        to_server.append(browser.connect_to_server())

        def ask(message: str | bytes) -> None:
            if isinstance(message, bytes):
                sent.append(BackMsg.FromString(message))
            to_server[-1].send(message)

        def tell(message: str | bytes) -> None:
            browser.send(message)
            if isinstance(message, bytes) and (told := ForwardMsg.FromString(message)).HasField("script_finished"):
                ended.append(told)

        browser.on_message(ask)
        to_server[-1].on_message(tell)

    page.route_web_socket(re.compile("_stcore/stream"), listen)
    page.goto(f"{server.url}/explore?run=dense-128-dropout&image=9")
    at_rest(page).get_by_role("spinbutton", name="Unit").fill("5")
    page.keyboard.press("Enter")
    panel = page.locator(".st-key-explore-unit")
    expect(panel.get_by_text("hidden 1, unit 5")).to_be_visible()
    before = sent[-1]
    at_rest(page).get_by_label(re.compile("^hidden 1: 128 units")).click(position={"x": 5, "y": 5})
    expect(panel.get_by_text("hidden 1, unit 0")).to_be_visible()
    late = next(message for message in reversed(sent) if message.rerun_script.fragment_id)
    late.rerun_script.widget_states.CopyFrom(before.rerun_script.widget_states)
    ended.clear()
    to_server[-1].send(late.SerializeToString())
    wait_until(page, lambda: bool(ended))
    at_rest(page)
    expect(page.get_by_role("spinbutton", name="Unit")).to_have_value("0")
    expect(panel.get_by_text("hidden 1, unit 0")).to_be_visible()
