"""Draw a digit and see what a network makes of it, while the pen moves."""

import streamlit as st

from mnist_lab.preprocessing import prepare
from mnist_lab.ui import resources
from mnist_lab.ui.answer import render_answer
from mnist_lab.ui.drawing import Drawing, render_canvas, render_pen, render_tools
from mnist_lab.ui.live import forget_live_picture, live_picture, watch_canvas
from mnist_lab.ui.models import choose_model
from mnist_lab.ui.shell import open_page

open_page("Draw", "Draw a digit with the mouse or a finger. The network answers while you draw.")


@st.fragment
def draw_and_read() -> None:
    left, right = st.columns([440, 560], gap="large")
    below = st.columns([440, 560], gap="large")
    with below[0]:
        render_pen()
    with below[1]:
        model = choose_model()
    with left:
        drawing = render_canvas(on_change=forget_live_picture)
        render_tools(on_change=forget_live_picture)
    with right:
        answer(drawing, model.id)


@st.fragment
def answer(drawing: Drawing | None, model: str) -> None:
    """Runs alone, without the canvas, for every picture of a stroke that grows."""
    picture = live_picture()
    if picture is None and drawing:
        picture = drawing.image
    seen = prepare(picture) if picture is not None else None
    prediction = resources.predictor(model).predict(seen) if seen is not None else None
    render_answer(prediction, seen)
    st.session_state["answered"] = st.session_state.get("answered", 0) + 1
    watch_canvas(st.session_state["answered"])


draw_and_read()
