"""How quickly the bars follow the pen, in a real browser: python -m benchmarks.drawing [--strokes N] [--training]

While the pen moves: updates a second, and the time from each movement of the pen to the bars that know of it. At
pen-up: the time to the last change of the bars. Processor time of the server while a visitor draws. `--training` does
the same while two networks train on this machine.
"""

import argparse
import re
import statistics
import time

import psutil
from playwright.sync_api import Page

from benchmarks.browsing import PATIENCE, chromium, draw_zero, open_draw_page, server

Log = list[tuple[str, float]]

STROKE_SECONDS = 1.5
WATCH = """
window.log = [];
const note = (kind) => window.log.push([kind, performance.now()]);
const ask = window.fetch;
window.fetch = (...asked) => { if (String(asked[0]).includes('/answer')) note('sent'); return ask(...asked); };
document.addEventListener('pointermove', () => note('move'), true);
document.addEventListener('pointerup', () => note('up'), true);
new MutationObserver((changes) => {
  const ours = (node) => (node.nodeType === 1 ? node : node.parentElement)?.closest('.st-key-prediction');
  if (changes.some((change) => ours(change.target))) note('bars');
}).observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
"""


def times(log: Log, kind: str) -> list[float]:
    return [at for what, at in log if what == kind]


def first_after(moments: list[float], at: float) -> float | None:
    return next((moment for moment in moments if moment >= at), None)


def movement_latencies(log: Log) -> list[float]:
    """For each movement of the pen: the time until the bars change in answer to the next picture sent."""
    (up,) = times(log, "up")
    sent, bars = times(log, "sent"), times(log, "bars")
    latencies = []
    for move in times(log, "move"):
        picture = first_after(sent, move)
        answer = first_after(bars, picture) if picture is not None else None
        if move < up and answer is not None:
            latencies.append(answer - move)
    return latencies


def draw_and_watch(page: Page) -> Log:
    page.evaluate("window.log = []")
    draw_zero(page, STROKE_SECONDS)
    page.wait_for_timeout(800)
    log: Log = page.evaluate("window.log")
    page.get_by_role("button", name="Clear").click()
    page.get_by_text("Draw a digit", exact=True).wait_for()
    page.wait_for_timeout(300)
    return log


def start_training(page: Page, url: str) -> None:
    """Let two networks train at once, which fills two cores, and go back to drawing."""
    page.goto(f"{url}/train?epochs=200")
    under_way = page.get_by_text(re.compile(r"epoch \d+ of 200"))
    for number in range(2):
        page.get_by_role("button", name="Train", exact=True).click()
        under_way.nth(number).wait_for(timeout=PATIENCE)
    page.get_by_role("link", name="Draw").click()
    page.locator(".st-key-canvas canvas.upper-canvas").wait_for(timeout=PATIENCE)
    page.wait_for_timeout(1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--strokes", type=int, default=20)
    parser.add_argument("--training", action="store_true", help="while two networks train")
    options = parser.parse_args()
    updates, movements, finals = [], [], []
    with server(workers=options.training) as running, chromium() as browser:
        page = open_draw_page(browser, running.url, WATCH)
        if options.training:
            start_training(page, running.url)
        draw_and_watch(page)
        web = psutil.Process(running.process.pid)
        used, started = sum(web.cpu_times()[:2]), time.perf_counter()
        for _ in range(options.strokes):
            log = draw_and_watch(page)
            (up,) = times(log, "up")
            bars = times(log, "bars")
            pictures = [at for at in times(log, "sent") if at < up]
            updates.append(len({first_after(bars, at) for at in pictures} - {None}) / STROKE_SECONDS)
            movements += movement_latencies(log)
            finals += [answer - up for answer in [first_after(bars, up)] if answer is not None]
        share = (sum(web.cpu_times()[:2]) - used) / (time.perf_counter() - started)
    print("| measure | value |\n| --- | --- |")
    print(f"| updates a second while the pen moves, median | {statistics.median(updates):.1f} |")
    print(f"| from movement to bars, median | {statistics.median(movements):.0f} ms |")
    print(f"| from movement to bars, 95th percentile | {statistics.quantiles(movements, n=20)[-1]:.0f} ms |")
    print(f"| from pen-up to bars, median of {len(finals)} | {statistics.median(finals):.0f} ms |")
    print(f"| from pen-up to bars, 95th percentile | {statistics.quantiles(finals, n=20)[-1]:.0f} ms |")
    print(f"| a core's share that one visitor's drawing takes | {share:.0%} |")


if __name__ == "__main__":
    main()
