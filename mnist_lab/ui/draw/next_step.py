"""The way from the Draw page into the Explore page."""

import streamlit as st

from mnist_lab.ui.answer import read
from mnist_lab.ui.canvas.drawing import ONE
from mnist_lab.ui.canvas.sources import Picture, Source, carry
from mnist_lab.ui.shell import PAGES


def link_to_explore(source: Source, picture: Picture | None, model: str) -> None:
    """A link that opens the network with what it was just shown."""
    if picture is None:
        return
    drawn = source.canvas is ONE
    if not drawn:
        carry([reading.seen for reading in read(picture.image, model, source.several)])
    image = "drawing" if drawn else "picture"
    words = {"run": model, "image": image}
    label = "Watch it run through the network"
    st.page_link(PAGES / "explore.py", label=label, icon=":material/travel_explore:", query_params=words)
