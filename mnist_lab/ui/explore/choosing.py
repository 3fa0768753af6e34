"""The choice of a run and an image, next to all views."""

import random
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import streamlit as st

from mnist_lab.errors import ImageError, MnistLabError
from mnist_lab.images.drawing_links import encode
from mnist_lab.images.preprocessing import FloatImage, prepare
from mnist_lab.inference.evaluation import places_of
from mnist_lab.plots.pixels import pixels
from mnist_lab.store.run import Run
from mnist_lab.ui import resources
from mnist_lab.ui.canvas.drawing import SMALL, Canvas, growing, render_canvas
from mnist_lab.ui.canvas.sources import as_picture, carried
from mnist_lab.ui.explore import data
from mnist_lab.ui.explore.address import DRAWING, NUMBER, PICTURE, RUN, SOURCE, TEST_IMAGE, remember
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.models import labels
from mnist_lab.ui.shell import PAGES
from mnist_lab.ui.turns import turn
from mnist_lab.ui.words import plain

DIGIT, RANK = "explore_digit", "explore_rank"
SIDE = 280  # CSS pixels


class Choice(NamedTuple):
    """The image that is chosen, the true digit where it is known, and the canvas where it is being drawn."""

    image: FloatImage | None
    label: int | None = None
    source: str = ""
    canvas: Canvas | None = None


def choose_run() -> Run:
    """The network to look into, the same that the Draw page asks."""
    models = resources.models()
    if st.session_state.get(RUN) not in models:
        st.session_state.pop(RUN, None)
    name = st.selectbox(
        "Network", list(models), format_func=labels(models).__getitem__, key=RUN, persist_state="session"
    )
    remember(run=name)
    return models[name]


def choose_image(run: Run) -> Choice:
    """The image to look at: a drawing, a test image, or what was shown to the Draw page."""
    sources = [name for name in SOURCES if name != PICTURE or carried()]
    if st.session_state.get(SOURCE) not in sources:
        st.session_state[SOURCE] = DRAWING
    name = st.segmented_control(
        "Image", sources, required=True, key=SOURCE, persist_state="session", label_visibility="collapsed"
    )
    source = name or DRAWING
    with turn(source, SOURCES):
        return SOURCES[source](run)


def selected(run: Run, choice: Choice) -> Selection:
    """What the views look at this moment: the stroke that grows, what was chosen, or an example before all strokes."""
    moving = growing(choice.canvas) if choice.canvas else None
    image = choice.image if moving is None else prepare(moving.image)
    if image is not None:
        return Selection(run, image, choice.label, choice.source)
    place = example()
    images = data.dataset()
    return Selection(run, _scaled(images.x_test[place]), int(images.y_test[place]), "an example, until you draw")


def example() -> int:
    """The place of a test image, another one for every visit."""
    place: int = st.session_state.setdefault("explore_example", random.randrange(len(data.dataset().y_test)))
    return min(place, len(data.dataset().y_test) - 1)


def _drawing(run: Run) -> Choice:
    drawing = render_canvas(SMALL)
    st.page_link(PAGES / "draw.py", label="Draw it large", icon=":material/draw:")
    strokes = None
    if drawing:
        picture = as_picture(drawing)
        try:
            strokes = encode(picture.strokes, picture.pen_width)
        except ImageError:  # too large for an address: the rest of the address still holds
            strokes = None
    remember(image=None, drawing=strokes)
    return Choice(prepare(drawing.image) if drawing else None, None, "your drawing", SMALL)


def _picture(run: Run) -> Choice:
    images = carried()
    place = 0
    if len(images) > 1:
        places = list(range(len(images)))
        place = st.segmented_control("Digit", places, default=0, required=True, format_func=lambda n: str(n + 1)) or 0
    st.html(pixels(images[place], "What the network sees", side=SIDE))
    remember(image="picture", drawing=None)
    return Choice(images[place], None, "your picture")


def _test_image(run: Run) -> Choice:
    images, state = data.dataset(), st.session_state
    last = len(images.y_test) - 1
    state[NUMBER] = min(state.get(NUMBER, example()), last)
    picture = st.container()
    digit = st.segmented_control("Only", range(10), key=DIGIT, persist_state="session")
    with st.container(horizontal=True):
        st.button("Random", icon=":material/casino:", on_click=_random, args=(digit,), type="primary")
        st.button("Most confused", on_click=_confused, args=(run.id, digit))
    number = st.number_input("Test image", 0, last, key=NUMBER, persist_state="session")
    truth = int(images.y_test[number])
    image = _scaled(images.x_test[number])
    with picture:
        st.html(pixels(image, f"Test image {number}, a {truth}", side=SIDE))
    remember(image=number, drawing=None)
    return Choice(image, truth, f"test image {number}")


def _random(digit: int | None) -> None:
    places = places_of(data.dataset().y_test, digit)
    st.session_state[NUMBER] = int(random.choice(places))


def _confused(run_id: str, digit: int | None) -> None:
    """The next of the images that the network got most wrong, at first the worst."""
    try:
        order = data.evaluation(run_id).hardest(digit)
    except MnistLabError as error:
        st.toast(plain(error), icon=":material/error:")
        return
    *before, rank = st.session_state.get(RANK, (None, None, 0))
    rank = rank if before == [run_id, digit] else 0
    st.session_state[NUMBER] = int(order[rank % len(order)])
    st.session_state[RANK] = run_id, digit, rank + 1


def _scaled(image: np.ndarray) -> FloatImage:
    return (image / np.float32(255)).astype(np.float32)


SOURCES: dict[str, Callable[[Run], Choice]] = {DRAWING: _drawing, TEST_IMAGE: _test_image, PICTURE: _picture}
