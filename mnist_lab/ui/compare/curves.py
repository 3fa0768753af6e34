"""The curves of the picked runs."""

import streamlit as st

from mnist_lab.plots.curves import curves, curves_figure
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.runs import Run
from mnist_lab.ui import resources
from mnist_lab.ui.compare.naming import labels


def render(runs: list[Run]) -> None:
    """The curves of the picked runs on the same axes."""
    names = labels(runs)
    figure = curves_figure({names[run.id]: curves(names[run.id], resources.store().metrics(run.id)) for run in runs})
    figure.update_layout(height=380)
    st.plotly_chart(figure, key="compare-curves", config=NO_TOOLBAR)
