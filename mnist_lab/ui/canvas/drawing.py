"""The canvas: what is drawn on it lives in the browser, and outlives reruns and page switches.

Every change in the browser has a number, and all that the browser sends carries the number of the last change that it
shows. So what is newer is never outranked by what is older, whichever came first.
"""

import base64
import binascii
import io
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, TypeAdapter, ValidationError

from mnist_lab.images.drawing_links import Point
from mnist_lab.images.strokes import CANVAS_SIDE, PEN_WIDTH, PEN_WIDTHS, draw
from mnist_lab.plots.pictures import data_url
from mnist_lab.ui.canvas.examples import EXAMPLES

HERE = Path(__file__).parent
LATEST = 2**53  # the numbers that a browser can count to
MOST_TEXT = 2_000_000  # characters of a picture

_component = st.components.v2.component(
    "mnist_lab_canvas",
    html='<div class="layers"><canvas class="lower-canvas"></canvas>'
    '<canvas class="upper-canvas" role="img" aria-label="Canvas to draw a digit on"></canvas></div>'
    '<div class="tools"><button class="clear">Clear</button><button class="undo">Undo</button>'
    '<span class="watch">or watch</span></div>',
    css=(HERE / "canvas.css").read_text("utf-8"),
    js=(HERE / "canvas.js").read_text("utf-8"),
)


class Canvas(NamedTuple):
    """A kind of canvas: its name, and its size in its own pixels, which the page may show larger or smaller.

    What is drawn on one appears on all that share their `drawing`.
    """

    name: str
    width: int
    height: int
    drawing: str


ONE = Canvas("one", CANVAS_SIDE, CANVAS_SIDE, "one")
SMALL = Canvas("small", CANVAS_SIDE, CANVAS_SIDE, "one")  # next to other things
SEVERAL = Canvas("several", 2 * CANVAS_SIDE, CANVAS_SIDE, "several")


class Stroke(BaseModel):
    """What one movement of the pen left: points (x, y) and the pen's width in canvas pixels."""

    model_config = ConfigDict(frozen=True)

    points: list[tuple[FiniteFloat, FiniteFloat]] = Field(min_length=1, max_length=20_000)
    width: float = Field(ge=1, le=100)


class Drawing(NamedTuple):
    """What is on a canvas once the pen rests: its number, its strokes, and the picture, uint8 (height, width).

    With `on_image` the strokes are drawn on an image, such as one of MNIST's, and are not all there is.
    """

    number: int
    strokes: list[Stroke]
    image: NDArray[np.uint8]
    on_image: bool = False

    @property
    def is_blank(self) -> bool:
        """Whether nothing is on it."""
        return not self.image.any()


class Growing(NamedTuple):
    """The canvas while the pen moves, or just lifted: uint8 (h, w), while `is_growing` at half the canvas's size."""

    number: int
    image: NDArray[np.uint8]
    is_growing: bool


_strokes = TypeAdapter(Annotated[list[Stroke], Field(max_length=2000)])


def render_canvas(canvas: Canvas) -> Drawing | None:
    """The canvas with its buttons; what is drawn on it, or None where it is blank. It sends once the pen rests."""
    key = f"canvas-{canvas.name}"
    with st.container(key="canvas", width="content"):
        _component(
            key=key,
            data={
                **canvas._asdict(),
                "pen": st.session_state.get("pen", PEN_WIDTH),
                "known": number_of(kept(canvas)),
                "shown": st.session_state.get(_shown(canvas)),
                "examples": [example._asdict() for example in EXAMPLES] if canvas is ONE else [],
            },
            on_drawing_change=lambda: _take(canvas, st.session_state[key].get("drawing") or {}),
            width="content",
            height="content",
        )
    drawing = kept(canvas)
    return None if drawing is None or drawing.is_blank else drawing


def render_pen() -> None:
    low, high = map(int, PEN_WIDTHS)
    st.slider("Pen width", low, high, value=int(PEN_WIDTH), key="pen", persist_state="session")


