"""What a worker says about a network, on the Explore page, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.worker import execute
from mnist_lab.store.runs import RunStore
from tests.browser.conftest import knobs, unfold

pytestmark = [pytest.mark.browser, pytest.mark.slow]

WORKER = 120_000  # milliseconds: it may have to import TensorFlow first
CONFIG = TrainConfig(dataset="digits", units=(16,), epochs=2, learning_rate=0.005, snapshots=True)


@pytest.fixture(scope="module")
def run(training_server):
    store = RunStore(training_server.runs)
    return execute(store, store.create(CONFIG, "with a past").id)


def test_why_dream_and_the_past_of_a_network_and_a_rate_to_train_it_with(training_server, run, open_tab):
    page = open_tab(f"{training_server.url}/explore?run={run.id}&view=Why&image=3&why=4&dream=hidden+1")
    expect(page.get_by_text("Blue speaks for a 4")).to_be_visible()
    expect(page.locator(".whys figure")).to_have_count(4, timeout=WORKER)
    expect(page.locator(".whys")).to_contain_text("has no convolutions")
    expect(page.locator(".minds figure")).to_have_count(2)

    page.get_by_role("radio", name="Dream").click()
    expect(page.locator(".dreams figure")).to_have_count(10, timeout=WORKER)
    expect(page.get_by_text("its unit's sum grows")).to_be_visible()

    page.get_by_role("radio", name="Time machine").click()
    expect(page.locator(".then")).to_contain_text("test images right")
    slider = page.get_by_role("slider")
    for words in ("after epoch 1", "before training"):
        slider.press("ArrowLeft")
        expect(page.get_by_test_id("stSliderThumbValue")).to_have_text(words)
    expect(page.locator(".then strong")).to_have_text(re.compile(r"^[0-4]?\d\.\d %$"))
    expect(page).to_have_url(re.compile("epoch=0"))
    expect(open_tab(page.url).get_by_test_id("stSliderThumbValue")).to_have_text("before training")

    page.get_by_role("button", name="Play").click()
    expect(page.get_by_test_id("stSliderThumbValue")).to_have_text("after epoch 2")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    expect(page).not_to_have_url(re.compile("epoch="))

    page.get_by_role("radio", name="Learning rate").click()
    expect(page.get_by_text("by the weights of each layer")).to_be_visible(timeout=WORKER)
    page.get_by_role("button", name="Run the range test").click()
    rate = page.locator(".rate b")
    expect(rate).to_be_visible(timeout=WORKER)
    suggested = rate.inner_text()
    page.get_by_role("link", name="Train with").click()
    expect(page.get_by_role("spinbutton", name="Learning rate")).to_have_value(suggested)


def test_a_network_without_a_past_leads_to_the_form_that_keeps_one(training_server, open_tab):
    page = open_tab(f"{training_server.url}/explore?run=logistic-mnist&view=Time+machine&image=3")
    page.get_by_role("link", name="Train this network with snapshots").click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    unfold(knobs(page), "Steps and stopping")
    expect(page.locator(".st-key-form_snapshots input")).to_be_checked()
    expect(page.get_by_text(re.compile(r"\d+ moments, \d+\.\d MB"))).to_be_visible()
