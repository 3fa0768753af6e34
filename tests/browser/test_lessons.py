"""The Lessons page: bet, let the networks train, see the answer; a teacher's files, good and broken."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from scipy.special import softmax

from mnist_lab.lessons.library import library
from mnist_lab.store.runs import RunStore
from tests.browser.conftest import SLOW, settled, wait_until
from tests.lessons.test_lessons import written

pytestmark = pytest.mark.browser


def bet(page: Page, option: str) -> None:
    page.get_by_role("radio", name=option, exact=True).click()
    expect(page.locator(".st-key-lesson-run button")).to_be_enabled()


def ask(page: Page) -> None:
    page.locator(".st-key-lesson-run button").click()


def answer(page: Page):
    return page.locator(".st-key-lesson-answer")


@pytest.mark.slow
def test_a_teachers_lesson_is_bet_on_trained_and_answered_and_a_broken_one_is_named(
    tmp_path, start_server, open_tab, monkeypatch
):
    own = tmp_path / "lessons"
    own.mkdir()
    (own / "mine.toml").write_text(written(expected='"few"', seen='"It has {parameters of many} parameters."'), "utf-8")
    (own / "broken.toml").write_text(written(answer='"biggest gap"'), "utf-8")
    monkeypatch.setenv("MNIST_LAB_LESSONS", str(own))
    server = start_server(tmp_path / "runs")
    page = open_tab(f"{server.url}/lessons?lesson=mine")
    expect(page.get_by_text("broken.toml is left out")).to_be_visible()
    expect(page.get_by_text("'biggest gap' begins with none of")).to_be_visible()
    expect(page.get_by_role("heading", name="A lesson")).to_be_visible()
    expect(page.locator(".st-key-lesson-run button")).to_be_disabled()
    bet(page, "few")
    expect(page.get_by_role("button", name="Train the 2 networks")).to_be_visible()
    ask(page)
    expect(page.get_by_text(re.compile("of 2 done"))).to_be_visible(timeout=SLOW)
    expect(answer(page).get_by_role("heading", name="many")).to_be_visible(timeout=SLOW)
    expect(answer(page)).to_contain_text("You bet on few.")
    expect(answer(page)).to_contain_text("this time it came out otherwise")
    expect(answer(page)).to_contain_text("It has 50,890 parameters.")
    expect(page.locator(".js-plotly-plot")).to_have_count(1)
    expect(page.get_by_role("radio", name="many", exact=True)).to_be_disabled()

    other = open_tab(f"{server.url}/lessons?lesson=mine")
    bet(other, "many")
    expect(other.get_by_role("button", name="Show the answer")).to_be_visible()
    ask(other)
    expect(answer(other)).to_contain_text("You bet on it.")
    expect(other.get_by_text("1 of 2 bets on this server were right.")).to_be_visible()
    assert len([run for run in RunStore(server.runs).listing().runs if not run.bundled]) == 2

    other.get_by_role("button", name="Bet again").click()
    expect(other.get_by_role("radio", name="many", exact=True)).to_be_enabled()
    other.get_by_role("button", name="Back").click()
    expect(other.get_by_role("heading", name="By hand twice, with Keras once")).to_be_visible()
    wait_until(other, lambda: "lesson=three-ways" in other.url)


def test_the_lessons_are_cards_that_say_what_was_bet_and_terms_explain_themselves(server, open_tab):
    page = open_tab(f"{server.url}/lessons")
    cards = page.locator("[class*=st-key-card-]")
    expect(cards).to_have_count(len(library().lessons))
    card = page.locator(".st-key-card-one-image")
    expect(card).to_contain_text("answered at once")
    card.click()
    expect(page.get_by_role("heading", name="Predicting one image")).to_be_visible()
    expect(page).to_have_url(re.compile("lesson=one-image"))
    softmax = page.locator("dfn", has_text="softmax")
    softmax.hover()
    assert "ten numbers" in softmax.evaluate("one => getComputedStyle(one, '::after').content")
    bet(page, "9")
    page.get_by_role("button", name="All lessons").click()
    expect(cards).to_have_count(len(library().lessons))
    expect(card).to_contain_text("You bet on 9")
    expect(page).not_to_have_url(re.compile("lesson="))
    settled(page).go_back()
    expect(page.get_by_role("heading", name="Predicting one image")).to_be_visible()


def test_a_lesson_on_runs_that_come_with_the_lab_is_answered_at_once_and_leads_to_the_train_page(server, open_tab):
    page = open_tab(f"{server.url}/lessons?lesson=summary")
    bet(page, "two convolutions")
    ask(page)
    expect(answer(page).get_by_role("heading", name="one dense layer")).to_be_visible()
    expect(answer(page)).to_contain_text("101,770")
    expect(page.get_by_text("(None, 13, 13, 32)")).to_be_visible()
    page.get_by_role("link", name="two convolutions").click()
    expect(page.get_by_role("heading", name="Train", exact=True)).to_be_visible()
    assert "recipe=small-cnn" in page.url


@pytest.mark.slow
def test_a_digit_is_bet_on_and_read_from_ten_probabilities(server, open_tab, mnist):
    page = open_tab(f"{server.url}/lessons?lesson=one-image")
    expect(page.get_by_alt_text("Test image 115")).to_be_visible()
    bet(page, "4")
    ask(page)
    expect(answer(page)).to_contain_text("largest probability")
    expect(page.locator(".st-key-lesson .bar")).to_have_count(10)
    expect(page.get_by_text("# shape (1, 28, 28)")).to_be_visible()


def test_the_softmax_lesson_moves_outputs_and_their_probabilities(server, open_tab):
    page = open_tab(f"{server.url}/lessons?lesson=softmax")
    rows = page.locator(".moving .row:not(.head)")
    expect(rows).to_have_count(10)

    def said() -> list[list[str]]:
        return [row.locator("span").all_inner_texts() for row in rows.all()]

    for digit, value in ((8, "7.5"), (2, "-5"), (3, "10")):
        page.get_by_role("slider", name=f"Output of the {digit}").fill(value)
        outputs, shown = zip(*said(), strict=True)
        probabilities = softmax([float(output) for output in outputs])
        percents = [float(share.removesuffix(" %")) for share in shown]
        assert np.abs(percents - 100 * probabilities).max() < 0.1
        assert round(sum(percents), 1) == 100.0
        expect(page.locator(".moving .largest b")).to_have_text(str(int(probabilities.argmax())))
    page.get_by_role("button", name="All alike").click()
    assert {share for _, share in said()} == {"10.0 %"}


def test_the_dropout_lesson_switches_units_and_has_all_on_in_use(server, open_tab):
    page = open_tab(f"{server.url}/lessons?lesson=dropout", reduced_motion="reduce")
    off = page.locator(".moving circle.off")
    share = page.locator(".moving").get_by_role("slider", name="Dropout")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    share.fill("0.9")
    counts = []
    for _ in range(10):
        page.get_by_role("button", name="Next step").click()
        counts.append(off.count())
        expect(page.locator(".moving p")).to_contain_text(f"{8 - counts[-1]} of 8 units take part")
    assert 4 < np.mean(counts) <= 8  # 7.2 of 8 on average
    page.get_by_role("button", name="In use").click()
    expect(off).to_have_count(0)
    share.fill("0")
    page.get_by_role("button", name="Next step").click()
    expect(off).to_have_count(0)
