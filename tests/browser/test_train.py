"""The Train page: a real training in the background, watched, stopped and found again."""

import re

import psutil
import pytest
from playwright.sync_api import Page, expect

from mnist_lab.store.run import RunState
from mnist_lab.store.runs import RunStore
from tests.browser.conftest import SLOW, answer, at_rest, choose, draw, field, knobs, serving, set_field, settled

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def training_server(tmp_path_factory):
    """A server with workers of its own, as the README starts it."""
    with serving(tmp_path_factory.mktemp("runs")) as server:
        yield server


def train(page: Page) -> None:
    at_rest(page).get_by_role("button", name="Train", exact=True).click()


@pytest.mark.slow
def test_a_training_on_mnist_is_watched_and_found_in_compare(training_server, open_tab, mnist):
    page = knobs(open_tab(f"{training_server.url}/train"))
    set_field(page, "Hidden layers", "96")
    set_field(page, "Epochs", "8")
    expect(page.get_by_text("76,330")).to_be_visible()
    train(page)
    expect(page.get_by_text(re.compile(r"epoch \d of 8")).first).to_be_visible(timeout=SLOW)
    expect(page.locator("[class*=st-key-job-] .js-plotly-plot").first).to_be_visible(timeout=SLOW)
    expect(page.get_by_text(re.compile("dense 96, adam 0.001 finished"))).to_be_visible(timeout=SLOW)
    run = RunStore(training_server.runs).find("dense 96, adam 0.001")
    assert run.config.dataset == "mnist"
    assert run.summary.test_accuracy > 0.93
    page.get_by_role("link", name="Compare").click()
    expect(page.locator(".sentence")).to_contain_text("dense 96, adam 0.001")
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    page.get_by_role("radio", name="Mistakes").click()
    expect(page.locator(".js-plotly-plot")).to_have_count(3)


def test_drawing_goes_on_while_a_long_training_runs_until_it_is_stopped(training_server, open_tab):
    page = open_tab(f"{training_server.url}/train")
    set_field(page, "Epochs", "200")
    train(page)
    expect(page.get_by_text(re.compile(r"epoch \d+ of 200"))).to_be_visible(timeout=SLOW)
    page.get_by_role("link", name="Draw").click()
    draw(page, 3)
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    settled(page).get_by_role("link", name="Train").click()
    expect(field(page, "Epochs")).to_have_value("200")
    page.get_by_role("button", name="Stop").first.click()
    expect(page.get_by_text(re.compile("stopped: "))).to_be_visible(timeout=SLOW)
    stopped = [run for run in RunStore(training_server.runs).listing().runs if run.state is RunState.STOPPED]
    assert stopped[0].summary.epochs < 200


def test_a_run_is_changed_while_it_trains_and_shows_its_weights(training_server, open_tab):
    page = open_tab(f"{training_server.url}/train?epochs=200&units=24&dropout=0")
    train(page)
    knobs_now = page.locator("[class*=st-key-turning-]")
    expect(knobs_now).to_be_visible(timeout=SLOW)
    expect(page.locator(".weighed line")).to_have_count(5 * 8 + 8 * 10, timeout=SLOW)
    expect(page.locator(".tiles canvas")).to_have_count(8)
    before = page.locator(".tiles canvas").first.evaluate("it => it.toDataURL()")
    rate = knobs_now.get_by_label("Learning rate")
    rate.fill("0.02")
    rate.press("Enter")
    slider = knobs_now.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    expect(page.locator("[class*=st-key-job-] .js-plotly-plot")).to_contain_text("dropout 0.05", timeout=SLOW)
    assert page.locator(".tiles canvas").first.evaluate("it => it.toDataURL()") != before
    expect(rate).to_have_value("0.02")
    page.get_by_role("button", name="Stop").first.click()
    expect(page.locator(".outcome").first).to_contain_text("learning rate 0.02", timeout=SLOW)
    expect(page.locator(".weighed line")).to_have_count(120)
    page.get_by_role("button", name="More units in hidden layer 1").click()
    expect(page.locator(".weighed line")).to_have_count(0)
    run = RunStore(training_server.runs).find("dense 24, adam 0.001")
    changed = {field: value for one in run.adjustments for field, value in one.settings.items()}
    assert changed == {"learning_rate": 0.02, "dropout": 0.05}


