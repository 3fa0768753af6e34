"""Figures in a lesson's text that a hand moves. They live in the browser alone."""

from pathlib import Path

import streamlit as st

from mnist_lab.lessons.lesson import Figure

HERE = Path(__file__).parent

_figure = st.components.v2.component(
    "mnist_lab_lesson_figure",
    html='<div class="moving"></div>',
    css=(HERE / "moving.css").read_text("utf-8"),
    js=(HERE / "moving.js").read_text("utf-8"),
)


def render_figure(kind: Figure) -> None:
    """One of the figures; what is moved in it stays until another lesson is opened."""
    _figure(key=f"figure-of-{kind}", data={"kind": kind}, height="content")
