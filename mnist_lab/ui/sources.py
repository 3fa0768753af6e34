"""Where a picture comes from: the canvas, a file, the camera or MNIST's test images."""

import random
from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st

from mnist_lab.datasets import load
from mnist_lab.errors import DatasetError, ImageError
from mnist_lab.preprocessing import read_image
from mnist_lab.ui.drawing import ONE, PEN_WIDTH, SEVERAL, Canvas, Drawing, render_canvas, render_tools
from mnist_lab.ui.live import forget_live_picture
from mnist_lab.ui.strokes import Point, pen_width, polylines

TYPES = ["png", "jpg", "jpeg", "webp", "gif"]


class Picture(NamedTuple):
    """Something to read: an image as `preprocessing` takes it, and the strokes where it was drawn."""

    image: Any
    strokes: list[list[Point]]
    pen_width: float


class Source(NamedTuple):
    """A way in: what it shows, whether several digits may be in it, and on which canvas it is drawn, if on any."""

    render: Callable[[], Picture | None]
    several: bool = False
    canvas: Canvas | None = None


def as_picture(drawing: Drawing) -> Picture:
    """A drawing as a picture to read; without strokes where it is drawn on an image, since they are not all of it."""
    lines = polylines(drawing.strokes)
    drawn = lines if len(lines) == len(drawing.strokes) else []
    return Picture(drawing.image, drawn, pen_width(drawing.strokes, PEN_WIDTH))


def choose_source() -> Source:
    """The choice among the ways in."""
    name = st.segmented_control(
        "Input", list(SOURCES), default="Draw", required=True, key="source", persist_state="session", wrap=True
    )
    return SOURCES[name or "Draw"]


def _drawn_on(canvas: Canvas) -> Callable[[], Picture | None]:
    def render() -> Picture | None:
        drawing = render_canvas(canvas, on_change=forget_live_picture)
        render_tools(canvas, on_change=forget_live_picture)
        return as_picture(drawing) if drawing else None

    return render


def _upload() -> Picture | None:
    st.caption("A digit on paper or on a screen, dark on light or light on dark.")
    return _read(st.file_uploader("Image", type=TYPES, key="upload"))


def _camera() -> Picture | None:
    st.caption("Hold a digit on paper into the light.")
    return _read(st.camera_input("Photo", key="camera"))


def _read(file: Any) -> Picture | None:
    if file is None:
        return None
    try:
        image = read_image(file)
        image.load()
    except (ImageError, OSError, SyntaxError) as error:
        st.error(str(error) if isinstance(error, ImageError) else "The image is damaged or incomplete.")
        return None
    st.image(image, width=280)
    return Picture(image, [], PEN_WIDTH)


def _test_image() -> Picture | None:
    try:
        dataset = load("mnist")
    except DatasetError as error:
        st.info(str(error))
        return None
    last = len(dataset.y_test) - 1
    state = st.session_state
    state.setdefault("test_image", random.randint(0, last))
    st.button("Another one", on_click=lambda: state.update(test_image=random.randint(0, last)), type="primary")
    index = st.number_input("Test image", 0, last, key="test_image", persist_state="session")
    st.image(dataset.x_test[index], width=280, caption=f"It is labelled {dataset.y_test[index]}.")
    return Picture(dataset.x_test[index], [], PEN_WIDTH)


SOURCES: dict[str, Source] = {
    "Draw": Source(_drawn_on(ONE), canvas=ONE),
    "Several digits": Source(_drawn_on(SEVERAL), several=True, canvas=SEVERAL),
    "Upload": Source(_upload, several=True),
    "Camera": Source(_camera, several=True),
    "Test image": Source(_test_image),
}
