"""Figures that can be taken away: as a picture, a drawing, a page or a table."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal

import plotly.graph_objects as go
import streamlit as st

from mnist_lab.plots.export import rows, to_csv, to_page
from mnist_lab.reports.comparison import report
from mnist_lab.store.run import Run
from mnist_lab.ui import resources

Rows = Iterable[Mapping[str, Any]]

ROOM_FOR_MENU = 34  # pixels above a figure and all that is written over it
LEGEND_HEIGHT = 40  # pixels of a legend above a figure, and between the two
UNUSED = ["zoom2d", "pan2d", "zoomIn2d", "zoomOut2d", "autoScale2d", "resetScale2d", "select2d", "lasso2d"]

_camera = st.components.v2.component(
    "mnist_lab_camera",
    html="<button data-format='png'>Picture (PNG)</button><button data-format='svg'>Drawing (SVG)</button>",
    css=Path(__file__).with_name("takeaway.css").read_text(),
    js=Path(__file__).with_name("takeaway.js").read_text(),
)


def show(
    figure: go.Figure,
    key: str,
    data: Rows | Callable[[], Rows] | None = None,
    name: str | None = None,
    on_select: Literal["ignore", "rerun"] | Callable[[], None] = "ignore",
    **options: Any,
) -> Any:
    """Draw a figure with a small menu to take it away; returns what st.plotly_chart does.

    `data` are the rows of its CSV, or a function that makes them once they are asked for; without it they are read from
    the figure. `name` is what its files are called, at first its key. The figure has the class `st-key-<key>`.
    """
    name = name or key
    config = {
        "displaylogo": False,
        "modeBarButtonsToRemove": UNUSED,
        "toImageButtonOptions": {"filename": name, "scale": 2},
    }
    _make_room(figure)
    with st.container(key=f"figure-{key}"):
        if on_select != "ignore":
            options.setdefault("selection_mode", "points")
        chart = st.plotly_chart(figure, key=key, config=config, on_select=on_select, **options)
        menu = st.popover("", icon=":material/download:", type="tertiary", help="Take this figure away")
        with menu, st.container(gap=None):
            _camera(key=f"camera-{key}", data={"chart": f"st-key-{key}", "name": name}, height="content")
            _download("Page (HTML)", lambda: to_page(figure), name, "html", "text/html", key)
            _download("Table (CSV)", lambda: to_csv(_rows(figure, data)), name, "csv", "text/csv", key)
    return chart


def _make_room(figure: go.Figure) -> None:
    """Room for the menu and Plotly's own tools above the figure's title and legend, which stay where they were."""
    layout = figure.layout
    legend = LEGEND_HEIGHT if (layout.legend.y or 0) > 1 else 0
    figure.update_layout(margin_t=max(layout.margin.t or 0, legend) + ROOM_FOR_MENU)
    if layout.height:
        figure.update_layout(height=layout.height + ROOM_FOR_MENU)
    if layout.title.text:
        figure.update_layout(title={"yref": "paper", "y": 1, "yanchor": "bottom", "pad": {"b": 12}})


def render_report(runs: list[Run]) -> None:
    """A button that makes the whole comparison of some finished runs, as one file that opens offline."""
    st.download_button(
        "Download the comparison",
        lambda: report(runs, resources.store()).encode(),
        f"comparison-{date.today()}.html",
        "text/html",
        key="aside-report",
        on_click="ignore",
        icon=":material/download:",
        help="One HTML file that opens offline: the verdict, the table, curves, confusion matrices and settings.",
    )


def _rows(figure: go.Figure, data: Rows | Callable[[], Rows] | None) -> Rows:
    found = data() if callable(data) else data
    return rows(figure) if found is None else found


def _download(label: str, make: Callable[[], str], name: str, ending: str, mime: str, key: str) -> None:
    options: Any = {"key": f"{ending}-{key}", "on_click": "ignore", "type": "tertiary"}
    st.download_button(label, lambda: make().encode(), f"{name}.{ending}", mime, **options)
