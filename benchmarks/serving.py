"""How soon the lab answers: python -m benchmarks.serving [--repeat N]

Start: from `streamlit run app.py` to the first prediction in a browser, side by side with the same app when the web
process also imports TensorFlow. Round trip: from a message of the browser to the last one of the server's answer.
"""

import argparse
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
NO_WORKERS = "tcp://127.0.0.1:9"  # nobody listens there: the workers' start is not what is measured
WITH_TENSORFLOW = "import tensorflow\nimport keras\nfrom mnist_lab.ui import shell\nshell.main()\n"
WATCH_MESSAGES = """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  if (!this.watched) {
    this.watched = true;
    this.addEventListener('message', () => { window.lastAnswer = performance.now(); });
  }
  window.lastQuestion = performance.now();
  return send.call(this, data);
};
"""


@contextmanager
def server(script: Path, runs: str) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.headless=true", f"--server.port={port}"]
    environment = os.environ | {
        "MNIST_LAB_RUNS": runs,
        "MNIST_LAB_SCHEDULER": NO_WORKERS,
        "PYTHONPATH": str(ROOT),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"http://localhost:{port}"
    finally:
        process.kill()
        process.wait()


def wait_until_up(url: str) -> None:
    while True:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=1)  # noqa: S310
            return
        except OSError:
            time.sleep(0.02)


def draw_a_seven(page: Page) -> None:
    box = page.locator(".st-key-canvas canvas.upper-canvas").bounding_box()
    assert box
    points = [
        (box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in ((0.3, 0.25), (0.7, 0.25), (0.45, 0.8))
    ]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=4)
    page.mouse.up()


def seconds_to_first_prediction(browser: Browser, script: Path) -> float:
    with tempfile.TemporaryDirectory() as runs:
        started = time.perf_counter()
        with server(script, runs) as url:
            wait_until_up(url)
            page = browser.new_page()
            page.goto(url)
            page.locator(".st-key-canvas canvas.upper-canvas").wait_for(timeout=120_000)
            draw_a_seven(page)
            page.locator(".st-key-prediction .digit").wait_for(timeout=120_000)
            seconds = time.perf_counter() - started
            page.close()
    return seconds


def round_trips(browser: Browser, count: int) -> list[float]:
    """Milliseconds of the server's answer to a change of the pen's width, which runs the Draw page's fragment."""
    with tempfile.TemporaryDirectory() as runs, server(ROOT / "app.py", runs) as url:
        wait_until_up(url)
        page = browser.new_page()
        page.add_init_script(WATCH_MESSAGES)
        page.goto(url)
        page.locator(".st-key-canvas canvas.upper-canvas").wait_for(timeout=120_000)
        draw_a_seven(page)
        page.locator(".st-key-prediction .digit").wait_for()
        slider = page.get_by_role("slider")
        trips = []
        for number in range(count):
            page.wait_for_timeout(300)
            slider.press("ArrowRight" if number % 20 < 10 else "ArrowLeft")
            page.wait_for_timeout(500)
            trips.append(page.evaluate("window.lastAnswer - window.lastQuestion"))
        page.close()
    return trips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=3, help="starts of each kind")
    repeat = parser.parse_args().repeat
    chromium = shutil.which("chromium") or sys.exit("There is no Chromium here; on Debian: apt-get install chromium")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        shutil.copytree(ROOT / ".streamlit", Path(scratch, ".streamlit"))
        with_tensorflow = Path(scratch, "app.py")
        with_tensorflow.write_text(WITH_TENSORFLOW)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        seconds_to_first_prediction(browser, ROOT / "app.py")  # compiles and reads everything once
        lab, heavy = [], []
        for _ in range(repeat):
            lab.append(seconds_to_first_prediction(browser, ROOT / "app.py"))
            heavy.append(seconds_to_first_prediction(browser, with_tensorflow))
        trips = round_trips(browser, 40)
        browser.close()
    ratio = statistics.median(lab) / statistics.median(heavy)
    print("| measure | value |\n| --- | --- |")
    print(f"| start to first prediction, median of {repeat} | {statistics.median(lab):.1f} s |")
    print(f"| the same with TensorFlow in the web process | {statistics.median(heavy):.1f} s |")
    print(f"| ratio | {ratio:.0%} |")
    print(f"| round trip, median of {len(trips)} | {statistics.median(trips):.0f} ms |")
    print(f"| round trip, 95th percentile | {statistics.quantiles(trips, n=20)[-1]:.0f} ms |")


if __name__ == "__main__":
    main()
