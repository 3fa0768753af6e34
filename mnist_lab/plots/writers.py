"""Whose handwriting is misread."""

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from mnist_lab.comparing.writers import Kind, Writer, held
from mnist_lab.plots.style import as_typed, layout

APART = 0.16  # of the room of a kind of people: how far the points of two runs stand apart
MOST_APART = 0.7
HEIGHT = 340
LEGEND = 40  # pixels above a chart


def held_figure(found: Mapping[str, list[Writer]], colors: Mapping[str, str]) -> go.Figure:
    """The share of each run's mistakes that its most misread people hold, by the run's name, as its colour is."""
    figure = go.Figure(layout=layout(HEIGHT, LEGEND))
    for name, people in found.items():
        figure.add_trace(
            go.Scatter(
                x=np.arange(len(people) + 1),
                y=np.concatenate([[0.0], held(people)]),
                name=as_typed(name),
                mode="lines",
                line={"color": colors[name]},
                hovertemplate=f"{as_typed(name)}<br>%{{x}} people hold %{{y:.0%}} of the mistakes<extra></extra>",
            )
        )
    figure.update_xaxes(title_text="people, those most often misread first", rangemode="tozero")
    figure.update_yaxes(title_text="mistakes that they hold", tickformat=".0%", range=[0, 1.02])
    return figure


def kinds_figure(found: Mapping[str, Mapping[str, Kind]], colors: Mapping[str, str]) -> go.Figure:
    """The error of each run with each kind of people, with its interval, by the run's name, as its colour is."""
    room = min(APART * (len(found) - 1), MOST_APART)
    names = list(next(iter(found.values())))
    figure = go.Figure(layout=layout(HEIGHT, LEGEND))
    for offset, (run, kinds) in zip(np.linspace(-room / 2, room / 2, len(found)), found.items(), strict=True):
        errors = np.array([kinds[name].error for name in names])
        lows, highs = (np.array([kinds[name].interval[end] for name in names]) for end in (0, 1))
        figure.add_trace(
            go.Scatter(
                x=np.arange(len(names)) + offset,
                y=errors,
                name=as_typed(run),
                mode="markers",
                marker={"size": 11, "color": colors[run]},
                error_y={"array": highs - errors, "arrayminus": errors - lows, "thickness": 2},
                customdata=np.stack([lows, highs], axis=1),
                hovertemplate=f"{as_typed(run)}: %{{y:.2%}}, 95 % interval %{{customdata[0]:.2%}} to "
                "%{customdata[1]:.2%}<extra></extra>",
            )
        )
    labels = [f"{kinds[name].people} {name}" for name in names]
    figure.update_xaxes(tickvals=list(range(len(names))), ticktext=labels, range=[-0.5, len(names) - 0.5])
    figure.update_yaxes(title_text="images that are misread", tickformat=".1%", rangemode="tozero")
    return figure
