"""A grid and a search from the Train page, trained on the workers, to be compared as one."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from mnist_lab.store.runs import RunStore
from mnist_lab.store.studies import Studies
from tests.browser.conftest import SLOW, field, knobs, settled

pytestmark = [pytest.mark.browser, pytest.mark.slow]


QUICK = "dataset=digits&epochs=2&units=16"


def choose(page: Page, mode: str) -> None:
    settled(page).get_by_role("radiogroup", name="What to train").get_by_text(mode).click()


def ask(page: Page, key: str, text: str) -> None:
    asked = settled(page).locator(f".st-key-{key} input")
    asked.fill(text)
    asked.press("Enter")
    asked.press("Escape")  # the values that a chip may have are away again


def group(page: Page, name: str) -> Locator:
    return page.locator("[class*=st-key-group-]").filter(has_text=name)


def test_a_grid_is_queued_from_the_page_and_compared_as_one(training_server, open_tab):
    page = open_tab(f"{training_server.url}/train?{QUICK}")
    choose(page, "Grid")
    chips = page.locator(".st-key-grid_of_units [data-testid=stMultiSelectTagsContainer] span[title]")
    expect(chips).to_have_text(["16"])
    ask(page, "grid_of_units", "many")
    expect(page.get_by_text("each from 1 to 4096")).to_be_visible()
    expect(page.get_by_test_id("stBaseButton-primary")).to_be_disabled()
    for _ in range(2):  # the last two chips go
        settled(page).locator(".st-key-grid_of_units input").press("Backspace")
    expect(page.get_by_text("Pick at least one value.")).to_be_visible()
    ask(page, "grid_of_units", "8, 16-8")
    expect(chips).to_have_text(["8", "16-8"])
    ask(page, "grid_of_dropout", "0")
    page.get_by_role("button", name="Train 4 runs").click()
    expect(group(page, "units by dropout").get_by_text("4 of 4 done")).to_be_visible(timeout=SLOW)
    runs = [run for run in RunStore(training_server.runs).listing().runs if run.asked.group == "units by dropout"]
    assert {(run.config.units, run.config.dropout) for run in runs} == {
        (units, dropout) for units in ((8,), (16, 8)) for dropout in (0.0, 0.2)
    }
    group(page, "units by dropout").get_by_role("button", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    expect(page.locator(".st-key-grid .js-plotly-plot")).to_be_visible(timeout=SLOW)
    best = max(run.summary.test_accuracy for run in runs)
    expect(page.locator(".st-key-grid")).to_contain_text(f"{best:.2%}")


def test_a_search_from_the_page_fills_the_form_with_the_best_it_found(training_server, open_tab):
    page = open_tab(f"{training_server.url}/train?{QUICK}")
    choose(page, "Search")
    ask(page, "search_of_units", "8..64")
    ask(page, "search_name", "from the page")
    ask(page, "search_trials", "3")
    page.get_by_role("button", name="Search with 3 trials").click()
    card = group(page, "from the page")
    expect(card.get_by_text(re.compile("3 of 3 done"))).to_be_visible(timeout=SLOW)
    expect(card.locator(".js-plotly-plot")).to_have_count(1)
    best = Studies(RunStore(training_server.runs)).study("from the page").best
    expect(card).to_contain_text(best.run.name)
    layers = knobs(page).locator(".st-key-form_units input")
    expect(layers).to_have_value("16")
    card.get_by_role("button", name="Put into the form").click()
    (units,) = best.run.config.units
    expect(layers).to_have_value(str(units))
    expect(field(page, "Learning rate")).to_have_value(f"{best.run.config.learning_rate:g}")
    card.get_by_label("More trials", exact=True).fill("60")  # more than are over before it is stopped
    card.get_by_label("More trials", exact=True).press("Enter")
    settled(page)
    card.get_by_role("button", name="Go on").click()
    expect(card.get_by_text(re.compile("of 63 done"))).to_be_visible(timeout=SLOW)
    card.get_by_role("button", name="Stop the search").click()
    expect(card.get_by_text("Stopped.")).to_be_visible(timeout=SLOW)
    expect(card.get_by_role("button", name="Go on")).to_be_visible(timeout=SLOW)
