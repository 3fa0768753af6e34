"""How soon the Explore page shows what is asked of it, in a real browser: python -m benchmarks.viewing [RUN ...]

From a click on a view to all of its content, the first time and then the median of some: what a worker answers is asked
for the first time, and known afterwards. Then from a key press to the new content inside a view; why a new image is
read as it is, a worker that knows the network answers.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from playwright.sync_api import Browser, Page

from benchmarks.browsing import PATIENCE, chromium, server
from mnist_lab.store.runs import RunStore

RUNS = ("dense-128-dropout", "dense-1024", "small-cnn", "house-cnn", "scratch-sigmoid-mse")
MARKS = {  # what is there only when a view is complete
    "Activations": (".st-key-explore-unit .votes", ".outputs"),
    "One neuron": (".steps", ".st-key-activation .nsewdrag"),
    "Why": (".whys figure:nth-child(4)", ".minds figure:nth-child(2)"),
    "Map": ("canvas[data-drawn]",),
    "Damage": (".damage", ".st-key-damage-course .nsewdrag", ".beside figure:last-child"),
    "Dream": (".dreams figure:nth-child(10)",),
    "Time machine": (".then", ".st-key-told .nsewdrag", ".weights", ".confused", ".strips"),
    "Learning rate": (
        ".st-key-sweep .nsewdrag, .st-key-range-test button",
        ".st-key-spread .nsewdrag",
        ".st-key-norms .nsewdrag, table.steepness",
    ),
    "Architecture": (".architecture .layer",),
}
AT_REST = '[data-test-script-state="notRunning"]'  # the server has said all
REPEAT = 5
WATCH = """([marks, parts, patience]) => {
  const within = (root) => [...root.querySelectorAll("*")].map((each) => each.shadowRoot).filter(Boolean);
  const find = (root, mark) =>
    root.querySelector(mark) ?? within(root).reduce((found, shadow) => found ?? find(shadow, mark), null);
  const contents = () => parts.map((part) => document.querySelector(part)?.innerHTML ?? "");
  const before = contents();
  window.took = new Promise((done, fail) => {
    let started = 0;
    setTimeout(() => fail(new Error(document.querySelector("[data-testid=stMain]").innerText)), patience);
    const start = (event) => (started ||= event.timeStamp);
    for (const kind of ["click", "keydown"]) addEventListener(kind, start, { capture: true, once: true });
    const look = () => {
      const isThere = marks.every((mark) => find(document, mark)?.checkVisibility());
      const isNew = contents().every((part, place) => part !== before[place]);
      requestAnimationFrame(started && isThere && isNew ? () => done(performance.now() - started) : look);
    };
    requestAnimationFrame(look);
  });
}"""  # from a click or a key until a frame is painted in which all marks are there and all parts are new


class Change(NamedTuple):
    """What is changed inside a view: the widget, the key that is pressed on it, and what of it is always new then."""

    view: str
    role: str
    name: str
    key: str
    new: tuple[str, ...]


CHANGES = {
    "another test image": Change("Activations", "spinbutton", "Test image", "ArrowUp", (".verdict-line",)),
    "more noise": Change("Damage", "slider", "Noise on the weights", "ArrowRight", (".beside",)),
    "an epoch back": Change("Time machine", "slider", "Epoch", "ArrowLeft", (".st-key-told svg", ".strips")),
    "why a new image": Change("Why", "spinbutton", "Test image", "ArrowUp", (".whys figure:nth-child(4)", ".minds")),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", metavar="RUN", default=RUNS, help=f"default: {' '.join(RUNS)}")
    runs = parser.parse_args().runs
    with server(workers=True) as running, chromium() as browser:
        with opened(browser, running.url, "logistic-mnist") as page:
            open_view(page, "Why")  # the first answer waits for TensorFlow
        print_head("milliseconds from a click to a view, after the first time (the first)", runs)
        for view in MARKS:
            print_row(view, [time_view(browser, running.url, run, view) for run in runs])
        print_head("milliseconds from a key press to what is new, median (slowest)", runs)
        for what, change in CHANGES.items():
            print_row(what, [time_change(browser, running.url, run, change) for run in runs])


def print_head(title: str, runs: Sequence[str]) -> None:
    print(f"\n| {title} | {' | '.join(runs)} |\n| --- |{' ---: |' * len(runs)}", flush=True)


def print_row(name: str, cells: Sequence[str]) -> None:
    print(f"| {name} | {' | '.join(cells)} |", flush=True)


def has_view(run: str, view: str) -> bool:
    """Whether the view shows something of a run: the past of those that kept none is empty."""
    return view != "Time machine" or RunStore("runs").get(run).config.snapshots


@contextmanager
def opened(browser: Browser, url: str, run: str) -> Iterator[Page]:
    """A run and a test image on the Explore page, in a tab of its own."""
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.goto(f"{url}/explore?run={run}&image=9&view=Architecture")
    wait(lambda: is_complete(page, "Architecture"))
    yield page
    page.close()


def time_view(browser: Browser, url: str, run: str, view: str) -> str:
    """A view the first time, and after."""
    if not has_view(run, view):
        return ""
    with opened(browser, url, run) as page:
        first = open_view(page, view)
        if view == "Learning rate":
            page.get_by_role("button", name="Run the range test").click()
            wait(page.locator(".st-key-sweep .nsewdrag").is_visible)
        return f"{statistics.median(open_view(page, view) for _ in range(REPEAT)):.0f} ({first:,.0f})"


def time_change(browser: Browser, url: str, run: str, change: Change) -> str:
    """A change inside a view, each time another one."""
    if not has_view(run, change.view):
        return ""
    with opened(browser, url, run) as page:
        open_view(page, change.view)
        took = [make(page, change) for _ in range(REPEAT)]
        return f"{statistics.median(took):.0f} ({max(took):.0f})"


def open_view(page: Page, view: str) -> float:
    """Milliseconds from a click on a view to its content, coming from another one."""
    other = "Damage" if view == "Architecture" else "Architecture"
    click(page, other)
    wait(lambda: is_complete(page, other) and not any(is_there(page, mark) for mark in MARKS[view]))
    page.wait_for_timeout(200)  # until the other view is at rest
    page.evaluate(WATCH, [MARKS[view], [], PATIENCE])
    click(page, view)
    return float(page.evaluate("took"))


def click(page: Page, view: str) -> None:
    page.get_by_role("radio", name=view, exact=True).click()


def make(page: Page, change: Change) -> float:
    """Milliseconds from the key to what is new, all of it."""
    widget = page.locator(f"role={change.role}[name=/{change.name}/]")
    widget.focus()
    page.wait_for_timeout(500)  # until what was changed before is at rest
    page.evaluate(WATCH, [[AT_REST], change.new, PATIENCE])
    widget.press(change.key)
    return float(page.evaluate("took"))


def is_complete(page: Page, view: str) -> bool:
    return all(is_there(page, mark) for mark in MARKS[view])


def is_there(page: Page, mark: str) -> bool:
    return page.locator(mark).first.is_visible()


def wait(until: Callable[[], bool]) -> None:
    """Look every few milliseconds; Playwright's own waiting looks ever more seldom, in the end twice a second."""
    ends = time.perf_counter() + PATIENCE / 1000
    while not until():
        assert time.perf_counter() < ends, "The page does not get there."
        time.sleep(0.005)


if __name__ == "__main__":
    main()
