"""Figures that only lessons have."""

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from mnist_lab.exploring.robustness import places_of
from mnist_lab.inference.evaluation import DigitScores, Evaluation
from mnist_lab.lessons.measures import MEASURES, Result
from mnist_lab.plots.style import COLORS, DIGITS, LEGEND_ABOVE, as_typed

EASIER, HARDER = COLORS[0], COLORS[1]
ROW = 64  # pixels for each run
TEXT = {"size": 15}


class Gap(NamedTuple):
    """A run's accuracies on two kinds of images, such as those it learned from and the test set, in [0, 1]."""

    run: str
    easier: float
    harder: float


class Mistakes(NamedTuple):
    """How many of 1,000 test images a run gets wrong."""

    run: str
    of_thousand: float


def gaps(results: Sequence[Result]) -> list[Gap]:
    training, test = MEASURES["training accuracy"], MEASURES["test accuracy"]
    return [Gap(result.name, training.value(result, results), test.value(result, results)) for result in results]


def losses_to(corruption: str, results: Sequence[Result]) -> list[Gap]:
    """Accuracies on the same test images as they are, and after one of CORRUPTIONS."""
    return [Gap(result.name, _clean(result.evaluation), result.accuracy_after(corruption)) for result in results]


def _clean(evaluation: Evaluation) -> float:
    places = places_of(len(evaluation.labels))
    return float((evaluation.answers[places] == evaluation.labels[places]).mean())


def mistakes(results: Sequence[Result]) -> list[Mistakes]:
    return [Mistakes(result.name, MEASURES["mistakes"].value(result, results)) for result in results]


def gap_figure(found: Sequence[Gap], easier: str = "training images", harder: str = "test images") -> go.Figure:
    """A line between the two accuracies of each run: its length is the gap. `easier` and `harder` name the images."""
    figure = go.Figure()
    for gap in found:
        figure.add_trace(
            go.Scatter(
                x=[gap.harder, gap.easier],
                y=[as_typed(gap.run)] * 2,
                mode="lines",
                line={"width": 8, "color": "rgba(140, 145, 155, 0.45)"},
                showlegend=False,
                hoverinfo="skip",
            )
        )
    runs = [as_typed(gap.run) for gap in found]
    for name, color, place, values in (
        (harder, HARDER, "top center", [gap.harder for gap in found]),
        (easier, EASIER, "bottom center", [gap.easier for gap in found]),
    ):
        figure.add_trace(
            go.Scatter(
                x=values,
                y=runs,
                name=name,
                mode="markers+text",
                marker={"size": 16, "color": color},
                text=[f"{value:.1%}" for value in values],
                textposition=place,
                textfont={"color": color, **TEXT},
                hovertemplate=f"%{{y}}, {name}: %{{x:.2%}}<extra></extra>",
                cliponaxis=False,
            )
        )
    figure.update_xaxes(tickformat=".0%", title_text="accuracy")
    return _in_rows(figure, len(found), legend=True)


def mistakes_figure(found: Sequence[Mistakes]) -> go.Figure:
    """A bar for each run, from zero."""
    figure = go.Figure(
        go.Bar(
            x=[one.of_thousand for one in found],
            y=[as_typed(one.run) for one in found],
            orientation="h",
            marker={"color": [COLORS[place % len(COLORS)] for place in range(len(found))]},
            text=[f"{one.of_thousand:.0f}" for one in found],
            textposition="outside",
            textfont=TEXT,
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.1f} of 1,000 wrong<extra></extra>",
        )
    )
    figure.update_xaxes(title_text="wrong answers to 1,000 test images", rangemode="tozero")
    return _in_rows(figure, len(found), legend=False)


def _in_rows(figure: go.Figure, rows: int, legend: bool) -> go.Figure:
    """One row a run, the first on top."""
    figure.update_yaxes(range=[rows - 0.5, -0.5], tickfont=TEXT, type="category", automargin=True)
    figure.update_layout(
        height=ROW * rows + (150 if legend else 90),
        margin={"l": 8, "r": 40, "t": 48 if legend else 16, "b": 8},
        legend={**LEGEND_ABOVE, "font": TEXT},
    )
    return figure


def digits_figure(scores: Sequence[DigitScores], height: int = 340) -> go.Figure:
    """Precision and recall of each digit, as points."""
    figure = go.Figure()
    series = (
        ("recall", COLORS[0], "circle", [score.recall for score in scores]),
        ("precision", COLORS[1], "diamond", [score.precision for score in scores]),
    )
    for name, color, symbol, values in series:
        figure.add_trace(
            go.Scatter(
                x=DIGITS,
                y=values,
                name=name,
                mode="markers",
                marker={"size": 15, "color": color, "symbol": symbol},
                hovertemplate=f"{name} of the %{{x}}: %{{y:.1%}}<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="digit", type="category", tickfont=TEXT)
    figure.update_yaxes(tickformat=".0%")
    figure.update_layout(
        height=height,
        margin={"l": 8, "r": 8, "t": 48, "b": 8},
        legend={**LEGEND_ABOVE, "font": TEXT},
    )
    return figure
