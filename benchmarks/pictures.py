"""The pictures in README.md and docs/pages.md, from the lab as it is now: python -m benchmarks.pictures [tour]

A pen digit is drawn, a network trained, two are compared; the training is shown as a time lapse. With "tour" only the
moving picture is made, without it the still ones as well.
"""

import base64
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from PIL import Image
from playwright.sync_api import Page, ViewportSize

from benchmarks.browsing import PATIENCE, ROOT, chromium, server
from mnist_lab.datasets import pens
from mnist_lab.images.strokes import resized

DOCS = ROOT / "docs"
SIZE = ViewportSize(width=1180, height=720)
SHOWN = (944, 576)  # pixels of the moving picture
FRAMES = 8  # a second
DRAWN, TRAINED, COMPARED = 4.0, 3.5, 2.5  # seconds of each part
STILL = ViewportSize(width=1400, height=1000)
FIRST, SECOND = "small-cnn", "dense-128-dropout"


class Frame(NamedTuple):
    """A picture of the page, and when it was there, in seconds."""

    at: float
    png: bytes


@contextmanager
def filmed(page: Page) -> Iterator[list[Frame]]:
    """The page's frames, as they change, while this lasts."""
    frames: list[Frame] = []
    session = page.context.new_cdp_session(page)

    def keep(event: dict[str, Any]) -> None:
        frames.append(Frame(event["metadata"]["timestamp"], base64.b64decode(event["data"])))
        session.send("Page.screencastFrameAck", {"sessionId": event["sessionId"]})

    session.on("Page.screencastFrame", keep)
    session.send("Page.startScreencast", {"format": "png"})
    page.wait_for_timeout(300)
    yield frames
    session.send("Page.stopScreencast")
    session.detach()


def cut(frames: list[Frame], seconds: float) -> list[Image.Image]:
    """The frames as a film of so many seconds."""
    begin, end = frames[0].at, frames[-1].at
    moments = np.linspace(begin, end, round(seconds * FRAMES))
    places = np.searchsorted([frame.at for frame in frames], moments, side="right") - 1
    films = {place: Image.open(io.BytesIO(frames[place].png)).convert("RGB").resize(SHOWN) for place in {*places}}
    return [films[place] for place in places]


def write(page: Page, seconds: float) -> None:
    """Draw a pen digit, a 3, in about so many seconds."""
    digit = next(one for one in pens.load() if one.label == 3 and one.writer in pens.TEST_WRITERS)
    box = page.locator(".st-key-canvas canvas.upper-canvas").bounding_box()
    assert box
    strokes = resized(digit.strokes, 0.62)
    pause = 1000 * seconds / sum(map(len, strokes))
    for stroke in strokes:
        points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke.tolist()]
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point, steps=2)
            page.wait_for_timeout(pause)
        page.mouse.up()


def at_rest(page: Page) -> Page:
    page.wait_for_selector('[data-test-script-state="notRunning"]', timeout=PATIENCE)
    page.wait_for_timeout(1500)
    return page


def to_the_top(page: Page, name: str) -> None:
    """Scroll until what has that class is the first to be seen."""
    page.evaluate(f"document.querySelector('.{name}').scrollIntoView({{block: 'start'}})")
    page.wait_for_timeout(500)


def tour(page: Page, url: str) -> list[Image.Image]:
    """Draw, train, compare: the moments of the moving picture."""
    page.goto(url)
    page.locator(".st-key-canvas canvas.upper-canvas").wait_for(timeout=PATIENCE)
    at_rest(page)
    with filmed(page) as frames:
        write(page, 2.0)
        page.wait_for_timeout(1200)
    film = cut(frames, DRAWN)
    page.goto(f"{url}/train?units=64")
    at_rest(page)
    with filmed(page) as frames:
        page.get_by_role("button", name="More units in hidden layer 1").click()
        page.wait_for_timeout(700)
        page.get_by_role("button", name="Train", exact=True).click()
        page.locator(".tiles canvas").first.wait_for(timeout=PATIENCE)
        page.wait_for_timeout(2500)
        page.locator(".st-key-jobs .js-plotly-plot").first.wait_for(timeout=PATIENCE)
        to_the_top(page, "st-key-jobs")
        page.locator(".st-key-jobs").get_by_text("Draw with it", exact=True).first.wait_for(timeout=PATIENCE)
        page.wait_for_timeout(500)
    film += cut(frames, TRAINED)
    page.goto(f"{url}/compare?runs={FIRST},{SECOND}&view=Curves")
    at_rest(page)
    with filmed(page) as frames:
        page.mouse.move(20, SIZE["height"] / 2)  # beside all that scrolls by itself
        page.wait_for_timeout(800)
        for _ in range(8):
            page.mouse.wheel(0, 40)
            page.wait_for_timeout(80)
    return film + cut(frames, COMPARED)


def stills(page: Page, url: str) -> None:
    """One picture of Draw, of Explore, of Train and of Compare."""
    page.set_viewport_size(STILL)
    page.goto(url)
    page.locator(".st-key-canvas canvas.upper-canvas").wait_for(timeout=PATIENCE)
    write(at_rest(page), 1.0)
    save(page, "draw")
    page.get_by_role("link", name="Watch it run through the network").click()
    page.get_by_role("heading", name="Explore", exact=True).wait_for(timeout=PATIENCE)
    save(page, "explore")
    page.goto(f"{url}/train?units=64+32")
    page.locator(".st-key-network").wait_for(timeout=PATIENCE)
    page.get_by_role("button", name="Train", exact=True).click()
    page.locator(".tiles canvas").first.wait_for(timeout=PATIENCE)
    page.wait_for_timeout(2000)
    save(page, "train")
    page.goto(f"{url}/compare?runs={FIRST},{SECOND}&view=Curves")
    save(page, "compare")


def save(page: Page, name: str) -> None:
    picture = Image.open(io.BytesIO(at_rest(page).screenshot())).convert("RGB")
    picture.quantize(256).save(DOCS / f"{name}.png", optimize=True)


def main() -> None:
    with server(workers=True) as lab, chromium() as browser:
        page = browser.new_page(viewport=SIZE)
        first, *others = tour(page, lab.url)
        first.save(
            DOCS / "tour.webp",
            save_all=True,
            append_images=others,
            duration=1000 // FRAMES,
            loop=0,
            quality=70,
            method=6,
        )
        if sys.argv[1:] != ["tour"]:
            stills(page, lab.url)
    for path in sorted([*DOCS.glob("*.png"), DOCS / "tour.webp"]):
        sys.stdout.write(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB\n")


if __name__ == "__main__":
    main()
