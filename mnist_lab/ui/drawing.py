"""The canvas: a drawing that outlives reruns, page switches, Undo and Clear."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from streamlit_drawable_canvas import st_canvas

from mnist_lab.plots.pictures import data_url

PEN_WIDTHS = (8, 40)
PEN_WIDTH = 20
INK = "#fffffffe"  # not quite opaque: only then is the whole stroke drawn anew, smoothly, while it grows


class Canvas(NamedTuple):
    """A kind of canvas: its name, and its size in its own pixels, which the page may show larger or smaller.

    What is drawn on one stands on all that share their `drawing`.
    """

    name: str
    width: int
    height: int
    drawing: str


ONE = Canvas("one", 280, 280, "one")
SMALL = Canvas("small", 280, 280, "one")  # beside other things
SEVERAL = Canvas("several", 560, 280, "several")


class Drawing(NamedTuple):
    """What is on a canvas: the strokes as Fabric.js writes them, and the picture, uint8 (height, width) or RGBA.

    `png` is the picture as the canvas sent it, to see whether it has changed.
    """

    strokes: list[dict[str, Any]]
    image: NDArray[np.uint8]
    png: bytes = b""


def render_canvas(canvas: Canvas, on_change: Callable[[], bool]) -> Drawing | None:
    """The canvas; what is drawn on it, or None before the first stroke. It sends a while after each stroke.

    `on_change` is told when the canvas sends, and when it is shown anew.
    """
    state = st.session_state
    key = f"{canvas.name}-strokes"
    with st.container(key="canvas", width="content"), st.container(key=f"canvas-{canvas.name}", width="content"):
        if key not in state:  # a new canvas, or this one again after a visit to another page
            on_change()
            before = kept(canvas)
            put_back(canvas, before.strokes if before else [])
        result = st_canvas(
            stroke_width=state.get("pen", PEN_WIDTH),
            stroke_color=INK,
            background_color="#000000",
            width=canvas.width,
            height=canvas.height,
            initial_drawing=state[f"{canvas.name}_put_back"],
            return_image_data=True,
            key=key,
            on_change=on_change,
        )
    drawing, png = kept(canvas), result.image_bytes
    if png is not None and (drawing is None or drawing.png != png):
        drawing = Drawing((result.json_data or {}).get("objects", []), np.asarray(result.image_data), png)
        keep(canvas, drawing)
    return drawing if drawing and drawing.strokes else None


def render_tools(canvas: Canvas, on_change: Callable[[], bool]) -> None:
    """Clear and Undo, where a thumb reaches them.

    `on_change` says whether there is a stroke that the canvas has not sent yet; Undo then takes back that one.
    """

    def undo() -> None:
        unsent, before = on_change(), kept(canvas)
        strokes = before.strokes if before else []
        put_back(canvas, strokes if unsent else strokes[:-1])

    def clear_all() -> None:
        on_change()
        clear(canvas)

    with st.container(horizontal=True):
        st.button("Clear", on_click=clear_all, type="primary", icon=":material/delete:")
        st.button("Undo", on_click=undo, icon=":material/undo:")


def render_pen() -> None:
    """The width of the pen."""
    st.slider("Pen width", *PEN_WIDTHS, value=PEN_WIDTH, key="pen", persist_state="session")


def kept(canvas: Canvas) -> Drawing | None:
    """What is known to be on the canvas, wherever the visitor has been since."""
    drawing: Drawing | None = st.session_state.get(f"{canvas.drawing}_drawing")
    return drawing


def keep(canvas: Canvas, drawing: Drawing) -> None:
    """Remember what is on the canvas."""
    st.session_state[f"{canvas.drawing}_drawing"] = drawing


def clear(canvas: Canvas) -> None:
    """Empty the canvas; what it sent last counts no more, though it sends that it is empty a while later only."""
    before = kept(canvas)
    keep(canvas, Drawing([], np.zeros((canvas.height, canvas.width), np.uint8), before.png if before else b""))
    put_back(canvas, [])


def as_drawing(image: NDArray[np.uint8], canvas: Canvas) -> Drawing:
    """An image, uint8 (h, w) in 0..255, ink bright, as large as the canvas is high: its first "stroke" is the image."""
    large = Image.fromarray(image).resize((canvas.height, canvas.height), Image.Resampling.BICUBIC)
    picture = np.asarray(large)
    shown = {
        "type": "Image",
        "src": data_url(picture / 255),
        "left": 0,
        "top": 0,
        "originX": "left",
        "originY": "top",
        "width": canvas.height,
        "height": canvas.height,
    }
    return Drawing([shown], picture)


def put_back(canvas: Canvas, strokes: Sequence[dict[str, Any]]) -> None:
    """Have the canvas show these strokes; the number makes it do so even if it was told the same before."""
    state = st.session_state
    number = state.get("put_back_number", 0) + 1
    state["put_back_number"] = number
    state[f"{canvas.name}_put_back"] = {"objects": list(strokes), "number": number}
