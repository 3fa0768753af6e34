"""A class at once, and how soon its strokes are on the wall: python -m benchmarks.classroom [--phones 30] …

Phones are clients that ask over HTTP what a phone's page asks, at the same times, and draw real pen digits stroke by
stroke; the wall asks as a wall's page does. A stroke waits from when the pen is lifted, whether or not the one before
was taken, until the wall has it; a phone sends one drawing after the other, each as it is by then. Beside them networks
train, and windows are open on Train and Compare, which ask for news of themselves.
"""

import argparse
import asyncio
import random
import time
from collections.abc import Sequence
from http.cookies import SimpleCookie
from itertools import cycle
from typing import Any

import psutil
from aiohttp import ClientSession, DummyCookieJar, TCPConnector

from benchmarks.load import Visitor, asked_for, print_trained, print_waits, under_load
from mnist_lab.datasets.pens import load
from mnist_lab.images.strokes import CANVAS_SIDE, resized
from mnist_lab.store.rooms import DRAWINGS, Room, Rooms
from mnist_lab.store.runs import RunStore
from mnist_lab.store.visitors import Visitors

BETWEEN_LOOKS, WALL_LOOKS = 1.5, 0.4  # seconds, of a phone and of a wall, as in their pages
SECONDS_A_POINT = 0.02  # of a real pen, about
BETWEEN_DIGITS = 1.0
WARM_UP = 30.0  # seconds, until the workers train and every page was made once
USUAL = {"phones": 30, "windows": 20, "trainings": 2, "digits": 20, "runs": 200}
Lines = list[list[list[int]]]


class Browser:
    """One browser: a cookie of its own, on connections that all share."""

    def __init__(self, web: ClientSession, code: str) -> None:
        self._web = web
        self._code = code
        self.cookie = ""
        self.waited: dict[str, list[float]] = {}  # seconds of each answer, by what was asked

    async def open(self) -> None:
        """Load the page, which gives the cookie."""
        async with self._web.get(f"/join?code={self._code}", headers={"Accept": "text/html"}) as answer:
            jar = SimpleCookie(answer.headers["Set-Cookie"])
            self.cookie = next(iter(jar.values())).value

    async def ask(self, what: str, method: str = "GET", content: Any = None) -> Any:
        head = {"Cookie": f"mnist_lab_visitor={self.cookie}"}
        began = time.perf_counter()
        async with self._web.request(method, f"/room/{self._code}/{what}", json=content, headers=head) as answer:
            assert answer.status == 200, await answer.text()
            told = await answer.json()
        self.waited.setdefault(what.partition("?")[0], []).append(time.perf_counter() - began)
        return told


class Phone(Browser):
    """A pupil's phone; `lifted` has when each stroke ended, by `<task>` and number."""

    def __init__(self, web: ClientSession, code: str, digits: int) -> None:
        super().__init__(web, code)
        self._digits = digits
        self.lifted: dict[tuple[int, int], float] = {}
        self.joined = 0.0
        self._unsent: dict[int, dict[str, Any]] = {}  # by task, as it is now
        self._changed = asyncio.Event()

    async def join(self, began: float) -> None:
        """Open the page and get in."""
        await self.open()
        await self.ask("enter", "POST")
        self.joined = time.perf_counter() - began

    async def draw(self, pool: dict[int, list[Lines]]) -> None:
        """Draw what is asked, a stroke at a time, and go on while answers are on their way."""
        tasks = (await self.ask("me"))["tasks"][: self._digits]
        looking, sending = asyncio.create_task(self._look()), asyncio.create_task(self._send(len(tasks)))
        for task, digit in enumerate(tasks):
            lines: Lines = []
            for number, line in enumerate(random.choice(pool[digit]), start=1):
                await asyncio.sleep(SECONDS_A_POINT * len(line))
                lines = [*lines, line]
                self.lifted[task, number] = time.perf_counter()
                self._change(task, number, lines, False)
            await asyncio.sleep(BETWEEN_DIGITS * random.uniform(0.5, 1.5))
            self._change(task, number + 1, lines, True)
        await sending
        looking.cancel()

    def _change(self, task: int, number: int, lines: Lines, done: bool) -> None:
        self._unsent[task] = {"step": 1, "task": task, "number": number, "lines": lines, "done": done}
        self._changed.set()

    async def _send(self, several: int) -> None:
        """Send what is drawn, one drawing after the other, each as it is by then."""
        done = 0
        while done < several:
            await self._changed.wait()
            sent = self._unsent.pop(min(self._unsent))
            await self.ask("drawing", "PUT", sent)
            done += sent["done"]
            if not self._unsent:
                self._changed.clear()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(BETWEEN_LOOKS * random.uniform(0.9, 1.1))
            await self.ask("me?step=1")


