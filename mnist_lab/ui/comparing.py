"""The table of runs, and what is shown of those that are picked."""

from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from mnist_lab.comparison import sentence, verdict
from mnist_lab.config import TrainConfig, differing
from mnist_lab.errors import MnistLabError
from mnist_lab.grids import table
from mnist_lab.knobs import said
from mnist_lab.plots import NO_TOOLBAR, confusion_figure, curves, curves_figure, grid_figure
from mnist_lab.relevance import applies
from mnist_lab.runs import Run
from mnist_lab.ui import resources

GROUP = "compare_group"  # in the session: the group that is compared as one
MOST_PICKED = 12  # of a group at first: more curves cannot be told apart

COLUMNS = {
    "test accuracy": st.column_config.NumberColumn(format="%.2f %%"),
    "train accuracy": st.column_config.NumberColumn(format="%.2f %%"),
    "parameters": st.column_config.NumberColumn(format="localized"),
    "seconds": st.column_config.NumberColumn(format="%.1f", help="Seconds of training"),
}


def choose_group(runs: list[Run]) -> list[Run]:
    """The runs of the grid or search that is chosen, in their order, or none where all runs are to be shown."""
    groups = list(dict.fromkeys(run.asked.group for run in runs if run.asked.group))
    if st.session_state.get(GROUP) not in groups:
        st.session_state[GROUP] = None
    if not groups:
        return []
    group = st.selectbox("Grid or search", groups, key=GROUP, placeholder="All runs", persist_state="session")
    chosen = [run for run in runs if group and run.asked.group == group]
    return sorted(chosen, key=lambda run: run.asked.created)


def render_table(runs: list[Run], all_picked: bool = False) -> list[Run]:
    """These runs with the settings in which they differ; the ones that are picked, at first all or the first two."""
    frame = runs_frame(runs)
    at_first = MOST_PICKED if all_picked else 2
    picked = st.dataframe(
        frame,
        hide_index=True,
        column_config=COLUMNS,
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": list(range(min(at_first, len(runs))))}},
        key=f"runs-{runs[0].asked.group}" if all_picked else "runs",
    )
    return [runs[row] for row in picked["selection"]["rows"] if row < len(runs)]


def runs_frame(runs: list[Run]) -> pd.DataFrame:
    """One row a run: name, recipe, state, results, and the settings that are not equal everywhere."""
    fields = differing([run.config for run in runs])
    return pd.DataFrame([_row(run, fields) for run in runs])


def _row(run: Run, fields: list[str]) -> dict[str, Any]:
    summary = run.summary
    return {
        "name": run.name,
        "test accuracy": 100 * summary.test_accuracy if summary else None,
        "train accuracy": 100 * summary.train_accuracy if summary else None,
        "parameters": summary.parameters if summary else None,
        "seconds": summary.seconds if summary else None,
        "state": str(run.state),
        "recipe": run.asked.recipe or "",
        **{field.replace("_", " "): _cell(run.config, field) for field in fields},
    }


def _cell(config: TrainConfig, field: str) -> str:
    if not applies(field, config):
        return ""
    return said(getattr(config, field))


def render_grid(runs: list[Run]) -> None:
    """The test accuracies of a grid over one or two settings, as one picture."""
    found = table(runs)
    if found:
        st.plotly_chart(grid_figure(found), key="grid", config=NO_TOOLBAR)


def render_verdict(runs: list[Run]) -> None:
    """Which of two runs is better, in one sentence."""
    first, second = runs
    names = labels(runs)
    try:
        result = verdict(first, second, resources.store())
    except MnistLabError as error:
        st.info(str(error))
        return
    st.html(f'<div class="sentence">{sentence(result, names[first.id], names[second.id])}</div>')
    st.caption(
        f"Exact McNemar test on the {result.images:,} test images: p = {result.p_value:.2g}. "
        "It says nothing about what another seed would do."
    )


def render_curves(runs: list[Run]) -> None:
    """The curves of the picked runs on the same axes."""
    names = labels(runs)
    figure = curves_figure({names[run.id]: curves(names[run.id], resources.store().metrics(run.id)) for run in runs})
    figure.update_layout(height=380)
    st.plotly_chart(figure, key="compare-curves", config=NO_TOOLBAR)


def render_matrices(runs: list[Run]) -> None:
    """Their confusion matrices side by side, on one scale of colours."""
    names = labels(runs)
    matrices = {}
    for run in runs:
        try:
            matrices[run.id] = resources.store().evaluation(run.id).confusion_matrix
        except MnistLabError as error:
            st.info(f"{names[run.id]}: {error}")
    most = max((int((matrix - np.diag(matrix.diagonal())).max()) for matrix in matrices.values()), default=1)
    for start in range(0, len(matrices), 2):
        row = list(matrices.items())[start : start + 2]
        for column, (run_id, matrix) in zip(st.columns(2), row, strict=False):
            figure = confusion_figure(matrix, names[run_id], most=max(most, 1))
            column.plotly_chart(figure, key=f"confusion-{run_id}", config=NO_TOOLBAR)


def labels(runs: list[Run]) -> dict[str, str]:
    """A name for each run that tells it from the others: with the end of its id where two share a name."""
    names = [run.name for run in runs]
    return {run.id: run.name if names.count(run.name) == 1 else f"{run.name} ({run.id[-4:]})" for run in runs}
