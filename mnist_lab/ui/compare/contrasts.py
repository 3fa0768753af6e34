"""What one setting does, told only by runs that are alike in all else; and the runs that are missing to tell it."""

from collections.abc import Sequence

import streamlit as st

from mnist_lab.comparing.contrasts import alike_but_for, one_at_a_time
from mnist_lab.comparing.families import labels, lettered
from mnist_lab.comparing.settings import Axis
from mnist_lab.config import recipes
from mnist_lab.config.grids import free_name
from mnist_lab.config.knobs import in_words
from mnist_lab.config.train_config import TrainConfig, differing
from mnist_lab.engine.forecast import forecasts
from mnist_lab.errors import MnistLabError
from mnist_lab.plots.settings import said_together, slice_figure
from mnist_lab.plots.style import COLORS, colors
from mnist_lab.store.run import Run
from mnist_lab.ui import resources
from mnist_lab.ui.allowed import may_train
from mnist_lab.ui.compare import selection
from mnist_lab.ui.compare.takeaway import show
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import about, plain

MOST_SLICES = 12
MOST_MISSING = 12  # runs that are offered at once
IN_A_ROW = 3


def render(axes: Sequence[Axis], runs: list[Run]) -> None:
    """Each setting by itself where runs tell what it does; of the others, what would have to be trained."""
    told = [(axis, groups) for axis in axes if (groups := alike_but_for(axis, runs))]
    if told:
        _render_slices(told[:MOST_SLICES], runs)
    if len(told) > MOST_SLICES:
        st.caption(f"{len(told) - MOST_SLICES} more settings differ; pick runs that are more alike to see them.")
    untold = [axis for axis in axes if axis.field not in {axis.field for axis, _ in told}]
    if untold:
        _render_missing(untold, runs)


def _render_slices(told: Sequence[tuple[Axis, list[list[int]]]], runs: list[Run]) -> None:
    st.markdown("**One setting at a time.** Lines join runs that are alike in everything else.")
    names, accuracies = lettered(runs), [run.summary.test_accuracy for run in runs if run.summary]
    its_color = colors(names) if len(runs) <= len(COLORS) else dict.fromkeys(names, COLORS[0])
    for start in range(0, len(told), IN_A_ROW):
        row = told[start : start + IN_A_ROW]
        for column, (axis, groups) in zip(st.columns(min(IN_A_ROW, len(told))), row, strict=False):
            with column:
                key = f"slice-{axis.field}"
                figure = slice_figure(axis, groups, accuracies, names, its_color)
                show(figure, key, on_select=selection.picking(key))
                if alone := len(runs) - sum(map(len, groups)):
                    st.caption(f"{alone} of the {len(runs)} runs differ from all others in more.")


def _render_missing(untold: Sequence[Axis], runs: list[Run]) -> None:
    """Refuse to blame one of several settings, and offer the runs that would tell."""
    fields = said_together([axis.field for axis in untold])
    st.html(f'<div class="sentence">{_refusal(len(untold), len(runs), fields)}</div>')
    wanted = one_at_a_time(untold, runs)
    if not wanted:
        return
    if len(wanted) > MOST_MISSING:
        st.caption(f"It would take {len(wanted)} more runs to tell. Pick fewer runs, or such that are more alike.")
        return
    as_asked = (run for run in resources.listing().runs if not (run.asked.parent or run.deviations))
    trained = {run.config: run for run in as_asked if run.summary}
    missing = [config for config in wanted if config not in trained]
    there = [trained[config].id for config in wanted if config in trained]
    first = plain(labels(runs)[runs[0].id])
    st.markdown(f"What would tell: **{first}** with one of these settings changed at a time.")
    if missing:
        known = [one for one in forecasts(missing, resources.listing().runs) if one is not None]
        time = f", {about(sum(known))} of training here" if len(known) == len(missing) else ""
        st.button(
            f"Train {len(missing)} of them" if there else "Train them" if len(missing) > 1 else "Train it",
            icon=":material/play_arrow:",
            key="train-missing",
            on_click=_train,
            args=(runs, missing, there),
        )
        st.caption(
            f"{'; '.join(_change(config, runs[0].config) for config in missing)}{time}. "
            "They join the picked ones; those that are not finished are not drawn yet."
        )
    else:
        st.button(
            "Add them: they are trained already" if len(there) > 1 else "Add it: it is trained already",
            icon=":material/add:",
            key="add-missing",
            on_click=selection.pick,
            args=([*(run.id for run in runs), *there],),
        )


def _refusal(settings: int, runs: int, fields: str) -> str:
    which = "These two runs" if runs == 2 else "No two of these runs"
    if settings == 1:
        return f"{which} differ in {fields} alone, so nobody can say what it does."
    if runs == 2:
        return f"{which} differ in {settings} settings at once: {fields}. Nobody can say which of them is to blame."
    return f"{which} differ in one alone of these {settings} settings: {fields}. Nobody can say which is to blame."


def _change(config: TrainConfig, first: TrainConfig) -> str:
    return in_words(config, differing([config, first]))


def _train(runs: Sequence[Run], missing: Sequence[TrainConfig], there: Sequence[str]) -> None:
    """Begin them as one group, and pick them."""
    first = runs[0]
    try:
        may_train(missing)
        group = free_name(f"{first.name}, one change at a time"[:80], resources.studies().taken_names())
        begun = [
            resources.engine().submit(
                config, _change(config, first.config), recipes.named(config), group=group, owner=visitor()
            )
            for config in missing
        ]
    except MnistLabError as error:
        st.toast(plain(error), icon=":material/error:")
        return
    selection.pick([*(run.id for run in runs), *there, *(run.id for run in begun)])
