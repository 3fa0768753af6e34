"""What corruptions cost."""

from collections.abc import Mapping, Sequence

import plotly.graph_objects as go
from numpy.typing import ArrayLike

from mnist_lab.plots.style import as_typed, layout

HEIGHT = 340
LEGEND = 40  # pixels above the chart


def strength_figure(
    found: Mapping[str, ArrayLike], strengths: Sequence[float], colors: Mapping[str, str], chosen: float
) -> go.Figure:
    """Accuracy in [0, 1] against the strength of a corruption for each run, by name, as its colour is."""
    figure = go.Figure(layout=layout(HEIGHT, LEGEND))
    for name, accuracies in found.items():
        figure.add_trace(
            go.Scatter(
                x=strengths,
                y=accuracies,
                name=as_typed(name),
                mode="lines+markers",
                line={"color": colors[name]},
                hovertemplate=f"{as_typed(name)}: %{{y:.1%}} at %{{x:.0%}}<extra></extra>",
            )
        )
    figure.add_vline(chosen, line={"dash": "dot", "color": "#9aa0ab"})
    figure.update_xaxes(title_text="strength", tickformat=".0%", tickvals=list(strengths))
    figure.update_yaxes(title_text="test accuracy", tickformat=".0%", range=[0, 1.02])
    return figure
