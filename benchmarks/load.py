"""A class at once, and how long its strokes wait: python -m benchmarks.load [--draw 30] [--photos 1] …

Visitors are WebSockets that do what a tab of Streamlit's does, as far as the server can tell, so that browsers do not
take the cores of the server. Those who draw send a picture a second, each when it is due, whether or not the one before
was answered (an open loop: Schroeder et al. 2006, "Open versus closed"), and the time of an answer counts from then.
Those on Train and Compare look at the page, which asks for news of itself, and open it again now and then. Those with
photos upload one after the other in a browser, which takes its share of the cores.
"""

import argparse
import asyncio
import base64
import contextlib
import io
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np
import psutil
from aiohttp import ClientSession, TCPConnector
from PIL import Image, ImageDraw
from playwright.async_api import FilePayload, async_playwright
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from benchmarks.browsing import FLAGS, server
from benchmarks.listing import fill
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.runs import RunStore

SIDE = 140  # of a picture while a stroke grows
BETWEEN_STROKES = 1.0  # seconds
STROKES_TO_A_REST = 10
BETWEEN_LOOKS = 20.0
PATIENCE = 60.0  # for a page that is opened
WARM_UP = 40.0  # until the workers train and every page was made once
LONG = TrainConfig(epochs=200, units=(512,))
WEIGHED = 11  # times
USUAL = {"draw": 30, "train": 5, "compare": 3, "photos": 0, "runs": 1000, "trainings": 2, "seconds": 60}
Found = TypeVar("Found")
WAITED_FOR = ("strokes", "looks at Train", "looks at Compare", "photos")


class Visitor:
    """A tab: opens a page, sends what its widgets say, and asks again where the page asked for that."""

    def __init__(self, url: str, tasks: asyncio.TaskGroup) -> None:
        self._tasks = tasks
        self._address = f"{url.replace('http', 'ws')}/_stcore/stream"
        self._socket: ClientConnection
        self._asking: dict[str, asyncio.Task[None]] = {}  # by fragment
        self._finished = asyncio.Event()
        self._canvas = ("", "")  # the component: its id and its fragment

    async def enter(self) -> None:
        """Connect, and read all that comes."""
        self._socket = await connect(self._address, subprotocols=[Subprotocol("streamlit")], max_size=None)
        self._reading = self._tasks.create_task(self._read())

    async def leave(self) -> None:
        """Close the tab."""
        self._rest([*self._asking])
        self._reading.cancel()
        await self._socket.close()

    async def look(self, page: str) -> float:
        """Open a page; the seconds until all of it is there, at most PATIENCE."""
        self._finished.clear()
        begun = time.perf_counter()
        message = BackMsg()
        message.rerun_script.page_name = page
        await self._socket.send(message.SerializeToString())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._finished.wait(), PATIENCE)
        return time.perf_counter() - begun

    async def rest(self, number: int, picture: str) -> None:
        """Send what stands on the canvas once the pen rests, upon which the page shows all that it says of it."""
        widget, fragment = self._canvas
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        sent = {"drawing": {"number": number, "picture": picture, "strokes": [], "on_image": False, "attempt": number}}
        message.rerun_script.widget_states.widgets.add(id=widget, json_value=json.dumps(sent))
        await self._socket.send(message.SerializeToString())

    async def _read(self) -> None:
        async for content in self._socket:
            message = ForwardMsg.FromString(content if isinstance(content, bytes) else content.encode())
            kind = message.WhichOneof("type")
            if kind == "delta":
                self._take(message)
            elif kind == "auto_rerun":
                fragment = message.auto_rerun.fragment_id
                if fragment not in self._asking:
                    self._asking[fragment] = self._tasks.create_task(self._ask(fragment, message.auto_rerun.interval))
            elif kind == "stop_auto_rerun":
                self._rest(message.stop_auto_rerun.fragment_ids)
            elif kind == "new_session" and not message.metadata.run.fragment_ids:
                self._rest([*self._asking])
            elif kind == "script_finished" and message.script_finished == ForwardMsg.FINISHED_SUCCESSFULLY:
                self._finished.set()
        raise ConnectionError("The server closed a tab.")

    def _take(self, message: ForwardMsg) -> None:
        component = message.delta.new_element.bidi_component
        if component.component_name.endswith("mnist_lab_canvas"):
            self._canvas = (component.id, message.delta.fragment_id)

    def _rest(self, fragments: Iterable[str]) -> None:
        for fragment in fragments:
            if asking := self._asking.pop(fragment, None):
                asking.cancel()

    async def _ask(self, fragment: str, interval: float) -> None:
        while True:
            await asyncio.sleep(interval)
            message = BackMsg()
            message.rerun_script.fragment_id = fragment
            message.rerun_script.is_auto_rerun = True
            await self._socket.send(message.SerializeToString())


