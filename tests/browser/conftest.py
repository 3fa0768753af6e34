"""A real server on a free port and a real Chromium."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright

from mnist_lab.config.search import plan
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.lessons.library import library
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import RunStore
from mnist_lab.store.studies import Studies

ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
FLAGS += ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]  # a camera for the tests
SLOW = 240_000  # milliseconds, for what waits for a training on a busy machine with cold workers
expect.set_options(timeout=30_000)  # what comes at once on a quiet machine takes seconds on a busy one
PROBES = re.compile(r"/\w+/_stcore/(health|host-config)$")  # Streamlit tries its address below each page's first
LESSON = "dropout"

STROKES = {
    7: [[(0.27, 0.25), (0.72, 0.25), (0.45, 0.82)]],
    3: [[(0.3, 0.25), (0.5, 0.17), (0.65, 0.3), (0.48, 0.46), (0.67, 0.62), (0.5, 0.8), (0.3, 0.72)]],
}


class Server:
    """`streamlit run app.py`, as the README starts it; `before` runs in its process ahead of it."""

    def __init__(self, runs: Path, port: int, before: Callable[[], None] | None = None, **environment: str) -> None:
        self.runs = runs
        self.url = f"http://localhost:{port}"
        self.process = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"],
            cwd=ROOT,
            env=os.environ | {"MNIST_LAB_RUNS": str(runs), "MNIST_LAB_WORKERS": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            preexec_fn=before,
        )
        self._wait_until_up()

    def stop(self) -> None:
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1)
                return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("The server did not come up.")


@contextmanager
def serving(runs: Path, before: Callable[[], None] | None = None, **environment: str) -> Iterator[Server]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Server(runs, port, before, **environment)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture
def start_server(scheduler: str) -> Iterator[Callable[[Path], Server]]:
    """Starts a fresh server on a folder of runs; ask for it before `open_tab`, so that tabs close first.

    It trains with the workers that all tests share, unless the environment names a scheduler.
    """
    with ExitStack() as servers:
        yield lambda runs: servers.enter_context(
            serving(runs, MNIST_LAB_SCHEDULER=os.environ.get("MNIST_LAB_SCHEDULER", scheduler))
        )


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, scheduler: str) -> Iterator[Server]:
    """A server for tests that train nothing: a run of one would be offered and picked on the pages of the next."""
    with serving(tmp_path_factory.mktemp("runs"), MNIST_LAB_SCHEDULER=scheduler) as server:
        yield server


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory, scheduler: str) -> Iterator[Server]:
    """A server with the runs of LESSON and of a search, all over, with the files of a run that comes with the lab."""
    folder = tmp_path_factory.mktemp("runs")
    store = RunStore(folder)
    search = plan(name="rates", base=TrainConfig(), ranges={"learning_rate": (1e-4, 0.1)}, trials=3)
    Studies(store).begin(search)
    runs = [store.create(planned.config, planned.name) for planned in library().lessons[LESSON].runs]
    for rate in (0.0003, 0.003, 0.03):
        config = search.base.model_copy(update={"learning_rate": rate})
        runs.append(store.create(config, f"rates {rate}", group=search.name))
    for run in runs:
        for file in ("metrics.jsonl", "evaluation.npz"):
            store.write(run.id, file, store.read("small-cnn", file))
        store.write(run.id, "model.tflite", store.read("dense-128-dropout", "model.tflite"))  # the search's own network
        store.update(run.id, state=RunState.FINISHED, summary=store.get("small-cnn").summary)
    Studies(store).end(search.name)
    with serving(folder, MNIST_LAB_SCHEDULER=scheduler) as server:
        yield server


@pytest.fixture(scope="module")
def training_server(tmp_path_factory: pytest.TempPathFactory, scheduler: str) -> Iterator[Server]:
    """A server for the tests of one module that train."""
    with serving(tmp_path_factory.mktemp("runs"), MNIST_LAB_SCHEDULER=scheduler) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not path:
        pytest.skip("There is no Chromium here; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def tabs(browser: Browser, unanswered: re.Pattern[str] = PROBES) -> Iterator[Callable[..., Page]]:
    """Opens a tab of its own visitor. In the end: nothing came from outside, and the console showed no error.

    Addresses that are `unanswered` may be, which the console says.
    """
    pages, outside, errors = [], [], []

    def open_tab(url: str, **options: object) -> Page:
        page = browser.new_context(**{"viewport": {"width": 1400, "height": 1000}, **options}).new_page()
        page.on("request", lambda request: _is_local(request.url) or outside.append(request.url))
        page.on("console", lambda message: _is_an_error(message, unanswered) and errors.append(message.text))
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        pages.append(page)
        return page

    yield open_tab
    for page in pages:
        page.context.close()
    assert not outside
    assert not errors


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a tab of its own visitor, for one test."""
    with tabs(browser) as open_tab:
        yield open_tab