def kept(canvas: Canvas) -> Drawing | None:
    """What was on the canvas when the pen rested last, wherever the visitor has been since."""
    drawing: Drawing | None = st.session_state.get(f"{canvas.drawing}_drawing")
    return drawing


def growing(canvas: Canvas) -> Growing | None:
    """The last picture that was taken of the canvas between two rests of the pen, or None where a rest came later."""
    picture: Growing | None = st.session_state.get(f"{canvas.drawing}_growing")
    return picture if picture and picture.number > number_of(kept(canvas)) else None


def grow(canvas: Canvas, sent: dict[str, Any]) -> None:
    """Keep a picture that the browser took while the pen moves, unless it is none, or older than what is known."""
    number, image = _number(sent), decode(str(sent.get("picture", "")), canvas)
    if image is not None and number > latest(canvas):
        st.session_state[f"{canvas.drawing}_growing"] = Growing(number, image, bool(sent.get("growing")))


def latest(canvas: Canvas) -> int:
    """The number of the newest change that is known of, 0 before the first."""
    return max(number_of(kept(canvas)), number_of(growing(canvas)))


def number_of(known: Drawing | Growing | None) -> int:
    """Its number, 0 where there is none."""
    return known.number if known else 0


def show_strokes(canvas: Canvas, lines: Sequence[Sequence[Point]], pen_width: float) -> None:
    """Have the canvas show these strokes in place of what is on it, points (x, y) in canvas pixels."""
    image = draw([np.array(line, dtype=np.float32) / np.float32(CANVAS_SIDE) for line in lines], CANVAS_SIDE, pen_width)
    _show(canvas, [Stroke(points=list(line), width=pen_width) for line in lines], image)


def show_image(canvas: Canvas, image: NDArray[np.uint8]) -> None:
    """Have the canvas show an image to draw on: uint8 (h, h) in 0..255, ink bright, as large as the canvas is high."""
    large = Image.fromarray(image).resize((canvas.height, canvas.height), Image.Resampling.BICUBIC)
    _show(canvas, [], np.asarray(large), on_image=True)


def decode(url: str, canvas: Canvas) -> NDArray[np.uint8] | None:
    """The picture in a data URL, uint8 (h, w), or None for what no canvas sends."""
    try:
        content = base64.b64decode(url[:MOST_TEXT].partition("base64,")[2], validate=True)
        picture = Image.open(io.BytesIO(content), formats=["PNG"])
        fits = picture.width <= canvas.width and picture.height <= canvas.height
        return np.asarray(picture.convert("L")) if fits else None
    except (binascii.Error, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        return None


def _take(canvas: Canvas, sent: dict[str, Any]) -> None:
    """Keep what the browser says is on the canvas, unless that is older than what is known."""
    number, picture, on_image = _number(sent), str(sent.get("picture", "")), bool(sent.get("on_image"))
    image = decode(picture, canvas) if picture else np.zeros((canvas.height, canvas.width), np.uint8)
    if image is None or number <= number_of(kept(canvas)):
        return
    try:
        strokes = _strokes.validate_python(sent.get("strokes"))
    except ValidationError:  # more than a person draws: the picture still counts
        strokes, on_image = [], True
    st.session_state[f"{canvas.drawing}_drawing"] = Drawing(number, strokes, image, on_image)


def _show(canvas: Canvas, strokes: list[Stroke], image: NDArray[np.uint8], on_image: bool = False) -> None:
    """Known at once; what the browser sends once it shows it has a higher number."""
    st.session_state[f"{canvas.drawing}_drawing"] = Drawing(latest(canvas), strokes, image, on_image)
    st.session_state[_shown(canvas)] = {
        "id": uuid.uuid4().hex,
        "strokes": [stroke.model_dump() for stroke in strokes],
        "image": data_url(image / 255) if on_image else None,
    }


def _shown(canvas: Canvas) -> str:
    return f"{canvas.drawing}_shown"


def _number(sent: dict[str, Any]) -> int:
    number = sent.get("number")
    return number if isinstance(number, int) and 0 < number <= LATEST else 0