def pictures(several: int) -> list[str]:
    """Pictures of strokes, as a canvas sends them."""
    hand, made = random.Random(1), []
    for _ in range(several):
        image = Image.new("L", (SIDE, SIDE))
        points = [(hand.uniform(30, 110), hand.uniform(20, 120)) for _ in range(4)]
        ImageDraw.Draw(image).line(points, fill=255, width=10, joint="curve")
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        made.append(f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}")
    return made


async def draw(visitor: Visitor, asked: ClientSession, until: float, counts_from: float) -> list[float]:
    """Draw until then; the seconds that each picture due after `counts_from` waited for its answer."""
    shown = pictures(20)
    await visitor.enter()
    await visitor.look("")
    first, began = time.perf_counter() + random.uniform(0, BETWEEN_STROKES), random.randrange(STROKES_TO_A_REST)
    waited: list[float] = []

    async def show(picture: str, due: float) -> None:
        async with asked.post("/answer?canvas=one&model=house-cnn", data=picture) as answer:
            assert "digit" in await answer.text()
        if due >= counts_from:
            waited.append(time.perf_counter() - due)

    async with asyncio.TaskGroup() as under_way:
        for number in range(1, 1 + int((until - first) / BETWEEN_STROKES)):
            due, picture = first + (number - 1) * BETWEEN_STROKES, shown[number % len(shown)]
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            under_way.create_task(show(picture, due))
            if (number + began) % STROKES_TO_A_REST == 0:
                await visitor.rest(number, picture)
    await visitor.leave()
    return waited


async def watch(visitor: Visitor, page: str, until: float) -> list[float]:
    """Look at a page again and again; the seconds of each look."""
    looks = []
    await visitor.enter()
    while time.perf_counter() < until:
        looks.append(await visitor.look(page))
        await asyncio.sleep(min(BETWEEN_LOOKS * random.uniform(0.8, 1.2), max(0.0, until - time.perf_counter())))
    await visitor.leave()
    return looks


async def photograph(url: str, until: float) -> list[float]:
    """Upload a photo of 48 megapixels again and again, in a browser; the seconds to each answer."""
    waited = []
    photo = io.BytesIO()
    paper = Image.new("L", (8000, 6000), 230)
    ImageDraw.Draw(paper).line([(3200, 1500), (4800, 1500), (3800, 4500)], fill=30, width=400, joint="curve")
    paper.save(photo, "JPEG")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = await browser.new_page()
        while time.perf_counter() < until:
            await page.goto(url)
            await page.get_by_text("Upload", exact=True).click()
            field = page.locator("[data-testid=stFileUploader] input[type=file]")
            begun = time.perf_counter()
            file: FilePayload = {"name": "seven.jpg", "mimeType": "image/jpeg", "buffer": photo.getvalue()}
            await field.set_input_files(file)
            await page.locator(".st-key-prediction .digit").wait_for()
            waited.append(time.perf_counter() - begun)
        await browser.close()
    return waited


async def weigh(web: psutil.Process, until: float) -> list[int]:
    """The bytes of the web process, now and then from when all is warm."""
    await asyncio.sleep(WARM_UP)
    pause, weights = (until - time.perf_counter()) / (WEIGHED - 1), [web.memory_info().rss]
    while len(weights) < WEIGHED:
        await asyncio.sleep(pause)
        weights.append(web.memory_info().rss)
    return weights


