"""How the picked runs learned."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from mnist_lab.comparing.families import differences, families, labels, lettered
from mnist_lab.comparing.learning import AXES, METRICS, Line, changes, gap, line, smoothed, together
from mnist_lab.plots.learning import MOST_SHADED, Learner, Look, learning_figure
from mnist_lab.plots.style import COLORS, colors
from mnist_lab.store.run import Run
from mnist_lab.store.ticks import Tick
from mnist_lab.ui import resources
from mnist_lab.ui.compare.selection import picking
from mnist_lab.ui.compare.takeaway import show
from mnist_lab.ui.words import plain

PARTS = ("training", "validation")
SMOOTHING = 0.6  # at first


class Options(NamedTuple):
    """What is drawn and how, as the controls say."""

    look: Look
    parts: list[str]
    smoothing: float
    as_one: bool
    shade: bool


def render(runs: list[Run]) -> None:
    """One metric of all of them on the same axes."""
    groups = families(runs)
    options = _choose(several_seeds=len(groups) < len(runs))
    ticks = {run.id: resources.store().metrics(run.id) for run in runs}
    _name_those_without(runs, ticks)
    learners = _learners(runs, groups if options.as_one else [[run] for run in runs], ticks, options)
    if not any(learner.training or learner.validation for learner in learners):
        st.info("These runs have no such curve.")
        return
    figure = learning_figure(learners, options.look)
    rows = _rows(learners, options.look)
    show(figure, "compare-curves", rows, name="curves", on_select=picking("compare-curves"))
    st.caption(_in_words(learners, options))


def _choose(several_seeds: bool) -> Options:
    """The two most frequent questions side by side, the others behind a button."""
    keep: dict[str, Any] = {"persist_state": "session"}
    with st.container(horizontal=True, vertical_alignment="center", key="curve-options"):
        metric = st.segmented_control(
            "Metric",
            list(METRICS),
            default="accuracy",
            required=True,
            format_func=lambda metric: METRICS[metric],
            key="curve_metric",
            label_visibility="collapsed",
            **keep,
        )
        axis = st.segmented_control(
            "Over",
            list(AXES),
            default="epochs",
            required=True,
            format_func=lambda axis: f"by {axis}",
            key="curve_axis",
            label_visibility="collapsed",
            **keep,
        )
        with st.popover("Options", icon=":material/tune:"):
            parts = st.pills("Show", PARTS, selection_mode="multi", default=PARTS, key="curve_parts", **keep)
            smoothing = st.slider("Smoothing", 0.0, 0.95, SMOOTHING, 0.05, key="curve_smoothing", **keep)
            log_y = st.toggle(
                "Logarithmic upwards", key="curve_log_y", help="Accuracies are then drawn as mistakes.", **keep
            )
            log_x = st.toggle("Logarithmic sideways", key="curve_log_x", **keep)
            shade = st.toggle("Shade the over-fitting gap", True, key="curve_gap", **keep)
            as_one = several_seeds and st.toggle("Seeds as one, with their band", True, key="curve_as_one", **keep)
    return Options(Look(metric, axis, log_y, log_x), parts or list(PARTS), smoothing, as_one, shade)


def _name_those_without(runs: list[Run], ticks: Mapping[str, list[Tick]]) -> None:
    """Say which runs have no curve at all."""
    names = labels(runs)
    without = [run for run in runs if not ticks[run.id]]
    if copies := [names[run.id] for run in without if run.asked.damage]:
        st.caption(f"There is no curve of {', '.join(map(plain, copies))}, which was not trained.")
    if missing := [names[run.id] for run in without if not run.asked.damage]:
        st.info(f"There is no curve of {', '.join(map(plain, missing))}: metrics.jsonl is missing or damaged.")


def _learners(
    runs: list[Run], groups: list[list[Run]], ticks: Mapping[str, list[Tick]], options: Options
) -> list[Learner]:
    """The runs of each group as one, in the colour that the first of them has in all views."""
    names, first_names = lettered(runs), labels(group[0] for group in groups)
    its_color = colors(run.id for run in runs)
    differs = differences([run for group in groups for run in group], but=["seed"] if options.as_one else [])
    found = []
    for group in groups:
        its_ticks = [ticks[run.id] for run in group]
        training, validation = (_line(its_ticks, options, part) for part in PARTS)
        shaded = None
        if training and validation and options.shade:
            shaded = gap(training, validation, larger_is_better=options.look.metric == "accuracy")
        first = group[0].id
        name = names[first] if len(group) == 1 else f"{first_names[first]}, {len(group)} seeds"
        ids, epochs = [run.id for run in group], max((one[-1].position for one in its_ticks if one), default=0.0)
        color, what = its_color[first], differs[first]
        is_calmed = options.smoothing and len(group) == 1
        raw = _line(its_ticks, options._replace(smoothing=0.0), PARTS[0]) if is_calmed else None
        tests = [run.summary.test_accuracy for run in group if run.summary]
        test = sum(tests) / len(tests) if tests else None
        changed = tuple(changes(its_ticks[0], options.look.axis)) if len(group) == 1 else ()
        found.append(Learner(name, what, ids, color, epochs, training, validation, shaded, raw, test, changed))
    return found


def _line(ticks: list[list[Tick]], options: Options, part: str) -> Line | None:
    if part not in options.parts:
        return None
    metric, axis = options.look.metric, options.look.axis
    lines = [found for one in ticks if (found := line(one, metric, axis, part == "validation"))]
    if part == PARTS[0]:
        lines = [smoothed(one, options.smoothing) for one in lines]
    return together(lines) if len(lines) > 1 else next(iter(lines), None)


def _rows(learners: list[Learner], look: Look) -> list[dict[str, Any]]:
    """The points of all curves, a row each."""
    return [
        {"run": learner.name, "part": part, look.axis: x, look.metric: y}
        for learner in learners
        for part, curve in zip(PARTS, (learner.training, learner.validation), strict=True)
        if curve
        for x, y in zip(curve.x, curve.y, strict=True)
    ]


def _in_words(learners: list[Learner], options: Options) -> str:
    """What the marks mean, as far as they are there."""
    words = []
    if any(learner.training for learner in learners) and options.look.metric != "learning_rate":
        metric = METRICS[options.look.metric].lower()
        how = ", smoothed (faint: as it was)" if options.smoothing else ""
        words.append(f"Solid: training {metric}, on the images as it learns from them{how}.")
    if any(learner.validation for learner in learners):
        words.append("Dotted: validation, on images held back.")
    if any(learner.test is not None for learner in learners) and options.look.metric == "accuracy":
        words.append("Large dot: accuracy on the test set.")
    if any(learner.changes for learner in learners):
        words.append("Diamond: a setting was changed while it trained.")
    if any(learner.gap for learner in learners) and len(learners) <= MOST_SHADED:
        words.append("Shaded between them: what is only remembered, not understood.")
    if any(len(learner.run_ids) > 1 for learner in learners):
        words.append("Several seeds: their mean, and from the least to the greatest.")
    if len(learners) > len(COLORS):
        words.append("Grey: those for which there are no more colours.")
    return " ".join([*words, "Click a curve to keep it alone."])