async def look(wall: Browser, seen: dict[tuple[str, int], float]) -> None:
    """Look as a wall does; `seen` has when the wall first had so many lines of a pupil's task."""
    until = 0.0
    while True:
        told = await wall.ask(f"wall?step=1&since={until}")
        now, until = time.perf_counter(), told["until"]
        for name, one in told["drawings"].items():
            for number in range(1, len(one["lines"]) + 1):
                seen.setdefault((name, number), now)
        await asyncio.sleep(WALL_LOOKS)


async def stay(visitor: Visitor, page: str) -> None:
    """Open a page and leave it open."""
    await visitor.enter()
    await visitor.look(page)


async def measure(url: str, room: Room, owners: Visitors, asked: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds until each phone was in, from each stroke to the wall, and of each answer."""
    pool: dict[int, list[Lines]] = {digit: [] for digit in range(10)}
    for one in load():
        pool[one.label].append(_lines(one.strokes))
    jar, connections = DummyCookieJar(), TCPConnector(limit=0, keepalive_timeout=3)
    async with asyncio.TaskGroup() as tasks, ClientSession(url, connector=connections, cookie_jar=jar) as web:
        visitors = [Visitor(url, tasks) for _ in range(asked.windows)]
        windows = [
            tasks.create_task(stay(visitor, page))
            for visitor, page in zip(visitors, cycle(("train", "compare")), strict=False)
        ]
        wall = Browser(web, room.code)
        await wall.open()
        room.let_lead(owners.owner(wall.cookie) or "")
        await asyncio.sleep(WARM_UP)
        phones = [Phone(web, room.code, asked.digits) for _ in range(asked.phones)]
        began = time.perf_counter()
        await asyncio.gather(*(phone.join(began) for phone in phones))
        room.start("draw")
        seen: dict[tuple[str, int], float] = {}
        looking = tasks.create_task(look(wall, seen))
        await asyncio.gather(*(phone.draw(pool) for phone in phones))
        await asyncio.sleep(3)
        looking.cancel()
        await asyncio.gather(*windows)
        for visitor in visitors:
            await visitor.leave()
    found = {"to be in": [phone.joined for phone in phones], "stroke to wall": []}
    for phone in phones:
        pupil = room.pupil_of(owners.owner(phone.cookie) or "")
        found["stroke to wall"] += [seen[f"{pupil}-{task}", number] - at for (task, number), at in phone.lifted.items()]
    for browser in (*phones, wall):
        for what, seconds in browser.waited.items():
            found.setdefault(f"answer to {what}", []).extend(seconds)
    return found


def _lines(strokes: Sequence[Any]) -> Lines:
    scaled = resized(tuple(strokes), 0.6)
    return [[[round(float(at) * CANVAS_SIDE) for at in point] for point in stroke[::2]] for stroke in scaled]


def main() -> None:
    asked = asked_for(__doc__ or "", USUAL)

    def hold(url: str, _: psutil.Process, store: RunStore) -> tuple[dict[str, list[float]], int]:
        room = Rooms(store.folder).open("benchmark")
        return asyncio.run(measure(url, room, Visitors(store.folder), asked)), len(room.stamps(DRAWINGS, 1))

    (found, kept), share, trained = under_load(asked.runs, asked.trainings, hold)
    print_waits(found)
    print(f"\n{kept} of {asked.phones * asked.digits} drawings are kept; the web process took {share:.0%} of a core.")
    print_trained(trained)


if __name__ == "__main__":
    main()
