"""A server and a browser for benchmarks: the app as the README starts it, and a hand that draws."""

import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
NO_WORKERS = "tcp://127.0.0.1:9"  # nobody listens there, so no training workers start
PATIENCE = 120_000  # milliseconds
FLAGS = ["--no-sandbox", "--disable-gpu"]


class Server(NamedTuple):
    """A running server: its address and its process."""

    url: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def server(
    script: Path = ROOT / "app.py", workers: bool = False, wait: bool = True, runs: str = ""
) -> Iterator[Server]:
    """`streamlit run` on a free port, with that folder of runs or an empty one of its own."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true", f"--server.port={port}"]
    with tempfile.TemporaryDirectory() as empty:
        environment = os.environ | {
            "MNIST_LAB_RUNS": runs or empty,
            "PYTHONPATH": str(ROOT),
            "TF_CPP_MIN_LOG_LEVEL": "2",
        }
        if not workers:
            environment["MNIST_LAB_SCHEDULER"] = NO_WORKERS
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            started = Server(f"http://localhost:{port}", process)
            if wait:
                wait_until_up(started)
            yield started
        finally:
            process.terminate()
            process.wait()


def wait_until_up(server: Server) -> None:
    """Return as soon as the server answers."""
    while True:
        try:
            urllib.request.urlopen(f"{server.url}/_stcore/health", timeout=1)  # noqa: S310
            return
        except OSError:
            time.sleep(0.02)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium, headless."""
    path = shutil.which("chromium") or sys.exit("There is no Chromium here; on Debian: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


def open_draw_page(browser: Browser, url: str, script: str = "") -> Page:
    """The Draw page in a tab of its own, with a script that runs before the page's; ready to draw on."""
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    if script:
        page.add_init_script(script)
    page.goto(url)
    page.locator(".st-key-canvas canvas.upper-canvas").wait_for(timeout=PATIENCE)
    return page


def draw_zero(page: Page, seconds: float = 0.0) -> None:
    """Draw a 0 with the mouse, in as many seconds."""
    box = page.locator(".st-key-canvas canvas.upper-canvas").bounding_box()
    assert box
    started = time.perf_counter()
    steps, share = 12, 0.0
    page.mouse.move(box["x"] + 0.3 * box["width"], box["y"] + 0.5 * box["height"])
    page.mouse.down()
    while share < 1.0:
        share = min(1.0, (time.perf_counter() - started) / seconds if seconds else share + 1 / steps)
        angle = 2 * math.pi * share
        x, y = 0.5 - 0.2 * math.cos(angle), 0.5 - 0.3 * math.sin(angle)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        if seconds:
            page.wait_for_timeout(8)
    page.mouse.up()