def _is_an_error(message: ConsoleMessage, unanswered: re.Pattern[str]) -> bool:
    return message.type == "error" and not unanswered.search(message.location["url"])


def _is_local(url: str) -> bool:
    return url.startswith(("data:", "blob:")) or bool(re.match(r"(http|ws)://(localhost|127\.0\.0\.\d)[:/]", url))


def open_class(page: Page) -> str:
    """Open a class on its page; its code."""
    page.get_by_role("button", name="Open a class").click()
    letters = page.locator(".letters")
    expect(letters).to_have_text(re.compile("^[A-Z]{5}$"))
    return letters.inner_text()


def canvas(page: Page) -> Locator:
    upper = page.locator(".st-key-canvas canvas.upper-canvas")
    upper.wait_for()
    return upper


def draw(page: Page, digit: int) -> None:
    """Draw a digit with the mouse."""
    box = canvas(page).bounding_box()
    assert box
    for stroke in STROKES[digit]:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=8)
        page.mouse.up()


def wait_until(page: Page, condition: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds:.0f} s"
        page.wait_for_timeout(50)


def answer(page: Page) -> Locator:
    return page.locator(".st-key-prediction")


def ink(page: Page) -> int:
    """How many pixels of the canvas are drawn on."""
    count = """upper => { const lower = upper.parentElement.querySelector('canvas.lower-canvas');
      const pixels = lower.getContext('2d').getImageData(0, 0, lower.width, lower.height).data;
      return pixels.filter((value, index) => index % 4 === 0 && value > 200).length }"""
    return int(canvas(page).evaluate(count))


def settled(page: Page) -> Page:
    """The page, once no script is running: until then a field may be there twice, of which one goes."""
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    return page


def open_table(page: Page) -> Page:
    """The page Compare, with its table of all runs."""
    page.get_by_role("button", name="All runs").click()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    return page


def at_rest(page: Page) -> Page:
    """The page, once it is settled and everything on it is drawn, and nothing fades or changes its colour any more."""
    settled(page)
    expect(page.locator("[data-stale=true]")).to_have_count(0)
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0, timeout=120_000)
    page.wait_for_function(
        "[...document.querySelectorAll('.stPlotlyChart')].every(chart => chart.querySelector('.main-svg'))"
        " && !document.getAnimations().some(one => one instanceof CSSTransition && one.playState === 'running')"
    )
    return page


def view(page: Page, name: str) -> Page:
    """The page with that view of it, at rest."""
    settled(page).get_by_role("radio", name=name, exact=True).first.click()
    expect(page.get_by_role("radio", name=name, exact=True).first).to_be_checked()
    return at_rest(page)


def knobs(page: Page) -> Page:
    """The page Train, with all its knobs unfolded."""
    return unfold(page, "All knobs")


def unfold(page: Page, title: str) -> Page:
    """The page with that group of knobs open."""
    group = at_rest(page).locator(f".st-key-group_{title.replace(' ', '-')}")
    group.get_by_text(title).click()
    heights = [group.bounding_box()["height"]]

    def is_open() -> bool:  # it unfolds step by step
        page.wait_for_timeout(150)
        heights.append(group.bounding_box()["height"])
        return heights[-1] == heights[-2] > heights[0]

    wait_until(page, is_open)
    return page


def field(page: Page, label: str) -> Locator:
    return settled(page).get_by_label(label, exact=True).first


def set_field(page: Page, label: str, value: str) -> None:
    field(page, label).fill(value)
    field(page, label).press("Enter")


def choose(page: Page, label: str, option: str) -> None:
    box = settled(page).get_by_role("combobox", name=label, exact=True).first
    box.evaluate("box => box.scrollIntoView({block: 'center'})")  # at an edge, not all options have room
    box.click()
    page.get_by_role("option", name=option, exact=True).click()
