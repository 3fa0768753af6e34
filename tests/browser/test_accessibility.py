"""What axe-core (axe_playwright_python has it) finds on every page and view, light and dark, wide and on a phone."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page, expect

from mnist_lab.ui.draw.views import OWN, VIEWS
from tests.browser.conftest import (
    LESSON,
    Server,
    answer,
    at_rest,
    canvas,
    choose,
    draw,
    open_class,
    open_table,
    settled,
    view,
)

pytestmark = pytest.mark.browser

LAPTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
GRAVE = ("serious", "critical")
RUNS = "runs=dense-128-dropout,small-cnn"


class Findings:
    """What is wrong in each view, gathered over all of them; colours are those of a wide page on a phone, too."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.is_phone = page.viewport_size == PHONE["viewport"]
        self.found: list[str] = []

    def look(self, where: str) -> None:
        """Look at what the page shows, light and dark; only colours depend on that."""
        self._run(where, {})
        if self.is_phone:
            return
        self.page.emulate_media(color_scheme="dark")
        expect(self.page.get_by_test_id("stApp")).to_have_css("color-scheme", "dark")
        at_rest(self.page)
        self._run(f"{where}, dark", {"runOnly": ["color-contrast"]})
        self.page.emulate_media(color_scheme="light")
        expect(self.page.get_by_test_id("stApp")).to_have_css("color-scheme", "light")
        at_rest(self.page)

    def look_at_plain_page(self, where: str) -> None:
        """Look at a page that is none of Streamlit's."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self._run(f"{where}, {scheme}", {})

    def _run(self, where: str, options: dict[str, object]) -> None:
        if not self.page.evaluate("'axe' in globalThis"):
            self.page.evaluate(AXE_SCRIPT)
        violations = self.page.evaluate(
            "options => axe.run({resultTypes: ['violations'], ...options}).then(all => all.violations)",
            options,
        )
        for one in violations:
            if one["impact"] in GRAVE:
                for node in one["nodes"]:
                    words = f"{where}: {one['id']} of {node['html'][:200]}: {node['failureSummary'][-160:]}"
                    self.found.append(words)


@contextmanager
def _nothing_grave(page: Page) -> Iterator[Findings]:
    findings = Findings(page)
    yield findings
    assert not findings.found, "\n".join(findings.found)


def _drawing(lab: Server, page: Page) -> None:
    with _nothing_grave(page) as findings:
        page.goto(lab.url)
        canvas(page)
        findings.look(at_rest(page) and "Draw, nothing drawn")
        draw(page, 3)
        expect(answer(page)).to_contain_text("3")
        for name in (*VIEWS, OWN):
            view(page, name)
            findings.look(f"Draw, {name}")


def _training(lab: Server, page: Page) -> None:
    with _nothing_grave(page) as findings:
        page.goto(f"{lab.url}/train")
        page.get_by_text("All trials").click()
        findings.look(at_rest(page) and "Train, a network and the trials of a search")
        for name in ("Grid", "Search"):
            view(page, name)
            expect(page.locator(f".st-key-{name.lower()}_name")).to_be_visible()
            findings.look(at_rest(page) and f"Train, {name}")
        for lesson in ("softmax", "dropout"):
            page.goto(f"{lab.url}/lessons?lesson={lesson}")
            expect(page.locator(".moving button").first).to_be_visible()
            findings.look(at_rest(page) and f"Lesson, {lesson}")
        page.goto(f"{lab.url}/lessons?lesson={LESSON}")
        options = page.locator(".st-key-lesson-options button")
        expect(options.first).to_be_visible()
        findings.look(at_rest(page) and "Lesson")
        options.first.click()
        expect(page.locator(".st-key-lesson-run button")).to_be_enabled()
        findings.look("Lesson, bet on")
        page.locator(".st-key-lesson-run button").click()
        expect(page.locator(".st-key-lesson-answer")).to_be_visible()
        findings.look(at_rest(page) and "Lesson, answered")


def _comparing(lab: Server, page: Page) -> None:
    with _nothing_grave(page) as findings:
        page.goto(f"{lab.url}/compare?{RUNS}")
        for name in ("Curves", "Mistakes", "Digits", "Writers", "Robustness", "Confidence", "Cost", "Settings"):
            view(page, name)
            findings.look(f"Compare, {name}")
        page.goto(f"{lab.url}/compare?{RUNS},house-cnn")
        expect(page.locator(".sentence")).to_be_visible()
        findings.look(at_rest(page) and "Compare, three runs")
        open_table(page)
        findings.look(at_rest(page) and "Compare, all runs")


def _exploring(lab: Server, page: Page) -> None:
    with _nothing_grave(page) as findings:
        page.goto(f"{lab.url}/explore?run=dense-128-dropout&image=9")
        names = (
            "Activations",
            "One neuron",
            "Map",
            "Damage",
            "Time machine",
            "Architecture",
            "Learning rate",
            "Dream",
            "Why",
        )
        for name in names:
            view(page, name)
            findings.look(f"Explore, {name}")


def _teaching(lab: Server, page: Page) -> None:
    """The page Class, and what a phone shows: here it is the teacher's browser that joins, too."""
    activities = {
        "Draw what is asked": "drawing",
        "Bet, talk, bet again": "betting",
        "You against the machine": "reading",
    }
    with _nothing_grave(page) as findings:
        page.goto(f"{lab.url}/class")
        page.get_by_role("button", name="Open a class").wait_for()
        findings.look(at_rest(page) and "Class, none open")
        code = open_class(page)
        phone = page.context.new_page()
        with _nothing_grave(phone) as on_phone:
            phone.goto(f"{lab.url}/join")
            on_phone.look_at_plain_page("Join")
            phone.goto(f"{lab.url}/join?code={code}")
            expect(phone.locator("#waiting")).to_be_visible()
            on_phone.look_at_plain_page("Join, waiting")
            for activity, screen in activities.items():
                choose(page, "Next activity", activity)
                settled(page).get_by_role("button", name="Start", exact=True).click()
                expect(phone.locator(f"#{screen}")).to_be_visible()
                on_phone.look_at_plain_page(f"Join, {screen}")
                findings.look(at_rest(page) and f"Class, {activity}")


PARTS = {"draw": _drawing, "train": _training, "compare": _comparing, "explore": _exploring, "class": _teaching}


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_in_the_way_of_whoever_cannot_see_well(mnist, lab, open_tab, part):
    PARTS[part](lab, open_tab("about:blank", **LAPTOP))


@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_nothing_is_in_the_way_on_a_phone(mnist, lab, open_tab, part):
    PARTS[part](lab, open_tab("about:blank", **PHONE))