@pytest.mark.slow
def test_jobs_wait_in_a_line_that_can_be_changed(training_server, open_tab):
    page = knobs(open_tab(f"{training_server.url}/train"))
    set_field(page, "Epochs", "200")
    train(page)
    expect(page.get_by_role("button", name="Stop")).to_have_count(1)
    for units in ("8", "16"):
        set_field(page, "Hidden layers", units)
        train(page)
    line = page.locator(".st-key-line")
    expect(line).to_contain_text(re.compile(r"dense 8.*next in line.*dense 16.*2nd in line", re.DOTALL), timeout=SLOW)
    other = open_tab(f"{training_server.url}/train")
    expect(other.locator(".st-key-line")).to_contain_text("2nd in line")
    expect(other.get_by_role("button", name="Delete")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="Delete")).to_have_count(2, timeout=SLOW)
    page.get_by_role("button", name="Move up").click()
    expect(line).to_contain_text(re.compile(r"dense 16.*next in line.*dense 8.*2nd in line", re.DOTALL))
    page.get_by_role("button", name="Delete").last.click()
    expect(line).not_to_contain_text("dense 8")
    page.get_by_role("button", name="Delete").click()
    expect(line).to_have_count(0, timeout=SLOW)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("button", name="Stop")).to_have_count(0, timeout=SLOW)


@pytest.mark.slow
def test_a_run_that_is_over_goes_on_and_is_taken_to_the_other_pages(training_server, open_tab):
    page = knobs(open_tab(f"{training_server.url}/train"))
    set_field(page, "Hidden layers", "24")
    set_field(page, "Epochs", "1")
    train(page)
    expect(page.get_by_text("dense 24, adam 0.001 finished")).to_be_visible(timeout=SLOW)
    expect(page.locator("[class*=st-key-outcome-] .js-plotly-plot")).to_have_count(1)
    page.get_by_role("button", name="Continue").first.click()
    set_field(page, "More epochs", "2")
    page.get_by_test_id("stPopoverBody").get_by_role("button", name="Go on").click()
    expect(page.get_by_text("dense 24, adam 0.001, continued finished")).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("It went on from dense 24, adam 0.001: 1 + 2 epochs.")).to_be_visible()
    expect(page.get_by_text(re.compile(r"\([+−]?\d+\.\d\d points against dense 24, adam 0\.001\)"))).to_be_visible()
    at_rest(page).get_by_role("button", name="Compare with the last").first.click()
    expect(page.locator(".sentence")).to_contain_text("dense 24, adam 0.001, continued")
    at_rest(page).get_by_role("link", name="Train").click()
    at_rest(page).get_by_role("button", name="Draw with it").first.click()
    expect(page.get_by_role("combobox", name="Model")).to_have_value(re.compile("^dense 24, adam 0.001, continued"))


@pytest.mark.slow
def test_a_click_takes_the_hint_about_what_went_wrong(training_server, open_tab):
    page = open_tab(f"{training_server.url}/train?train_images=500&epochs=1&learning_rate=0.000001")
    train(page)
    expect(page.get_by_text("It learns nothing: ").first).to_be_visible(timeout=SLOW)
    at_rest(page).get_by_role("button", name="Set learning rate to 0.001").first.click()
    expect(field(page, "Learning rate")).to_have_value("0.001")
    expect(page).to_have_url(re.compile("train_images=500&epochs=1$|epochs=1&train_images=500$"))


@pytest.mark.slow
def test_layers_are_changed_where_they_are_drawn(training_server, open_tab):
    page = open_tab(f"{training_server.url}/train?units=64")
    at_rest(page).get_by_role("button", name="Add a hidden layer").click()
    expect(page).to_have_url(re.compile(r"units=64\+64"))
    for _ in range(2):
        page.get_by_role("button", name="More units in hidden layer 1").click()
    expect(page).to_have_url(re.compile(r"units=128\+64"))
    expect(page.locator(".network b")).to_have_text(f"{785 * 128 + 129 * 64 + 65 * 10:,}")
    first = at_rest(page).get_by_role("button", name=re.compile("^Hidden layer 1"))
    box = first.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 60 + 2 * 34, steps=8)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"units=32\+64"))
    at_rest(page).get_by_role("button", name=re.compile("^Hidden layer 1")).press("ArrowUp")
    expect(page).to_have_url(re.compile(r"units=48\+64"))
    at_rest(page).get_by_role("button", name=re.compile("^Hidden layer 2")).click()
    choose(page, "Its activation", "tanh")
    expect(page).to_have_url(re.compile(r"activation=relu\+tanh"))
    at_rest(page).get_by_role("button", name="Remove").click()
    expect(page).to_have_url(re.compile("units=48$"))


