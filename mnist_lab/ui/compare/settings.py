"""What the settings do to the results."""

import streamlit as st

from mnist_lab.grids import table
from mnist_lab.plots.groups import grid_figure
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.runs import Run


def render(runs: list[Run]) -> None:
    """The test accuracies of a grid over one or two settings, as one picture."""
    found = table(runs)
    if found:
        st.plotly_chart(grid_figure(found), key="grid", config=NO_TOOLBAR)
    else:
        st.info("Pick the runs of a grid over one or two settings.")
