"""What to do next with a drawing that was read: see inside of the network, or take a first lesson."""

import streamlit as st

from mnist_lab.ui.answer import read
from mnist_lab.ui.canvas.drawing import ONE
from mnist_lab.ui.canvas.sources import Picture, Source, carry
from mnist_lab.ui.shell import PAGES


def render_next_step(source: Source, picture: Picture | None, model: str) -> None:
    """Links; the first opens the network with what it was just shown. None before anything is drawn."""
    with st.container(horizontal=True, vertical_alignment="center", key="next-step"):
        if picture is None:
            return
        drawn = source.canvas is ONE
        if not drawn:
            carry([reading.seen for reading in read(picture.image, model, source.several)])
        words = {"run": model, "image": "drawing" if drawn else "picture"}
        label = "Watch it run through the network"
        st.page_link(PAGES / "explore.py", label=label, icon=":material/travel_explore:", query_params=words)
        st.page_link(PAGES / "lessons.py", label="Take the first lesson", icon=":material/school:")
