"""The network drawn to scale."""

import streamlit as st

from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.network import layer_table


def render(selection: Selection) -> None:
    """The layers in a table."""
    st.html(layer_table(selection.run.config))
