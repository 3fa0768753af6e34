"""How sure networks are, and how sure they may be."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from mnist_lab.comparing.calibration import Coverage, Histogram, Reliability
from mnist_lab.comparing.learning import MOST_POINTS
from mnist_lab.plots.style import COLORS, LEGEND_ABOVE, as_typed

HEIGHT = 400


def reliability_figure(found: Mapping[str, Reliability], colors: Mapping[str, str]) -> go.Figure:
    """Accuracy against confidence for each run, by name, as its colour is.

    On the dashed line a network is right as often as it is sure.
    The more answers a point represents, the larger it is.
    """
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(
            x=[0, 1], y=[0, 1], mode="lines", line={"dash": "dash", "color": "#9aa0ab"}, hoverinfo="skip", name="ideal"
        )
    )
    for name, curve in found.items():
        figure.add_trace(
            go.Scatter(
                x=curve.confidence,
                y=curve.accuracy,
                name=as_typed(name),
                mode="lines+markers",
                customdata=curve.images,
                line={"color": colors[name]},
                marker={"size": 5 + 9 * np.sqrt(curve.images / curve.images.sum())},
                hovertemplate=f"{as_typed(name)}<br>%{{customdata:,}} answers, %{{x:.1%}} sure: "
                "%{y:.1%} right<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="how sure it is", tickformat=".0%", range=[0, 1.02])
    figure.update_yaxes(title_text="how often it is right", tickformat=".0%", range=[0, 1.02])
    return _with_legend(figure)


def coverage_figure(found: Mapping[str, Coverage], colors: Mapping[str, str]) -> go.Figure:
    """Accuracy of the answers against the share of images that is answered, the surest first, for each run by name."""
    figure = go.Figure()
    for name, curve in found.items():
        kept = np.unique(np.linspace(0, len(curve.answered) - 1, MOST_POINTS).round().astype(int))
        figure.add_trace(
            go.Scatter(
                x=curve.answered[kept],
                y=curve.accuracy[kept],
                name=as_typed(name),
                mode="lines",
                customdata=curve.confidence[kept],
                line={"color": colors[name]},
                hovertemplate=f"{as_typed(name)}<br>%{{x:.1%}} answered, those at least %{{customdata:.1%}} sure: "
                "%{y:.2%} right<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="images that are answered, the surest first", tickformat=".0%", range=[0, 1.02])
    figure.update_yaxes(title_text="answers that are right", tickformat=".1%")
    return _with_legend(figure)


def confidence_figure(found: Histogram, title: str, height: int = 260) -> go.Figure:
    """How sure the right answers of a run are, and how sure the wrong ones, each as a share of their number."""
    middles, width = (found.edges[1:] + found.edges[:-1]) / 2, np.diff(found.edges)
    figure = go.Figure()
    for name, counts, color in (("right", found.right, COLORS[0]), ("wrong", found.wrong, COLORS[1])):
        figure.add_trace(
            go.Bar(
                x=middles,
                y=counts / max(counts.sum(), 1),
                width=width,
                name=f"{name} ({counts.sum():,})",
                customdata=counts,
                opacity=0.65,
                marker={"color": color},
                hovertemplate=f"%{{customdata:,}} {name} answers about %{{x:.0%}} sure<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="how sure it is", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(title_text="share of these answers", tickformat=".0%", range=[0, 1])
    figure.update_layout(
        title=as_typed(title),
        barmode="overlay",
        height=height,
        margin={"l": 8, "r": 8, "t": 64, "b": 8},
        legend=LEGEND_ABOVE,
    )
    return figure


def _with_legend(figure: go.Figure) -> go.Figure:
    figure.update_layout(
        height=HEIGHT,
        margin={"l": 8, "r": 8, "t": 32, "b": 8},
        legend=LEGEND_ABOVE,
    )
    return figure
