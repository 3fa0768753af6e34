"""How soon the lab is there: python -m benchmarks.serving [--repeat N]

Start: from `streamlit run app.py` to the first prediction in a browser, side by side with the same app when the web
process also imports TensorFlow. Round trip: from a message of the browser to the last one of the server's answer.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.browsing import PATIENCE, ROOT, chromium, draw_zero, open_draw_page, server, wait_until_up

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


def seconds_to_first_prediction(browser: Browser, script: Path) -> float:
    started = time.perf_counter()
    with server(script, wait=False) as running:
        wait_until_up(running)
        page = open_draw_page(browser, running.url)
        draw_zero(page)
        page.locator(".st-key-prediction .digit").wait_for(timeout=PATIENCE)
        seconds = time.perf_counter() - started
        page.close()
    return seconds


def round_trips(browser: Browser, count: int) -> list[float]:
    """Milliseconds of the server's answer to a change of the pen's width, which runs the Draw page's fragment."""
    with server() as running:
        page = open_draw_page(browser, running.url, WATCH_MESSAGES)
        draw_zero(page)
        page.locator(".st-key-prediction .digit").wait_for(timeout=PATIENCE)
        trips = []
        for number in range(count):
            page.wait_for_timeout(300)
            page.get_by_role("slider").press("ArrowRight" if number % 20 < 10 else "ArrowLeft")
            page.wait_for_timeout(500)
            trips.append(page.evaluate("window.lastAnswer - window.lastQuestion"))
        page.close()
    return trips


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="starts of each kind")
    repeat = parser.parse_args().repeat
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        shutil.copytree(ROOT / ".streamlit", Path(scratch, ".streamlit"))
        with_tensorflow = Path(scratch, "app.py")
        with_tensorflow.write_text(WITH_TENSORFLOW)
        lab, heavy = [], []
        for number in range(repeat + 1):
            pair = [seconds_to_first_prediction(browser, script) for script in (ROOT / "app.py", with_tensorflow)]
            if number:  # the first pair compiles and reads everything once
                lab.append(pair[0])
                heavy.append(pair[1])
        trips = round_trips(browser, 40)
    print("| measure | value |\n| --- | --- |")
    print(f"| start to first prediction, median of {repeat} | {statistics.median(lab):.1f} s |")
    print(f"| the same with TensorFlow in the web process | {statistics.median(heavy):.1f} s |")
    print(f"| ratio | {statistics.median(lab) / statistics.median(heavy):.0%} |")
    print(f"| round trip, median of {len(trips)} | {statistics.median(trips):.0f} ms |")
    print(f"| round trip, 95th percentile | {statistics.quantiles(trips, n=20)[-1]:.0f} ms |")


if __name__ == "__main__":
    main()
