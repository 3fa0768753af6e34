"""The canvas: a drawing that outlives reruns, page switches, Undo and Clear."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit_drawable_canvas import st_canvas

SIDE = 280
PEN_WIDTHS = (8, 40)
PEN_WIDTH = 20
INK = "#fffffffe"  # not quite opaque: only then is the whole stroke drawn anew, smoothly, while it grows
KEPT = "drawing"


class Drawing(NamedTuple):
    """What is on the canvas: the strokes as Fabric.js writes them, and the picture, uint8 (280, 280, 4)."""

    strokes: list[dict[str, Any]]
    image: NDArray[np.uint8]


def render_canvas(on_change: Callable[[], None]) -> Drawing | None:
    """The canvas; what is drawn on it, or None before the first stroke. It sends a while after each stroke."""
    state = st.session_state
    with st.container(key="canvas", width="content"):
        key = f"canvas-{state.setdefault('canvas_number', 0)}"
        if key not in state:  # a new canvas, or this one again after a visit to another page
            kept = state.get(KEPT)
            _put_back(kept.strokes if kept else [])
        result = st_canvas(
            stroke_width=state.get("pen", PEN_WIDTH),
            stroke_color=INK,
            background_color="#000000",
            width=SIDE,
            height=SIDE,
            initial_drawing=state["put_back"],
            return_image_data=True,
            key=key,
            on_change=on_change,
        )
    if result.image_data is not None:
        state[KEPT] = Drawing((result.json_data or {}).get("objects", []), result.image_data)
    kept = state.get(KEPT)
    return kept if kept and kept.strokes else None


def render_tools(on_change: Callable[[], None]) -> None:
    """Clear and Undo, where a thumb reaches them."""
    with st.container(horizontal=True):
        st.button("Clear", on_click=_clear, args=(on_change,), type="primary", icon=":material/delete:")
        st.button("Undo", on_click=_undo, args=(on_change,), icon=":material/undo:")


def render_pen() -> None:
    """The width of the pen."""
    st.slider("Pen width", *PEN_WIDTHS, value=PEN_WIDTH, key="pen", persist_state="session")


def _clear(on_change: Callable[[], None]) -> None:
    on_change()
    st.session_state.pop(KEPT, None)
    st.session_state["canvas_number"] += 1


def _undo(on_change: Callable[[], None]) -> None:
    on_change()
    kept = st.session_state.get(KEPT)
    if kept and kept.strokes:
        _put_back(kept.strokes[:-1])


def _put_back(strokes: list[dict[str, Any]]) -> None:
    """Have the canvas show these strokes; the number makes it do so even if it was told the same before."""
    state = st.session_state
    state["put_back_number"] = state.get("put_back_number", 0) + 1
    state["put_back"] = {"objects": strokes, "number": state["put_back_number"]}
