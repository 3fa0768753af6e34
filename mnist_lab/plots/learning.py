"""The curves of several runs in one figure."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from mnist_lab.comparing.learning import METRICS, Line
from mnist_lab.plots.curves import change_marks, extent
from mnist_lab.plots.style import COLORS, FADED, LEGEND_ABOVE, as_typed

TITLES = {"epochs": "epochs", "steps": "steps of the optimizer", "seconds": "seconds of training"}
BEGINNING = 0.05  # of a training
FEW_EPOCHS = 3  # a training that is no longer is all beginning, and drawn whole
SQUEEZED = 0.5  # of the whole range
MARGIN = 0.06  # of the range, above and below
GREY = "#7f8794"
MOST_SHADED = 3  # gaps in one figure: more lie over each other


class Learner(NamedTuple):
    """What is drawn in one colour: a run, or several that differ only in seed.

    `differs` is what tells it from the others; `run_ids` are picked by a click; `epochs` is how many were trained.
    `raw` is the training before it was smoothed, and `test` the accuracy in [0, 1] on the test set. `changes` are where
    on the axis a setting was changed meanwhile, and which.
    """

    name: str
    differs: str
    run_ids: list[str]
    color: str
    epochs: float
    training: Line | None
    validation: Line | None
    gap: Line | None = None
    raw: Line | None = None
    test: float | None = None
    changes: tuple[tuple[float, str], ...] = ()


class Look(NamedTuple):
    """What the figure shows: a metric over an axis. The logarithm of an accuracy is that of what it lacks to 1."""

    metric: str = "accuracy"
    axis: str = "epochs"
    log_y: bool = False
    log_x: bool = False

    @property
    def mistakes(self) -> bool:
        """Whether mistakes are drawn in place of the accuracy."""
        return self.log_y and self.metric == "accuracy"


def learning_figure(learners: list[Learner], look: Look) -> go.Figure:
    """Training as a line, validation dotted with a mark at each epoch, the test accuracy as a dot at the end.

    Several seeds are their mean with a band.
    """
    figure = go.Figure()
    for learner in learners:
        shaded = len(learners) <= MOST_SHADED
        _add(figure, learner if shaded else learner._replace(gap=None), look, alone=len(learners) == 1)
    percent = ".2~%" if look.metric == "accuracy" else None
    figure.update_yaxes(title_text=_title(learners, look), tickformat=percent)
    figure.update_xaxes(title_text=TITLES[look.axis])
    figure.update_yaxes(type="log" if look.log_y else "linear", dtick=None)
    figure.update_xaxes(type="log" if look.log_x else "linear", rangemode="normal")
    figure.update_layout(
        height=460,
        margin={"l": 8, "r": 8, "t": 16, "b": 8},
        legend=LEGEND_ABOVE,
        hovermode="closest",
        clickmode="event+select",
    )
    if not look.log_x:
        figure.update_xaxes(range=extent([line.x.tolist() for line in _lines(learners)]))
    if not (look.log_y or look.log_x):
        figure.update_yaxes(range=_range_of_interest(learners, look))
    return figure


def _lines(learners: Sequence[Learner]) -> list[Line]:
    return [line for learner in learners for line in (learner.training, learner.validation) if line]


def _title(learners: Sequence[Learner], look: Look) -> str:
    """What is drawn, so that it is not mistaken for the accuracy on the test set."""
    word = "mistakes" if look.mistakes else METRICS[look.metric].lower()
    if look.metric == "learning_rate":
        return word
    if not any(learner.validation for learner in learners):
        return f"training {word}"
    if not any(learner.training for learner in learners):
        return f"validation {word}"
    return f"training {word}, dotted: validation"


def _range_of_interest(learners: Sequence[Learner], look: Look) -> list[float] | None:
    """The range of all values but those of the very beginning, where they would squeeze the others.

    Each training has a beginning of its own, and one of a few epochs none that could be left out.
    """
    every = np.concatenate([line.y for line in _lines(learners)])
    ends = [learner.test for learner in learners if learner.test is not None and look.metric == "accuracy"]
    later = np.concatenate([ends, *(_later(line, learner) for learner in learners for line in _lines([learner]))])
    low, high = float(later.min()), float(later.max())
    if high - low > SQUEEZED * float(every.max() - every.min()) or high == low:
        return None
    return [low - MARGIN * (high - low), high + MARGIN * (high - low)]


def _later(line: Line, learner: Learner) -> NDArray[np.float64]:
    """The values of a line but those of its beginning."""
    return line.y if learner.epochs <= FEW_EPOCHS else line.y[line.x >= BEGINNING * line.x[-1]]


def _add(figure: go.Figure, learner: Learner, look: Look, alone: bool) -> None:
    color = learner.color
    other = COLORS[1] if alone else color
    if learner.gap:
        figure.add_trace(_band(learner.gap, GREY if alone else color, look, opacity=0.1))
    for part, line, its_color in (("training", learner.training, color), ("validation", learner.validation, other)):
        if line is None:
            continue
        if line.low is not None:
            figure.add_trace(_band(line, its_color, look))
        drawn = _line(line, learner, part, its_color, look, alone)
        figure.add_trace(drawn)
        if learner.changes and part == "training":
            figure.add_trace(change_marks(learner.changes, drawn, in_words=alone))
    if learner.raw:
        figure.add_trace(_raw(learner.raw, color, look))
    if learner.test is not None and look.metric == "accuracy" and _lines([learner]):
        figure.add_trace(_tested(learner, learner.test, look))


def _line(line: Line, learner: Learner, part: str, color: str, look: Look, alone: bool) -> go.Scatter:
    """A line of which every point can be clicked, which takes marks, if invisible ones."""
    dotted = part == "validation"
    shown = alone or not dotted or learner.training is None
    seen = {"marker": {"opacity": 1 if dotted else 0}}
    return go.Scatter(
        x=line.x,
        y=1 - line.y if look.mistakes else line.y,
        name=part if alone else as_typed(learner.name),
        legendgroup=learner.name if not alone else part,
        showlegend=shown,
        mode="lines+markers",
        customdata=[" ".join(learner.run_ids)] * len(line.x),
        line={"color": color, "width": 1.5 if color == FADED else 2.5, "dash": "dot" if dotted else "solid"},
        zorder=-1 if color == FADED else 0,
        marker={"size": 6, "color": color, "opacity": 1 if dotted else 0},
        selected=seen,
        unselected=seen,
        hovertemplate=_hover(learner, part, look),
    )


def _raw(line: Line, color: str, look: Look) -> go.Scatter:
    """What was smoothed, faint."""
    return go.Scatter(
        x=line.x,
        y=1 - line.y if look.mistakes else line.y,
        mode="lines",
        line={"color": color, "width": 1},
        opacity=0.3,
        zorder=-1,
        showlegend=False,
        hoverinfo="skip",
    )


def _tested(learner: Learner, accuracy: float, look: Look) -> go.Scatter:
    """The accuracy on the test set, where the training ends."""
    return go.Scatter(
        x=[max(line.x[-1] for line in _lines([learner]))],
        y=[1 - accuracy if look.mistakes else accuracy],
        mode="markers",
        marker={"color": learner.color, "size": 13, "line": {"color": "white", "width": 1.5}},
        customdata=[" ".join(learner.run_ids)],
        showlegend=False,
        hovertemplate=f"<b>{as_typed(learner.name)}</b>, test set<br>%{{y:.2%}}<extra></extra>",
    )


def _hover(learner: Learner, part: str, look: Look) -> str:
    value = "%{y:.2%}" if look.metric == "accuracy" else "%{y:.4~g}"
    where = {"epochs": "after %{x:.3~g} epochs", "steps": "after %{x:,} steps", "seconds": "after %{x:.1f} s"}
    lines = [f"<b>{as_typed(learner.name)}</b>, {part}", learner.differs, f"{value} {where[look.axis]}"]
    return "<br>".join(filter(None, lines)) + "<extra></extra>"


def _band(line: Line, color: str, look: Look, opacity: float = 0.22) -> go.Scatter:
    """What lies between the least and the greatest, shaded."""
    assert line.low is not None and line.high is not None
    low, high = (1 - line.low, 1 - line.high) if look.mistakes else (line.low, line.high)
    red, green, blue = (int(color[at : at + 2], 16) for at in (1, 3, 5))
    return go.Scatter(
        x=[*line.x, *line.x[::-1]],
        y=[*low, *high[::-1]],
        fill="toself",
        fillcolor=f"rgba({red}, {green}, {blue}, {opacity})",
        line={"width": 0},
        mode="lines",
        showlegend=False,
        hoverinfo="skip",
    )
