"""The lesson of docs/class.md from joining to erasing, with phones that draw real pen digits; prints what each part
takes the machine.
"""

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from mnist_lab.datasets.pens import PenDigit, load
from mnist_lab.images.strokes import CANVAS_SIDE, resized
from tests.browser.conftest import PROBES, SLOW, Server, choose, open_class, settled, tabs

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PHONES = 8
ENTRIES = 4  # to the challenge, of as many phones
PLAN = {  # minutes
    "join": 5,
    "draw": 7,
    "bet twice": 6,
    "trained by us": 7,
    "referee": 7,
    "challenge": 8,
    "against the machine": 5,
}


class Phone(requests.Session):
    """What a phone's page asks for a pupil who writes as one person did."""

    def __init__(self, server: Server, code: str, digits: list[PenDigit]) -> None:
        super().__init__()
        self._room = f"{server.url}/room/{code}"
        self._digits = digits
        assert self.get(f"{server.url}/join?code={code}", headers={"Accept": "text/html"}).ok

    def ask(self, what: str, method: str = "GET", **content: object) -> Any:
        answer = self.request(method, f"{self._room}/{what}", json=content or None)
        assert answer.ok, answer.text
        return answer.json()

    def gone(self) -> bool:
        return self.get(f"{self._room}/me").status_code == 404

    def draw_all(self) -> None:
        me = self.ask("me")
        for task, digit in enumerate(me["tasks"]):
            written = random.choice([one for one in self._digits if one.label == digit])
            sized = [(CANVAS_SIDE * stroke).round().astype(int) for stroke in resized(written.strokes, 0.6)]
            lines = [stroke.tolist() for stroke in sized]
            self.ask("drawing", "PUT", step=me["step"], task=task, number=1, lines=lines, done=True)

    def choose(self, choice: int, turn: int | None = None) -> None:
        me = self.ask("me")
        which = me["turn"] if turn is None else turn
        self.ask("choice", "PUT", step=me["step"], turn=which, choice=choice)

    def read_all(self) -> None:
        for turn in range(len(self.ask("me")["pictures"])):
            self.choose(random.randrange(10), turn)

    def enter(self, **chosen: int) -> None:
        me = self.ask("me")
        usual = {knob["name"]: 0 for knob in me["knobs"]}
        self.ask("entry", "PUT", step=me["step"], number=0, chosen=usual | chosen)


@pytest.fixture
def teacher(training_server: Server, browser: Browser) -> Iterator[Page]:
    with tabs(browser, re.compile(rf"/room/|{PROBES.pattern}")) as open_tab:
        yield open_tab(f"{training_server.url}/class")


def start(teacher: Page, activity: str) -> None:
    choose(teacher, "Next activity", activity)
    settled(teacher).get_by_role("button", name="Start", exact=True).click()
    expect(teacher.get_by_text(f"Now: {activity}")).to_be_visible()


def press(teacher: Page, name: str) -> None:
    settled(teacher).get_by_role("button", name=name).click()
    expect(teacher.get_by_role("button", name=name)).to_have_count(0)


def read(teacher: Page, phones: list[Phone], activity: str) -> None:
    """All read all images, and the answers are shown."""
    start(teacher, activity)
    for phone in phones:
        phone.read_all()
    press(teacher, "Show the answers")


def test_a_whole_lesson_goes_as_planned(training_server: Server, teacher: Page) -> None:
    took: dict[str, float] = {}

    @contextmanager
    def part(name: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        took[name] = time.monotonic() - began

    random.seed(0)
    poster, by_writer = teacher.locator(".poster"), _by_writer()
    with part("join"):
        code = open_class(teacher)
        phones = [Phone(training_server, code, by_writer[place]) for place in range(PHONES)]
        for phone in phones:
            phone.ask("enter", "POST")
        expect(teacher.locator(".counts")).to_have_text(f"{PHONES} phones in")
    with part("draw"):
        start(teacher, "Draw what is asked")
        for phone in phones:
            phone.draw_all()
        expect(teacher.locator(".tile")).to_have_count(20 * PHONES)
        expect(teacher.locator(".score")).to_have_text(re.compile(rf"reads 1[4-6]\d of {20 * PHONES} as asked"))
    with part("bet twice"):
        start(teacher, "Bet, talk, bet again")
        for place, phone in enumerate(phones):
            phone.choose(place % 2)
        expect(poster).to_contain_text(f"{PHONES} have bet.")
        press(teacher, "Close the bets")
        press(teacher, "Let them bet again")
        for phone in phones:
            phone.choose(0)
        press(teacher, "Close the second bets")
        expect(teacher.locator(".switches")).to_contain_text(f"{PHONES // 2} went from")
    with part("trained by us"):
        start(teacher, "Trained by us")
        expect(poster).to_contain_text(f"{20 * PHONES} digits by {PHONES} of you")
        press(teacher, "Let it learn from us")
        expect(teacher.locator(".slopes li")).to_have_count(PHONES, timeout=SLOW)
        expect(teacher.locator(".figures")).to_be_visible()
        own = [phone.ask("me")["own"] for phone in phones]
        said = teacher.locator(".slopes em").all_inner_texts()
        assert sorted(said) == sorted(f"{one['before']} → {one['after']} of {one['digits']}" for one in own)
    with part("referee"):
        read(teacher, phones, "Referee")
        expect(teacher.locator(".pictures figure")).to_have_count(15)
    with part("challenge"):
        start(teacher, "The challenge")
        for place, phone in enumerate(phones[:ENTRIES]):
            phone.enter(learning_rate=place)
        expect(teacher.locator(".entries tr")).to_have_count(1 + ENTRIES, timeout=SLOW)
        press(teacher, "Close it, and let the test set speak")
        expect(poster).to_contain_text("The winner reads")
    with part("against the machine"):
        read(teacher, phones, "You against the machine")
        expect(teacher.locator(".matrices table")).to_have_count(2)
    teacher.get_by_text("The class", exact=True).click()
    teacher.get_by_role("button", name="Erase the class").click()
    teacher.get_by_role("button", name="Erase", exact=True).click()
    expect(teacher.get_by_role("button", name="Open a class")).to_be_visible()
    assert all(phone.gone() for phone in phones)
    print(*(f"{name}: {seconds:.0f} s of {PLAN[name]} min" for name, seconds in took.items()), sep="\n")
    assert {*took} == {*PLAN}
    assert all(seconds < 60 * PLAN[name] for name, seconds in took.items())


def _by_writer() -> list[list[PenDigit]]:
    """The digits of each person who has written all ten."""
    writers: dict[int, list[PenDigit]] = {}
    for digit in load():
        writers.setdefault(digit.writer, []).append(digit)
    return [found for found in writers.values() if len({one.label for one in found}) == 10]
