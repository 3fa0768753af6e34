"""Draw a digit and see what a network makes of it, while the pen moves."""

import streamlit as st

from mnist_lab.ui.answer import read, write_answer
from mnist_lab.ui.canvas.drawing import SEVERAL, render_pen
from mnist_lab.ui.canvas.live import show_answer
from mnist_lab.ui.canvas.share import open_link, render_share
from mnist_lab.ui.canvas.sources import Picture, Source, choose_source
from mnist_lab.ui.draw.next_step import render_next_step
from mnist_lab.ui.draw.views import render_closer
from mnist_lab.ui.models import choose_model
from mnist_lab.ui.shell import open_page

open_page("Draw", "Show a network a digit. It answers while you draw.")
open_link()


@st.fragment
def draw_and_read() -> None:
    top = st.container()
    left, right = st.columns([440, 560], gap="large")
    with left:
        source = choose_source()
        render_pen()
    with right:
        model = choose_model()
    with top:
        wide = source.canvas is SEVERAL
        picture_side, answer_side = (st.container(), st.container()) if wide else st.columns([440, 560], gap="large")
        with picture_side:
            picture = source.render()
        with answer_side:
            answer(source, picture, model.id)
            render_next_step(source, picture, model.id)
    with right:
        render_share(picture, model.id)
    render_closer(picture, model.id, source.several)


def answer(source: Source, picture: Picture | None, model: str) -> None:
    """What the network says to what is there; on a canvas also to every picture of a stroke that grows."""
    readings = read(picture.image, model, source.several) if picture else []
    prompt = write_answer([], source.prompt, source.several)
    with st.container(key="prediction"):
        if source.canvas:
            show_answer(source.canvas, model, write_answer(readings, source.prompt, source.several), prompt)
        else:
            st.html(write_answer(readings, "This image is blank" if picture else source.prompt, source.several))


draw_and_read()
