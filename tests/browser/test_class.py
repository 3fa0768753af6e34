"""A wall, a teacher and three phones."""

import re
import signal
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from mnist_lab.classroom.addresses import lan_address
from mnist_lab.datasets.pens import load
from mnist_lab.images.strokes import resized
from mnist_lab.store.runs import RunStore
from tests.browser.conftest import PROBES, SLOW, Server, choose, open_class, settled, tabs, wait_until

pytestmark = pytest.mark.browser

PHONE = {"viewport": {"width": 390, "height": 780}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}
DIGITS = {digit: next(one for one in load() if one.label == digit) for digit in range(10)}


@pytest.fixture
def open_any(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens tabs whose server or class goes away."""
    with tabs(browser, re.compile(rf"/room/|_stcore/|/static/|{PROBES.pattern}")) as open_tab:
        yield open_tab


def lead(open_tab: Callable[..., Page], server: Server) -> tuple[Page, str]:
    """A teacher's page, and the code of the class."""
    teacher = open_tab(f"{server.url}/class")
    return teacher, open_class(teacher)


def join(open_tab: Callable[..., Page], server: Server, code: str) -> Page:
    phone = open_tab(f"{server.url}/join?code={code}", **PHONE)
    expect(phone.locator("#waiting")).to_be_visible()
    return phone


def touch(phone: Page, digit: int) -> None:
    """Draw a real pen digit with a finger."""
    box = phone.locator("#drawing canvas").bounding_box()
    finger = phone.context.new_cdp_session(phone)
    for stroke in resized(DIGITS[digit].strokes, 0.6):
        points = [
            {"x": box["x"] + float(x) * box["width"], "y": box["y"] + float(y) * box["height"]} for x, y in stroke[::2]
        ]
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
        for point in points[1:]:
            finger.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def asked(phone: Page) -> int:
    expect(phone.locator("#drawing")).to_be_visible()
    return int(phone.locator(".digit").inner_text())


def draw_one(phone: Page) -> None:
    touch(phone, asked(phone))
    phone.get_by_role("button", name="Next").click()


def read_one(phone: Page, number: int, digit: int) -> None:
    """Say which digit the picture of that number is, and not twice within a moment."""
    expect(phone.locator("#reading .place")).to_have_text(re.compile(f"^{number} of"))
    phone.wait_for_timeout(350)
    phone.locator(".digits button").nth(digit).click()


def start(teacher: Page, activity: str = "Draw what is asked") -> None:
    choose(teacher, "Next activity", activity)
    settled(teacher).get_by_role("button", name="Start", exact=True).click()


def test_a_wall_a_teacher_and_three_phones(server: Server, open_tab: Callable[..., Page]) -> None:
    wall, code = lead(open_tab, server)
    unfold(wall).get_by_role("button", name="Lead it from another device").click()
    link = wall.get_by_text(f"lead={code}").inner_text()
    assert link.startswith(f"http://{lan_address()}:")  # where another device finds the lab
    teacher = open_tab(f"{server.url}{link[link.index('/class') :]}", **PHONE)
    expect(teacher.locator(".letters")).to_have_text(code)
    expect(teacher).not_to_have_url(re.compile("lead="))
    wall.get_by_role("button", name="Present").click()
    expect(wall.get_by_role("button", name="Start", exact=True)).to_have_count(0)

    phones = [join(open_tab, server, code) for _ in range(3)]
    animals = {phone.locator("#waiting .animal").inner_text() for phone in phones}
    assert len(animals) == 3
    expect(wall.locator(".counts")).to_have_text("3 phones in")

    start(teacher)
    for _ in range(2):
        for phone in phones:
            draw_one(phone)
    expect(wall.locator(".tile")).to_have_count(6)
    expect(wall.locator(".score")).to_have_text(re.compile("reads [56] of 6 as asked"))
    assert not any(animal in wall.locator(".grid").inner_text() for animal in animals)
    settled(teacher).get_by_role("button", name="Show whose each is").click()
    expect(wall.locator(".grid")).to_contain_text(next(iter(animals)))

    wall.locator(".tile").first.click()
    expect(wall.locator(".tile")).to_have_count(5)
    wall.get_by_role("button", name="Freeze").click()
    expect(wall.get_by_role("button", name="Go on")).to_be_visible()
    draw_one(phones[0])
    wall.wait_for_timeout(1500)
    expect(wall.locator(".tile")).to_have_count(5)
    wall.get_by_role("button", name="Go on").click()
    expect(wall.locator(".tile")).to_have_count(6)

    settled(teacher).get_by_role("button", name="Pause the phones").click()
    for phone in phones:
        expect(phone.locator("#waiting")).to_contain_text("paused")
    settled(teacher).get_by_role("button", name="Go on").click()
    assert asked(phones[0]) in range(10)

    start(teacher, "Bet, talk, bet again")
    for phone, choice in zip(phones, (0, 0, 1), strict=True):
        phone.locator(".options button").nth(choice).click()
    expect(wall.locator(".poster")).to_contain_text("3 have bet")
    expect(wall.locator(".poster .first")).to_have_count(0)
    settled(teacher).get_by_role("button", name="Close the bets").click()
    expect(wall.locator(".poster .first")).to_have_text(["2", "1"])
    expect(phones[0].locator(".hint")).to_contain_text("Talk")
    settled(teacher).get_by_role("button", name="Let them bet again").click()
    for phone in phones:
        expect(phone.locator(".options button").nth(1)).to_be_enabled()
        phone.locator(".options button").nth(1).click()
    expect(wall.locator(".poster")).to_contain_text("3 have bet again")
    settled(teacher).get_by_role("button", name="Close the second bets").click()
    expect(wall.locator(".switches")).to_contain_text("2 went from")

    start(teacher, "Referee")
    for phone in phones:
        expect(phone.locator("#reading")).to_be_visible()
        for number in range(1, 16):
            read_one(phone, number, 4)
        expect(phone.locator("#waiting")).to_contain_text("All done")
    expect(wall.locator(".poster")).to_contain_text("Answers: 45, to 15 images")
    expect(wall.locator(".poster img")).to_have_count(0)
    settled(teacher).get_by_role("button", name="Show the answers").click()
    expect(wall.locator(".poster img")).to_have_count(15)
    expect(wall.locator(".poster")).to_contain_text("100% of you say the same")


@pytest.mark.slow
def test_a_network_learns_from_the_class_while_all_watch(
    training_server: Server, open_any: Callable[..., Page]
) -> None:
    teacher, code = lead(open_any, training_server)
    phones = [join(open_any, training_server, code) for _ in range(2)]
    start(teacher, "Trained by us")
    expect(teacher.get_by_text("digits of two phones at least")).to_be_visible()
    expect(teacher.get_by_text("digits of two phones at least")).to_have_count(0)  # what is below has moved up by then
    start(teacher)
    for _ in range(3):
        for phone in phones:
            draw_one(phone)
    expect(teacher.locator(".tile")).to_have_count(6)
    start(teacher, "Trained by us")
    expect(teacher.locator(".poster")).to_contain_text("6 digits by 2 of you")
    expect(phones[0].locator("#waiting")).to_contain_text("Look at the wall")
    settled(teacher).get_by_role("button", name="Let it learn from us").click()
    expect(teacher.locator(".tracks li")).to_have_count(4)
    expect(teacher.locator(".slopes li")).to_have_count(2, timeout=SLOW)
    for phone in phones:
        expect(phone.locator("#waiting")).to_contain_text("Of your 3 digits")
    teacher.get_by_role("link", name="Draw with your network").click(timeout=SLOW)
    expect(teacher.get_by_text("101,770 parameters")).to_be_visible()
    expect(teacher).to_have_url(re.compile("/draw|model="))
    for page, shows in (("train", "Learn from your class, too: 6 digits"), ("explore?view=Map", "Your class")):
        teacher.goto(f"{training_server.url}/{page}")
        expect(teacher.get_by_text(shows)).to_be_visible()
    teacher.goto(f"{training_server.url}/compare?runs=small-cnn,dense-1024")
    settled(teacher).get_by_role("button", name="All runs").click()
    settled(teacher).get_by_role("button", name="Your class").click()
    teacher.get_by_role("button", name="Score every network on them").click()
    expect(teacher.get_by_text("is of 6 digits by 2")).to_be_visible(timeout=SLOW)
    teacher.goto(f"{training_server.url}/class")
    unfold(teacher).get_by_role("button", name="Erase the class").click()
    teacher.get_by_role("button", name="Erase", exact=True).click()
    expect(teacher.get_by_role("button", name="Open a class")).to_be_visible()
    teacher.goto(f"{training_server.url}/compare")
    settled(teacher).get_by_role("button", name="All runs").click()
    expect(teacher.get_by_role("button", name="Your class")).to_have_count(0)
    assert not [run for run in RunStore(training_server.runs).listing().runs if run.asked.beside]


@pytest.mark.slow
def test_phones_compete_for_the_best_small_network(training_server: Server, open_tab: Callable[..., Page]) -> None:
    teacher, code = lead(open_tab, training_server)
    phone = join(open_tab, training_server, code)
    start(teacher, "The challenge")
    expect(phone.locator(".size")).to_have_text("7,850 parameters")
    expect(phone.get_by_label("Filters")).to_be_hidden()
    phone.get_by_label("Hidden layers").select_option("64")
    expect(phone.locator(".size")).to_have_text("50,890 parameters: 10,000 are allowed")
    expect(phone.get_by_role("button", name="Train it")).to_be_disabled()
    phone.get_by_label("Network").select_option("cnn")
    phone.get_by_label("Filters").select_option("8 16")
    phone.get_by_label("Hidden layers").select_option("8")
    phone.reload()  # in the middle of it
    expect(phone.locator(".size")).to_have_text("7,850 parameters")
    phone.get_by_label("Learning rate").select_option("0.01")
    expect(phone.get_by_role("button", name="Train it")).to_be_enabled()
    phone.get_by_role("button", name="Train it").click()
    expect(phone.locator(".own")).to_contain_text("in training")
    expect(phone.locator("#entering .place")).to_have_text("4 of 5 left")
    expect(phone.locator(".own")).to_contain_text("place 1", timeout=SLOW)
    expect(teacher.locator(".entries tr")).to_have_count(2)
    expect(teacher.locator(".poster")).not_to_contain_text("test set")
    settled(teacher).get_by_role("button", name="Close it, and let the test set speak").click()
    expect(teacher.locator(".poster")).to_contain_text("The winner reads")
    expect(phone.locator("#waiting")).to_contain_text("It is closed")
    start(teacher)
    phone.wait_for_timeout(3500)
    assert asked(phone) in range(10)  # no late answer brings the knobs back


def test_time_runs_out_for_who_reads_too_slowly(server: Server, open_tab: Callable[..., Page]) -> None:
    teacher, code = lead(open_tab, server)
    phone = join(open_tab, server, code)
    start(teacher, "You against the machine")
    expect(phone.locator("#reading .place")).to_have_text("1 of 20")
    expect(phone.locator("#reading .place")).to_have_text("2 of 20")  # after ten seconds
    expect(teacher.locator(".poster")).to_contain_text("Answers: 0")
    read_one(phone, 2, 7)
    phone.reload()
    expect(phone.locator("#reading .place")).to_have_text("3 of 20")  # neither comes back
    expect(teacher.locator(".poster")).to_contain_text("Answers: 1, to 20 images")


def unfold(teacher: Page) -> Page:
    """The teacher's page with what is rarely needed."""
    settled(teacher).get_by_text("The class", exact=True).click()
    last, places = teacher.get_by_role("button", name="Erase the class"), [{}]
    last.wait_for()

    def is_open() -> bool:  # it unfolds step by step
        teacher.wait_for_timeout(150)
        places.append(last.bounding_box() or {})
        return places[-1] == places[-2]

    wait_until(teacher, is_open)
    return teacher


def test_an_erased_class_is_gone_everywhere(server: Server, open_any: Callable[..., Page]) -> None:
    teacher, code = lead(open_any, server)
    phone = join(open_any, server, code)
    start(teacher)
    touch(phone, asked(phone))
    expect(teacher.locator(".tile")).to_have_count(1)
    phone.context.set_offline(True)
    phone.get_by_role("button", name="Next").click()
    unfold(teacher).get_by_role("button", name="Erase the class").click()
    settled(teacher).get_by_role("button", name="Erase", exact=True).click()
    expect(teacher.get_by_role("button", name="Open a class")).to_be_visible()
    assert not (server.runs / ".rooms" / code).exists()
    teacher.close()
    phone.context.set_offline(False)
    expect(phone.locator("#code .wrong")).to_contain_text("nothing of it is kept")
    assert phone.evaluate("Object.keys(localStorage)") == []


def test_a_code_is_typed_as_people_type_and_a_wrong_one_is_told(server: Server, open_tab: Callable[..., Page]) -> None:
    _, code = lead(open_tab, server)
    phone = open_tab(f"{server.url}/join", **PHONE)
    phone.locator("#letters").fill(f"{code.lower()}")
    phone.get_by_role("button", name="Join").click()
    expect(phone.locator("#waiting")).to_be_visible()
    animal = phone.locator("#waiting .animal").inner_text()
    phone.get_by_role("button", name="Another animal").click()
    expect(phone.locator("#waiting .animal")).not_to_have_text(animal)
    expect(phone.locator(".spin")).to_contain_text("2 left")


def test_what_is_drawn_while_the_network_is_away_comes_when_it_is_back(
    server: Server, open_any: Callable[..., Page]
) -> None:
    teacher, code = lead(open_any, server)
    phone = join(open_any, server, code)
    start(teacher)
    draw_one(phone)
    expect(teacher.locator(".tile")).to_have_count(1)
    phone.route("**/room/**", lambda route: route.abort())
    for _ in range(3):
        draw_one(phone)
    expect(phone.locator("#note")).to_contain_text("No connection")
    expect(phone.locator("#drawing .place")).to_have_text("5 of 20")
    phone.unroute("**/room/**")
    expect(teacher.locator(".tile")).to_have_count(4)
    expect(phone.locator("#note")).to_be_hidden()


def test_a_reload_or_a_killed_server_costs_nobody_a_place_or_a_drawing(
    start_server: Callable[..., Server], tmp_path, open_any: Callable[..., Page]
) -> None:
    server = start_server(tmp_path)
    teacher, code = lead(open_any, server)
    phone = join(open_any, server, code)
    animal = phone.locator("#waiting .animal").inner_text()
    start(teacher)
    for _ in range(2):
        draw_one(phone)
    touch(phone, asked(phone))  # and is in the middle of the third
    digit = asked(phone)
    phone.reload()
    assert (asked(phone), phone.locator("#drawing .place").inner_text()) == (digit, "3 of 20")
    expect(phone.get_by_role("button", name="Next")).to_be_enabled()  # the ink is there
    server.process.send_signal(signal.SIGKILL)
    server.process.wait()
    phone.get_by_role("button", name="Next").click()
    draw_one(phone)
    again = Server(tmp_path, urlsplit(server.url).port)
    try:
        expect(phone.locator("#drawing .place")).to_have_text("5 of 20")
        expect(phone.locator("#note")).to_be_hidden(timeout=SLOW)
        expect(phone.locator("#drawing .animal")).to_have_text(animal)
        teacher.reload()
        expect(teacher.locator(".letters")).to_have_text(code)
        expect(teacher.locator(".tile")).to_have_count(4)
    finally:
        again.stop()
