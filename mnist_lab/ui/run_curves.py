"""The curves of one run, while it trains and after."""

import streamlit as st

from mnist_lab.continuation import behind, history
from mnist_lab.plots.curves import curves, curves_figure
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.runs import Run, Tick
from mnist_lab.ui import resources


def render_curves(run: Run, name: str, ticks: list[Tick]) -> None:
    """The curves of a run, under that name, behind those of the runs that it goes on from."""
    before = history(resources.store(), run)
    series = {"before": curves("before", before)} if before else {}
    series[name] = curves(name, behind(before, ticks))
    st.plotly_chart(curves_figure(series), key=f"curves-{run.id}", config=NO_TOOLBAR)
