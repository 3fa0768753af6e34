"""The pictures in docs/class.md, of a class whose pupils draw real pen digits: python -m benchmarks.class_pictures"""

import os
import random
import sys
import tempfile
from collections import defaultdict

from playwright.sync_api import Browser, Page, ViewportSize

from benchmarks.browsing import PATIENCE, ROOT, chromium, server
from benchmarks.pictures import DOCS, STILL, save
from mnist_lab.classroom import board
from mnist_lab.classroom.addresses import VARIABLE
from mnist_lab.classroom.animals import ANIMALS
from mnist_lab.datasets.pens import PenDigit, load
from mnist_lab.images.strokes import CANVAS_SIDE, resized
from mnist_lab.store.models import model_of
from mnist_lab.store.rooms import Room, RoomDrawing, Rooms
from mnist_lab.store.runs import DEFAULT_MODEL, RunStore

PUPILS, EACH = 24, 20
ADDRESS = "https://lab.school.example"
PHONE = ViewportSize(width=390, height=780)


def draw_all(room: Room, store: RunStore, pupils: int, each: int) -> None:
    """So many pupils have drawn so many digits each in the first step, as so many people of the pen digits write."""
    lot, predictor = random.Random(0), model_of(store, DEFAULT_MODEL)
    writers: defaultdict[int, list[PenDigit]] = defaultdict(list)
    for digit in load():
        writers[digit.writer].append(digit)
    for place, written in enumerate([*writers.values()][:pupils]):
        pupil = room.pupil_of(f"pupil {place}")
        room.enter(pupil, ANIMALS, f"address {place}")
        room.sign(pupil)
        for task, digit in enumerate(lot.sample(written, each)):
            strokes = [(CANVAS_SIDE * stroke).round().astype(int) for stroke in resized(digit.strokes, 0.6)]
            lines = [[(int(x), int(y)) for x, y in stroke] for stroke in strokes]
            said = board.read(lines, predictor)
            room.keep(
                1, pupil, task, RoomDrawing(number=1, asked=digit.label, lines=lines, is_done=True, probabilities=said)
            )


def start(teacher: Page, activity: str) -> None:
    teacher.get_by_role("combobox", name="Next activity").click()
    teacher.get_by_role("option", name=activity, exact=True).click()
    teacher.wait_for_timeout(800)
    teacher.get_by_role("button", name="Start", exact=True).click()
    teacher.get_by_text(f"Now: {activity}").wait_for(timeout=PATIENCE)


def picture(browser: Browser, url: str, store: RunStore) -> None:
    """The wall and a phone while all draw, and the wall once a network has learnt from them."""
    teacher = browser.new_page(viewport=STILL)
    teacher.goto(f"{url}/class")
    teacher.get_by_role("button", name="Open a class").click(timeout=PATIENCE)
    teacher.locator(".letters").wait_for(timeout=PATIENCE)
    room = Rooms(store.folder).room(teacher.locator(".letters").inner_text())
    phone = browser.new_context(viewport=PHONE, is_mobile=True, has_touch=True).new_page()
    phone.goto(f"{url}/join?code={room.code}")
    start(teacher, "Draw what is asked")
    draw_all(room, store, PUPILS, EACH // 10)
    phone.locator("#drawing").wait_for(timeout=PATIENCE)
    write(phone)
    save_phone(phone)
    teacher.get_by_role("button", name="Present").click()
    teacher.locator(".tile").nth(PUPILS).wait_for(timeout=PATIENCE)
    save(teacher, "class-wall")
    teacher.get_by_role("button", name="Leave").click()
    draw_all(room, store, PUPILS, EACH)
    start(teacher, "Trained by us")
    teacher.get_by_role("button", name="Let it learn from us").click()
    teacher.locator(".slopes").wait_for(timeout=PATIENCE)
    teacher.get_by_role("button", name="Present").click()
    save(teacher, "class-trained")


def write(phone: Page) -> None:
    """Draw what the phone asks for."""
    asked = int(phone.locator(".digit").inner_text())
    box = phone.locator("#drawing canvas").bounding_box()
    assert box
    for stroke in resized(next(one for one in load() if one.label == asked).strokes, 0.6):
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke.tolist()]
        phone.mouse.move(*points[0])
        phone.mouse.down()
        for point in points[1:]:
            phone.mouse.move(*point)
        phone.mouse.up()


def save_phone(phone: Page) -> None:
    phone.wait_for_timeout(1000)
    phone.screenshot(path=DOCS / "class-phone.png")


def main() -> None:
    os.environ[VARIABLE] = ADDRESS
    with tempfile.TemporaryDirectory() as runs, server(workers=True, runs=runs) as lab, chromium() as browser:
        picture(browser, lab.url, RunStore(runs))
    for path in sorted(DOCS.glob("class-*.png")):
        sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
