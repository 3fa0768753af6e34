"""The curves of one run, while it trains and after."""

from functools import lru_cache

import plotly.graph_objects as go
import streamlit as st

from mnist_lab.engine.continuation import behind, history
from mnist_lab.plots.curves import curves, curves_figure
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.store.run import Run
from mnist_lab.store.ticks import Tick
from mnist_lab.ui import resources

LOOKED_AT = 64  # curves of all visitors together


def render_curves(run: Run, name: str, ticks: list[Tick]) -> None:
    """The curves of a run, under that name, behind those of the runs that it goes on from."""
    before = history(resources.store(), run)
    st.plotly_chart(_figure(name, (*before,), (*ticks,)), key=f"curves-{run.id}", config=NO_TOOLBAR)


@lru_cache(LOOKED_AT)
def _figure(name: str, before: tuple[Tick, ...], ticks: tuple[Tick, ...]) -> go.Figure:
    """Shared by all visitors; never modified."""
    series = {"before": curves("before", before)} if before else {}
    return curves_figure(series | {name: curves(name, behind([*before], [*ticks]))})
