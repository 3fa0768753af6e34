"""The curves of one run, while it trains and after, or of several together."""

from collections.abc import Mapping, Sequence
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
    _show(_figure(name, (*before,), (*ticks,)), run)


def render_together(runs: Sequence[Run], names: Mapping[str, str]) -> None:
    """The curves of several runs, each behind those that it goes on from; of the first alone as above."""
    told = {run.id: resources.ticks(run) for run in runs}
    shown = [run for run in runs if told[run.id]]
    if len(shown) == 1:
        render_curves(shown[0], names[shown[0].id], told[shown[0].id])
    elif shown:
        series = [(names[run.id], (*behind(history(resources.store(), run), told[run.id]),)) for run in shown]
        _show(_together((*series,)), shown[0])


def _show(figure: go.Figure, run: Run) -> None:
    st.plotly_chart(figure, key=f"curves-{run.id}", config=NO_TOOLBAR)


@lru_cache(LOOKED_AT)
def _figure(name: str, before: tuple[Tick, ...], ticks: tuple[Tick, ...]) -> go.Figure:
    """Shared by all visitors; never modified."""
    series = {"before": curves("before", before)} if before else {}
    return curves_figure(series | {name: curves(name, behind([*before], [*ticks]))})


@lru_cache(LOOKED_AT)
def _together(series: tuple[tuple[str, tuple[Tick, ...]], ...]) -> go.Figure:
    return curves_figure({name: curves(name, ticks) for name, ticks in series})