@pytest.mark.slow
def test_what_is_impossible_is_said_next_to_the_field_and_cannot_be_trained(training_server, open_tab):
    page = knobs(open_tab(f"{training_server.url}/train"))
    set_field(page, "Hidden layers", "128, 0")
    expect(page.get_by_text("each from 1 to 4096")).to_be_visible()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_disabled()
    set_field(page, "Hidden layers", "128 64")
    expect(page.get_by_text("109,386")).to_be_visible()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


@pytest.mark.slow
def test_a_recipe_fills_in_the_form(training_server, open_tab):
    page = knobs(open_tab(f"{training_server.url}/train"))
    page.get_by_role("button", name="Start from: My own").click()
    card = page.locator(".st-key-card-dense-512-rmsprop")
    expect(card).to_contain_text(re.compile(r"9\d\.\d% right · about \d+ (s|min)"))
    card.click(position={"x": 90, "y": 90})  # all of a card is its button
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Start from: Wide network")).to_be_visible()
    expect(field(page, "Hidden layers")).to_have_value("512")
    expect(field(page, "Batch size")).to_have_value("128")
    expect(page.get_by_text("407,050")).to_be_visible()


@pytest.mark.slow
def test_the_web_process_never_loads_tensorflow(training_server, open_tab):
    page = open_tab(training_server.url)
    draw(page, 7)
    expect(answer(page)).to_have_text(re.compile(r"^\s*7"))
    for link in ("Train", "Compare"):
        page.get_by_role("link", name=link).click()
        expect(page.get_by_role("heading", name=link)).to_be_visible()
    loaded = {module.path for module in psutil.Process(training_server.process.pid).memory_maps()}
    assert any("ai_edge_litert" in path for path in loaded)
    assert not [path for path in loaded if "/tensorflow/" in path]


def test_to_train_to_compare_with_the_last_and_to_see_inside_are_a_click_each(training_server, open_tab):
    page = open_tab(f"{training_server.url}/train?epochs=1&units=16&train_images=2000")
    train(page)
    expect(page.get_by_text(re.compile("dense 16, adam 0.001 finished"))).to_be_visible(timeout=SLOW)
    page.goto(f"{training_server.url}/train?epochs=1&units=17&train_images=2000")
    train(page)
    newest = page.locator(".outcome").first
    expect(newest).to_contain_text("dense 17, adam 0.001 finished", timeout=SLOW)
    page.get_by_role("button", name="Compare with the last").first.click()
    expect(page.locator(".sentence")).to_contain_text("dense 17, adam 0.001 (A)")
    page.get_by_role("link", name="See inside A").click()
    expect(page.get_by_role("combobox", name="Network", exact=True)).to_have_value(re.compile("dense 17, adam 0.001"))


def test_a_damaged_network_is_kept_as_a_run_and_compared(training_server, open_tab):
    page = open_tab(f"{training_server.url}/explore?run=dense-128-dropout&image=9&view=Damage")
    keep = settled(page).get_by_role("button", name="Keep it as a run").first
    expect(keep).to_be_disabled()
    slider = page.get_by_role("slider", name="Units switched off")
    slider.focus()
    slider.press("ArrowRight")
    expect(keep).to_be_enabled()
    keep.click()
    expect(page.get_by_test_id("stToast")).to_contain_text("dense-128-dropout, 5% of units off is being measured")
    expect(page.locator("#root h1")).to_have_text("Explore")
    page.get_by_role("link", name="Train").click()
    outcome = page.locator(".outcome").filter(has_text="dense-128-dropout, 5% of units off finished")
    expect(outcome).to_contain_text("points against dense-128-dropout)", timeout=SLOW)
    expect(outcome.locator("small")).to_have_text(re.compile(r"^damaged: 5% of units off · [\d.]+% in training$"))
    row = page.locator("[class*=st-key-outcome-]").filter(has=outcome)
    expect(row.get_by_role("button", name="Draw with it")).to_have_count(1)
    expect(row.get_by_role("button", name="Continue")).to_have_count(0)
    run = RunStore(training_server.runs).find("dense-128-dropout, 5% of units off")
    whole = RunStore(training_server.runs).get("dense-128-dropout")
    assert 0.5 < run.summary.test_accuracy < whole.summary.test_accuracy
    page.goto(f"{training_server.url}/compare?runs=dense-128-dropout,{run.id}&view=Curves")
    expect(page.get_by_text("which was not trained")).to_be_visible()
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
