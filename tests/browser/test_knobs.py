"""The form of a training: what it shows, what it says is wrong, and what a link does to it."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import choose, field, knobs, set_field, unfold

pytestmark = pytest.mark.browser


def parameters(page: Page):
    return page.locator(".network b")


@pytest.mark.slow
def test_a_link_fills_the_form_of_a_fresh_visitor(server, open_tab):
    page = knobs(
        open_tab(
            f"{server.url}/train?units=30+20&activation=sigmoid+relu&optimizer=sgd&momentum=0.9&spoiled_labels=0.2"
        )
    )
    expect(field(page, "Hidden layers")).to_have_value("30 20")
    expect(page.get_by_role("combobox", name="Activation", exact=True)).to_have_value("sigmoid relu")
    expect(parameters(page)).to_have_text(f"{785 * 30 + 31 * 20 + 21 * 10:,}")
    expect(page.get_by_text("Data and sabotage · 1 changed")).to_be_visible()


@pytest.mark.slow
def test_the_address_follows_the_knobs_and_opens_the_same_form_elsewhere(server, open_tab):
    page = knobs(open_tab(f"{server.url}/train"))
    set_field(page, "Hidden layers", "64 32")
    choose(page, "Network", "scratch")
    expect(page).to_have_url(re.compile("network=scratch.*units=64"))
    expect(field(page, "Learning rate")).to_have_value("0.1")
    other = knobs(open_tab(page.url))
    expect(field(other, "Hidden layers")).to_have_value("64 32")
    expect(other.get_by_role("combobox", name="Network", exact=True)).to_have_value("scratch")
    expect(field(other, "Learning rate")).to_have_value("0.1")


@pytest.mark.slow
def test_a_link_locks_and_hides_knobs_and_stays_so_on_other_pages(server, open_tab):
    page = open_tab(f"{server.url}/train?recipe=dense-512-rmsprop&lock=units,dropout&hide=batch_size,optimizer")
    for _ in range(2):
        knobs(page)
        expect(field(page, "Hidden layers")).to_be_disabled()
        expect(field(page, "Hidden layers")).to_have_value("512")
        expect(field(page, "Epochs")).to_be_enabled()
        expect(field(page, "Batch size")).to_be_hidden()
        page.get_by_role("link", name="Compare").click()
        expect(page.get_by_role("heading", name="Compare")).to_be_visible()
        page.get_by_role("link", name="Train").click()
    expect(page).to_have_url(re.compile(r"lock=dropout(,|%2C)units"))


@pytest.mark.slow
def test_what_a_link_says_wrongly_is_told_and_the_rest_is_filled_in(server, open_tab):
    page = knobs(open_tab(f"{server.url}/train?units=48&epochs=many&optimizer=magic"))
    expect(page.get_by_text("Part of this link cannot be used")).to_be_visible()
    expect(page.get_by_text("epochs: 'many' will not do")).to_be_visible()
    expect(field(page, "Hidden layers")).to_have_value("48")
    expect(field(page, "Epochs")).to_have_value("5")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


@pytest.mark.slow
def test_fields_that_mean_nothing_for_a_network_are_not_shown(server, open_tab):
    page = knobs(open_tab(f"{server.url}/train?network=logistic"))
    expect(field(page, "C")).to_be_visible()
    for label in ("Hidden layers", "Dropout", "Learning rate", "Epochs", "Filters"):
        expect(field(page, label)).to_be_hidden()
    choose(page, "Network", "cnn")
    expect(field(page, "Filters")).to_be_visible()
    expect(field(page, "C")).to_be_hidden()
    expect(field(page, "Hidden layers")).to_be_visible()


@pytest.mark.slow
def test_what_cannot_stand_together_is_said_below_its_field(server, open_tab):
    page = knobs(open_tab(f"{server.url}/train?output=logits"))
    unfold(page, "Layers and loss")
    choose(page, "Loss", "quadratic-cost")
    expect(page.get_by_text("Squared errors are measured from 0 and 1")).to_be_visible()
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_disabled()
    choose(page, "Output", "sigmoid")
    expect(page.get_by_role("button", name="Train", exact=True)).to_be_enabled()


@pytest.mark.slow
def test_the_layers_and_the_code_of_a_network_can_be_read(server, open_tab):
    page = open_tab(f"{server.url}/train?recipe=dense-100x3-sigmoid")
    expect(page.get_by_text("99,710").first).to_be_visible()
    page.get_by_test_id("stPopover").filter(has_text="Layers").get_by_role("button").click()
    expect(page.locator("table.summary")).to_contain_text("99,710")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="As code").click()
    expect(page.get_by_text("keras.Sequential").first).to_be_visible()
