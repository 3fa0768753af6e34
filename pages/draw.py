"""Draw a digit and see what a network makes of it, while the pen moves."""

import streamlit as st

from mnist_lab.ui.answer import Reading, read, render_answer
from mnist_lab.ui.closer import render_closer
from mnist_lab.ui.drawing import SEVERAL, growing, render_pen
from mnist_lab.ui.explore.way_in import link_to_explore
from mnist_lab.ui.live import watch_canvas
from mnist_lab.ui.models import choose_model
from mnist_lab.ui.share import open_link, render_share
from mnist_lab.ui.shell import open_page
from mnist_lab.ui.sources import Picture, Source, choose_source

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
    with right, st.container(horizontal=True, vertical_alignment="center"):
        render_share(picture, model.id)
        link_to_explore(source, picture, model.id)
    render_closer(picture, model.id, source.several)


@st.fragment
def answer(source: Source, picture: Picture | None, model: str) -> None:
    """Runs alone, without the canvas, for every picture of a stroke that grows."""
    moving = growing(source.canvas) if source.canvas else None
    if moving is not None:
        picture = Picture(moving.image, [], 0.0)
    readings: list[Reading] = read(picture.image, model, source.several) if picture else []
    blank = picture is not None and not source.canvas
    render_answer(readings, "This image is blank" if blank else source.prompt)
    if source.canvas:
        watch_canvas(source.canvas)


draw_and_read()
