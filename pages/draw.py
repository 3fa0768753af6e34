"""Draw a digit and see what a network makes of it."""

import streamlit as st

from mnist_lab.preprocessing import prepare
from mnist_lab.ui import resources
from mnist_lab.ui.answer import render_answer
from mnist_lab.ui.drawing import render_canvas, render_pen, render_tools
from mnist_lab.ui.models import choose_model
from mnist_lab.ui.shell import open_page

open_page("Draw", "Draw a digit with the mouse or a finger. The network answers after each stroke.")


@st.fragment
def draw_and_read() -> None:
    left, right = st.columns([440, 560], gap="large")
    below = st.columns([440, 560], gap="large")
    with below[0]:
        render_pen()
    with below[1]:
        model = choose_model()
    with left:
        drawing = render_canvas()
        render_tools()
    with right:
        seen = prepare(drawing.image) if drawing else None
        prediction = resources.predictor(model.id).predict(seen) if seen is not None else None
        render_answer(prediction, seen)


draw_and_read()