async def together(people: Iterable[Coroutine[None, None, list[float]]]) -> list[float]:
    """The seconds of all of them."""
    return [one for seconds in await asyncio.gather(*people) for one in seconds]


async def measure(url: str, web: psutil.Process, asked: argparse.Namespace) -> tuple[dict[str, list[float]], list[int]]:
    """Seconds, by what was waited for, and the bytes of the web process meanwhile."""
    begun = time.perf_counter()
    until = begun + WARM_UP + asked.seconds
    connections = TCPConnector(limit=0, keepalive_timeout=3)  # seconds, less than the server keeps them
    async with asyncio.TaskGroup() as tasks, ClientSession(url, connector=connections) as asking:
        drawing = [draw(Visitor(url, tasks), asking, until, begun + WARM_UP) for _ in range(asked.draw)]
        training = [watch(Visitor(url, tasks), "train", until) for _ in range(asked.train)]
        comparing = [watch(Visitor(url, tasks), "compare", until) for _ in range(asked.compare)]
        photographing = [photograph(url, until) for _ in range(asked.photos)]
        people = (drawing, training, comparing, photographing)
        weights = tasks.create_task(weigh(web, until))
        found = await asyncio.gather(*map(together, people))
    return dict(zip(WAITED_FOR, found, strict=True)), weights.result()


def asked_for(about: str, usual: Mapping[str, int]) -> argparse.Namespace:
    """The numbers that the command line asks for, else the usual ones."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    for name, number in usual.items():
        parser.add_argument(f"--{name}", type=int, default=number)
    return parser.parse_args()


def under_load(
    runs: int, trainings: int, measure: Callable[[str, psutil.Process, RunStore], Found]
) -> tuple[Found, float, list[int]]:
    """What is measured at a server's address, with its process and its store of so many runs, while networks train.

    Also the share of a core that the server took meanwhile, and the epochs that each network trained.
    """
    with tempfile.TemporaryDirectory() as root:
        store = RunStore(root)
        fill(store, runs)
        for number in range(trainings):
            store.create(LONG, f"long {number}")
        with server(runs=root, workers=trainings > 0) as running:
            web = psutil.Process(running.process.pid)
            used, begun = sum(web.cpu_times()[:2]), time.perf_counter()
            found = measure(running.url, web, store)
            share = (sum(web.cpu_times()[:2]) - used) / (time.perf_counter() - begun)
        trained = [len(store.epochs(run.id)) for run in store.listing().runs if run.name.startswith("long ")]
    return found, share, trained


def print_waits(found: Mapping[str, Iterable[float]]) -> None:
    """A table of seconds by what was waited for: how many, and percentiles in milliseconds."""
    print("| waited for | times | median | 95 % | 99 % |\n| --- | --- | --- | --- | --- |")
    for what, seconds in found.items():
        if known := sorted(seconds):
            shares = [1000 * float(np.quantile(known, share, method="inverted_cdf")) for share in (0.5, 0.95, 0.99)]
            print(f"| {what} | {len(known)} | {' | '.join(f'{one:.0f} ms' for one in shares)} |")


def print_trained(trained: Sequence[int]) -> None:
    """How far the networks came meanwhile."""
    if trained:
        print(f"Meanwhile {len(trained)} networks trained {statistics.mean(trained):.0f} epochs each.")


def main() -> None:
    asked = asked_for(__doc__ or "", USUAL)
    (found, weights), share, trained = under_load(
        asked.runs, asked.trainings, lambda url, web, _: asyncio.run(measure(url, web, asked))
    )
    print_waits(found)
    print(f"\nThe web process took {share:.0%} of a core and, at equal times from when it was warm, of memory:")
    print(", ".join(f"{weight / 1e6:.0f} MB" for weight in weights))
    print_trained(trained)


if __name__ == "__main__":
    main()
