"""Confusion matrices."""

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_lab.plots.style import DIGITS


def confusion_figure(matrix: NDArray[np.int64], title: str, most: int | None = None, height: int = 420) -> go.Figure:
    """A confusion matrix, int (10, 10), row the true digit: mistakes in colour, right answers in grey.

    `most` is the count that gets the strongest colour, so that several matrices can share one scale.
    """
    right = np.eye(10, dtype=bool)
    mistakes = np.where(right | (matrix == 0), np.nan, matrix)
    figure = go.Figure()
    figure.add_trace(_cells(np.where(right, 1.0, np.nan), matrix, [[0, "#9aa0ab"], [1, "#9aa0ab"]], 1, opacity=0.28))
    strongest = most or max(int(np.nan_to_num(mistakes).max()), 1)
    figure.add_trace(_cells(mistakes, matrix, [[0, "#fde3cb"], [0.35, "#f79a4b"], [1, "#b93c00"]], strongest))
    figure.update_xaxes(title_text="the network's answer", tickvals=DIGITS, side="bottom", constrain="domain")
    figure.update_yaxes(title_text="the true digit", tickvals=DIGITS, autorange="reversed", scaleanchor="x")
    figure.update_layout(title=title, height=height, margin={"l": 8, "r": 8, "t": 48, "b": 8})
    return figure


def _cells(
    values: NDArray[np.float64],
    counts: NDArray[np.int64],
    colors: list[list[object]],
    most: float,
    opacity: float = 1.0,
) -> go.Heatmap:
    return go.Heatmap(
        z=values,
        x=DIGITS,
        y=DIGITS,
        text=np.where(counts == 0, "", counts.astype(str)),
        texttemplate="%{text}",
        colorscale=colors,
        zmin=0,
        zmax=most,
        opacity=opacity,
        showscale=False,
        xgap=2,
        ygap=2,
        hoverongaps=False,
        hovertemplate="%{text} images of a %{y} read as %{x}<extra></extra>",
    )
