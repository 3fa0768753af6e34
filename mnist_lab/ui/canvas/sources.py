"""Where a picture comes from: the canvas, a file, the camera or MNIST's test images."""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import streamlit as st

from mnist_lab.datasets.mnist import load
from mnist_lab.errors import DatasetError, ImageError
from mnist_lab.images.drawing_links import Point
from mnist_lab.images.preprocessing import FloatImage, read_image
from mnist_lab.images.strokes import PEN_WIDTH
from mnist_lab.ui.canvas.drawing import ONE, SEVERAL, Canvas, Drawing, render_canvas
from mnist_lab.ui.words import plain

CARRIED = "explore_pictures"  # in the session: what was read on the Draw page last, where it was not drawn there
MOST_MB = 20  # of an image
TYPES = ["png", "jpg", "jpeg", "webp", "gif"]


class Picture(NamedTuple):
    """Something to read: an image as `preprocessing` takes it, and the strokes where it was drawn."""

    image: Any
    strokes: list[list[Point]]
    pen_width: float


class Source(NamedTuple):
    """A way in: what it shows, what to do there, whether several digits may be in it, and its canvas, if it has one."""

    render: Callable[[], Picture | None]
    prompt: str
    several: bool = False
    canvas: Canvas | None = None


def as_picture(drawing: Drawing) -> Picture:
    """A drawing as a picture to read; without strokes where it is drawn on an image, since they are not all of it."""
    strokes = [] if drawing.on_image else drawing.strokes
    return Picture(drawing.image, [stroke.points for stroke in strokes], strokes[-1].width if strokes else PEN_WIDTH)


def choose_source() -> Source:
    """The choice among the ways in."""
    name = st.segmented_control(
        "Input", list(SOURCES), default="Draw", required=True, key="source", persist_state="session", wrap=True
    )
    return SOURCES[name or "Draw"]


def _drawn_on(canvas: Canvas) -> Callable[[], Picture | None]:
    def render() -> Picture | None:
        drawing = render_canvas(canvas)
        return as_picture(drawing) if drawing else None

    return render


def _upload() -> Picture | None:
    st.caption("A digit on paper or on a screen, dark on light or light on dark.")
    return _read(st.file_uploader("Image", type=TYPES, key="upload", max_upload_size=MOST_MB))


def _camera() -> Picture | None:
    st.caption("Hold a digit on paper into the light.")
    return _read(st.camera_input("Photo", key="camera"))


def _read(file: Any) -> Picture | None:
    if file is None:
        return None
    try:
        image = read_image(file)
    except ImageError as error:
        st.error(plain(error))
        return None
    st.image(image, width=280)
    return Picture(image, [], PEN_WIDTH)


def _test_image() -> Picture | None:
    try:
        dataset = load("mnist")
    except DatasetError as error:
        st.info(plain(error))
        return None
    last = len(dataset.y_test) - 1
    state = st.session_state
    state.setdefault("test_image", random.randint(0, last))
    st.button("Another one", on_click=lambda: state.update(test_image=random.randint(0, last)), type="primary")
    index = st.number_input("Test image", 0, last, key="test_image", persist_state="session")
    st.image(dataset.x_test[index], width=280, caption=f"It is labelled {dataset.y_test[index]}.")
    return Picture(dataset.x_test[index], [], PEN_WIDTH)


SOURCES: dict[str, Source] = {
    "Draw": Source(_drawn_on(ONE), "Draw a digit", canvas=ONE),
    "Several digits": Source(_drawn_on(SEVERAL), "Draw digits side by side", several=True, canvas=SEVERAL),
    "Upload": Source(_upload, "Choose an image", several=True),
    "Camera": Source(_camera, "Take a photo", several=True),
    "Test image": Source(_test_image, "Choose a test image"),
}


def carry(images: Sequence[FloatImage]) -> None:
    """Keep pictures of the Draw page, float32 (28, 28) in [0, 1], to be looked at on Explore."""
    st.session_state[CARRIED] = list(images)


def carried() -> list[FloatImage]:
    """The pictures that were carried over from the Draw page."""
    images: list[FloatImage] = st.session_state.get(CARRIED, [])
    return images
