"""Matrices: what is taken for what, and who beats whom."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_lab.comparing.formatting import difference, p_value
from mnist_lab.comparing.rankings import Ranking
from mnist_lab.plots.style import DIGITS, as_typed

GREY = [[0, "#9aa0ab"], [1, "#9aa0ab"]]
ORANGE = [[0, "#fde3cb"], [0.35, "#f79a4b"], [1, "#b93c00"]]
ALL = [[0, "#dbe7fd"], [0.02, "#a9c8ff"], [1, "#1d4fbf"]]
EQUAL = "#f3f1ec"
LUCK = "#e4e6ea"
RANKING = (
    "A number is the accuracy of the row's run minus that of the column's, in points of a hundred. A cell has the "
    "colour of the run that is better beyond luck, and is grey where it may be luck."
)
MOST_TEXT = 12  # runs whose differences are still readable inside the cells
Cell = tuple[int, int]


def confusion_figure(
    matrix: NDArray[Any],
    title: str,
    most: float | None = None,
    height: int = 420,
    dimmed: bool = True,
    shown: str = "{:.0f}",
) -> go.Figure:
    """A confusion matrix, (10, 10), row the true digit: mistakes in colour, right answers in grey.

    `most` is the value that gets the strongest colour, so that several matrices can share one scale. Right answers are
    coloured with the mistakes where they are not `dimmed`. `shown` formats a cell's value; a rate is multiplied by 100.
    """
    right = np.eye(10, dtype=bool)
    text = _text(matrix, shown)
    figure = go.Figure()
    if dimmed:
        mistakes = np.where(right | (matrix == 0), np.nan, matrix)
        figure.add_trace(_cells(np.where(right, 1.0, np.nan), text, GREY, 0, 1, opacity=0.28))
        strongest = most or max(float(np.nan_to_num(mistakes).max()), 1e-9)
        figure.add_trace(_cells(mistakes, text, ORANGE, 0, strongest))
    else:
        figure.add_trace(_cells(np.where(matrix == 0, np.nan, matrix), text, ALL, 0, float(matrix.max())))
    return _as_matrix(figure, title, height)


def difference_figure(
    less: NDArray[Any], title: str, its_color: tuple[str, str], height: int = 420, shown: str = "{:+.0f}"
) -> go.Figure:
    """The confusion matrix of the first of two runs less that of the second, (10, 10), and the colours of both.

    A cell has the colour of the run that is better there: the one with more right answers, or with fewer mistakes.
    """
    ahead = np.where(np.eye(10, dtype=bool), less, -less).astype(float)
    strongest = max(float(np.abs(less).max()), 1e-9)
    first, second = its_color
    scale = [[0, second], [0.5, EQUAL], [1, first]]
    figure = go.Figure(_cells(np.where(less == 0, np.nan, ahead), _text(less, shown), scale, -strongest, strongest))
    return _as_matrix(figure, title, height)


def clickable(figure: go.Figure, chosen: Cell | None) -> go.Figure:
    """The figure of a confusion matrix with something to click on every cell, and the chosen cell outlined.

    A click selects the point at (answer, true digit); heatmaps themselves report none.
    """
    answers, labels = (axis.ravel() for axis in np.meshgrid(range(10), range(10)))
    invisible = {"symbol": "square", "size": 26, "opacity": 0}
    figure.add_trace(
        go.Scatter(
            x=[DIGITS[answer] for answer in answers],
            y=[DIGITS[label] for label in labels],
            text=np.asarray(figure.data[-1].text).ravel(),
            mode="markers",
            marker=invisible,
            selected={"marker": {"opacity": 0}},
            unselected={"marker": {"opacity": 0}},
            showlegend=False,
            hovertemplate="a %{y} read as a %{x}: %{text}<extra></extra>",
        )
    )
    if chosen:
        label, answer = chosen
        figure.add_shape(
            type="rect",
            x0=answer - 0.5,
            x1=answer + 0.5,
            y0=label - 0.5,
            y1=label + 0.5,
            line={"color": "#2f6fed", "width": 4},
        )
    figure.update_layout(dragmode=False, clickmode="event+select", hovermode="closest")
    return figure


def ranking_figure(ranking: Ranking, names: Sequence[str], its_color: Mapping[str, str]) -> go.Figure:
    """Who beats whom, a row and a column for each run, as RANKING says; `its_color` has the colours by run id."""
    beats = ranking.beats
    accuracies = 100 * np.array(ranking.accuracies)
    points = difference(accuracies[:, None], accuracies[None, :], 2)
    itself = np.eye(len(names), dtype=bool)
    rows, columns = np.indices(beats.shape)
    better = np.select([itself, beats, beats.T], [np.nan, rows, columns], len(names))
    words = np.where(beats, "better beyond luck", np.where(beats.T, "worse beyond luck", "may be luck"))
    places = [str(place) for place in range(len(names))]
    figure = go.Figure(
        go.Heatmap(
            z=better,
            x=places,
            y=places,
            text=np.where(itself, "", np.vectorize("{:+.2f}".format)(points)),
            texttemplate="%{text}" if len(names) <= MOST_TEXT else None,
            hovertext=_pairs(ranking, names, words),
            hovertemplate="%{hovertext}<extra></extra>",
            colorscale=_steps([*(its_color[run] for run in ranking.runs), LUCK]),
            zmin=-0.5,
            zmax=len(names) + 0.5,
            showscale=False,
            xgap=2,
            ygap=2,
            hoverongaps=False,
        )
    )
    ticks = {"tickvals": places, "ticktext": [as_typed(_short(name)) for name in names], "type": "category"}
    figure.update_xaxes(**ticks, tickangle=-35)
    figure.update_yaxes(**ticks, autorange="reversed")
    height = 150 + 34 * min(len(names), 14)
    figure.update_layout(height=height, margin={"l": 8, "r": 8, "t": 8, "b": 8})
    return figure


def _steps(colors: Sequence[str]) -> list[tuple[float, str]]:
    """A scale with a colour for each of the numbers 0, 1, 2 …, where it begins half a step before 0."""
    return [(end / len(colors), color) for place, color in enumerate(colors) for end in (place, place + 1)]


def _pairs(ranking: Ranking, names: Sequence[str], words: NDArray[Any]) -> list[list[str]]:
    fixed, p_values, names = ranking.fixed, ranking.p_values, [as_typed(name) for name in names]
    return [
        [
            f"{one} against {other}: {words[row, column]}<br>{fixed[row, column]:,} images right that the other gets "
            f"wrong, {fixed[column, row]:,} the other way round<br>p = {p_value(p_values[row, column])} (Holm)"
            for column, other in enumerate(names)
        ]
        for row, one in enumerate(names)
    ]


def _short(name: str, most: int = 22) -> str:
    return name if len(name) <= most else f"{name[: most - 1]}…"


def _text(matrix: NDArray[Any], shown: str) -> NDArray[np.str_]:
    values = matrix if matrix.dtype.kind in "iu" else 100 * matrix
    text = np.array([[shown.format(value) for value in row] for row in values])
    return np.where(matrix == 0, "", text)


def _as_matrix(figure: go.Figure, title: str, height: int) -> go.Figure:
    whole = {"tickvals": DIGITS, "constrain": "domain", "showgrid": False, "zeroline": False}
    figure.update_xaxes(title_text="the network's answer", range=[-0.5, 9.5], **whole)
    figure.update_yaxes(title_text="the true digit", range=[9.5, -0.5], scaleanchor="x", **whole)
    figure.update_layout(title=as_typed(title), height=height, margin={"l": 8, "r": 8, "t": 48, "b": 8})
    return figure


def _cells(
    values: NDArray[np.float64],
    text: NDArray[np.str_],
    colors: Sequence[Sequence[object]],
    least: float,
    most: float,
    opacity: float = 1.0,
) -> go.Heatmap:
    return go.Heatmap(
        z=values,
        x=DIGITS,
        y=DIGITS,
        text=text,
        texttemplate="%{text}",
        textfont={"size": 12},
        colorscale=colors,
        zmin=least,
        zmax=most,
        opacity=opacity,
        showscale=False,
        xgap=2,
        ygap=2,
        hoverongaps=False,
        hovertemplate="%{text} images of a %{y} read as %{x}<extra></extra>",
    )
