"""The numbers of the form: what stands in a field is what is trained or refused, and nothing moves when it is wrong."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from mnist_lab.store.runs import RunStore
from tests.browser.conftest import SLOW, at_rest, choose, field, knobs, set_field, settled, unfold, wait_until

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 844}}
WRONG = {  # by label: what is typed, and what is said
    "Epochs": ("1000", "It takes a whole number from 1 to 200."),
    "Learning rate": ("0", "It takes a number from 0.000001 to 10."),
    "Batch size": ("", "Nothing is given; it takes a whole number from 1 to 60,000."),
    "Dropout": ("0,2,0,5", "'0,2,0,5' is unclear: if you mean 0.2 and 0.5, write 0.2 0.5."),
    "Hidden layers": ("128, 0", "It takes 0 to 16 whole numbers, each from 1 to 4096."),
}
ON_A_DESK, ON_A_PHONE = ({}, list(WRONG)), (PHONE, ["Dropout", "Epochs"])
RIGHT = {"Epochs": "7", "Learning rate": "0.001", "Batch size": "32", "Dropout": "0.2", "Hidden layers": "128"}
IN_A_GROUP = {
    "Seed": ("-1", "It takes a whole number from 0 to 2,147,483,647."),
    "L2": ("nan", "It takes a number from 0 to 1."),
}


def train_button(page: Page) -> Locator:
    return page.locator(".st-key-start button")


def steps(page: Page, name: str) -> tuple[Locator, Locator]:
    buttons = settled(page).locator(f".st-key-steps_form_{name} button")
    return buttons.first, buttons.last


def places(page: Page) -> list[list[float]]:
    """Where everything stands that one looks at or presses."""
    seen = "input, summary, label, [role=combobox], .network span, .network-editor, [data-testid=stMain] button"
    corners = "all => all.map(one => one.getBoundingClientRect()).map(at => [at.x, at.y, at.width, at.height])"
    return settled(page).locator(seen).evaluate_all(corners)


@pytest.mark.slow
@pytest.mark.parametrize(("options", "labels"), [ON_A_DESK, ON_A_PHONE], ids=["desk", "phone"])
def test_what_is_wrong_disables_train_says_why_and_moves_nothing(server, open_tab, options, labels):
    page = knobs(open_tab(f"{server.url}/train?epochs=7", **options))
    expect(train_button(page)).to_be_enabled()
    expect(steps(page, "batch_size")[0]).to_be_enabled()
    before = places(page)
    assert len(before) > 30
    for count, label in enumerate(labels, start=1):
        text, reason = WRONG[label]
        set_field(page, label, text)
        expect(page.locator(".wrong")).to_have_count(count)
        expect(page.locator(".wrong").filter(has_text=reason)).to_be_visible()
        expect(train_button(page)).to_be_disabled()
        expect(page.locator(".network .note")).to_contain_text(label)
        assert places(page) == before, label
    for label in labels:
        expect(field(page, label)).to_have_value(WRONG[label][0])
        set_field(page, label, RIGHT[label])
    expect(train_button(page)).to_be_enabled()
    expect(page.locator(".wrong, .note")).to_have_count(0)
    assert places(page) == before


@pytest.mark.slow
def test_a_wrong_field_in_a_group_keeps_the_group_open_and_stays_wrong_on_other_pages(server, open_tab):
    page = knobs(open_tab(f"{server.url}/train"))
    for group in ("Layers and loss", "Steps and stopping"):
        unfold(page, group)
    for label, (text, reason) in IN_A_GROUP.items():
        set_field(page, label, text)
        expect(page.locator(".wrong").filter(has_text=reason)).to_be_visible()
    expect(train_button(page)).to_be_disabled()
    page.get_by_role("link", name="Compare").click()
    expect(page.get_by_role("heading", name="Compare")).to_be_visible()
    page.get_by_role("link", name="Train").click()
    for label, (text, _) in IN_A_GROUP.items():
        expect(field(page, label)).to_be_visible()
        expect(field(page, label)).to_have_value(text)
    expect(train_button(page)).to_be_disabled()
    for label in IN_A_GROUP:
        set_field(page, label, "0")
        expect(field(page, label)).to_be_visible()
    expect(train_button(page)).to_be_enabled()


@pytest.mark.slow
def test_a_wrong_value_hides_no_field_that_depends_on_it(server, open_tab):
    page = knobs(open_tab(f"{server.url}/train?optimizer=sgd&momentum=0.9&nesterov=true"))
    unfold(page, "Steps and stopping")
    set_field(page, "Momentum", "9")
    expect(train_button(page)).to_be_disabled()
    expect(page.get_by_text("Nesterov", exact=True)).to_be_visible()
    set_field(page, "Hidden layers", "many")
    expect(field(page, "Dropout")).to_be_visible()


@pytest.mark.slow
def test_the_buttons_step_by_factors_and_end_at_the_bounds(server, open_tab):
    page = knobs(open_tab(f"{server.url}/train"))
    less, more = steps(page, "learning_rate")
    rate = field(page, "Learning rate")
    for button, stops in (
        (less, ["0.0005", "0.0002", "0.0001", "0.00005", "0.00002", "0.00001", "0.000005", "0.000002", "0.000001"]),
        (more, ["0.000002", "0.000005", "0.00001"]),
    ):
        for stop in stops:
            button.click()
            expect(rate).to_have_value(stop)
        if button is less:
            expect(less).to_be_disabled()
    for typed, up, down in (
        ("0.003", "0.005", "0.002"),
        ("0,3", "0.5", "0.2"),
        ("99", None, "10"),
        ("", "0.001", "0.001"),
    ):
        for button, stop in ((more, up), (less, down)):
            if stop:
                rate.fill(typed)
                button.click()
                expect(rate).to_have_value(stop)
    size, other = field(page, "Batch size"), field(page, "Epochs")
    size.fill("100")
    size.press("ArrowUp")
    expect(size).to_have_value("128")
    size.press("ArrowDown")
    expect(size).to_have_value("64")
    other.press("ArrowUp")
    expect(other).to_have_value("6")
    expect(page).to_have_url(re.compile("batch_size=64&epochs=6"))


@pytest.mark.slow
def test_no_step_is_lost_when_one_comes_after_the_other(server, open_tab):
    page = open_tab(f"{server.url}/train?epochs=7")
    more = steps(page, "epochs")[1]
    expect(field(page, "Epochs")).to_have_value("7")
    expect(more).to_be_enabled()
    more.evaluate(
        """async button => { for (let count = 0; count < 15; count++) {
        button.click(); await new Promise(resolve => setTimeout(resolve, 150)) } }"""
    )
    expect(field(page, "Epochs")).to_have_value("22")
    expect(page).to_have_url(re.compile("epochs=22"))
    expect(settled(page).get_by_label("Epochs", exact=True)).to_have_value("22")


@pytest.mark.slow
def test_a_number_is_shown_as_it_was_understood(server, open_tab):
    page = knobs(open_tab(f"{server.url}/train"))
    for label, typed, shown in (
        ("Dropout", "0,3", "0.3"),
        ("Learning rate", "1e-4", "0.0001"),
        ("Batch size", "1,024", "1024"),
    ):
        set_field(page, label, typed)
        expect(field(page, label)).to_have_value(shown)
    expect(page).to_have_url(re.compile("dropout=0.3&learning_rate=0.0001&batch_size=1024"))


@pytest.mark.slow
def test_a_locked_number_cannot_be_stepped(server, open_tab):
    page = knobs(open_tab(f"{server.url}/train?epochs=3&lock=epochs"))
    expect(field(page, "Epochs")).to_be_disabled()
    for button in steps(page, "epochs"):
        expect(button).to_be_disabled()
    expect(steps(page, "batch_size")[1]).to_be_enabled()


@pytest.mark.slow
def test_what_is_trained_is_what_the_fields_show_also_where_it_was_not_confirmed(training_server, open_tab):
    page = knobs(open_tab(f"{training_server.url}/train?dataset=digits&epochs=9&units=16"))
    expect(train_button(page)).to_be_enabled()
    store = RunStore(training_server.runs)

    def configs():
        return [run.config for run in store.listing().runs if not run.bundled]

    shown = []
    for label, typed in (("Epochs", "2"), ("Dropout", "0,4")):
        settled(page)
        field(page, label).fill(typed)
        train_button(page).click()
        wait_until(page, lambda: len(configs()) == len(shown) + 1)
        numbers = [field(settled(page), one).input_value() for one in ("Epochs", "Dropout")]
        shown.append(tuple(map(float, numbers)))
    assert shown == [(2, 0.2), (2, 0.4)]
    asked = [(one.epochs, one.dropout) for one in reversed(configs())]
    assert asked == shown
    field(page, "Epochs").fill("1000")
    train_button(page).click(force=True)
    expect(page.locator(".wrong")).to_be_visible()
    expect(train_button(page)).to_be_disabled()
    page.wait_for_timeout(500)
    assert len(configs()) == len(shown)
    expect(page.get_by_text(re.compile("finished: "))).to_have_count(len(shown), timeout=SLOW)
    page.get_by_role("button", name="Continue").first.click()
    set_field(page, "More epochs", "201")
    expect(page.get_by_role("button", name="Go on")).to_be_disabled()


@pytest.mark.slow
def test_what_is_wrong_in_a_grid_or_a_search_is_said_there_and_moves_nothing(server, open_tab):
    page = open_tab(f"{server.url}/train?epochs=3")
    for mode, key, wrong, right in (
        ("Grid", "grid_of_dropout", "0,2", "0, 0.2"),
        ("Search", "search_trials", "1000", "30"),
        ("Search", "search_of_learning_rate", "0.1..0.01", "0.01..0.1"),
    ):
        settled(page).get_by_role("radiogroup", name="What to train").get_by_text(mode).click()
        expect(train_button(page)).to_have_text(re.compile("Search with" if mode == "Search" else "Train . runs?"))
        asked = at_rest(page).locator(f".st-key-{key} input")
        before = (train_button(page).bounding_box(), page.get_by_label("Name", exact=True).bounding_box())
        asked.fill(wrong)
        asked.press("Enter")
        asked.press("Escape")  # the values that a chip may have are away again
        expect(page.locator(".wrong")).to_be_visible()
        expect(train_button(page)).to_be_disabled()
        assert before == (train_button(page).bounding_box(), page.get_by_label("Name", exact=True).bounding_box())
        if mode == "Grid":
            asked.press("Backspace")  # where what is wrong is a chip of its own
        asked.fill(right)
        asked.press("Enter")
        asked.press("Escape")
        expect(train_button(page)).to_be_enabled()


@pytest.mark.slow
def test_a_network_with_larger_steps_gets_them_into_its_field(server, open_tab):
    page = open_tab(f"{server.url}/train")
    choose(page, "Network", "scratch")
    expect(page.get_by_role("spinbutton", name="Learning rate")).to_have_value("0.1")
    expect(steps(page, "learning_rate")[0]).to_be_enabled()
    steps(page, "learning_rate")[0].click()
    expect(field(page, "Learning rate")).to_have_value("0.05")
