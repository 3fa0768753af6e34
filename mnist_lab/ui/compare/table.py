"""The table of runs, of which some are picked."""

from typing import Any

import pandas as pd
import streamlit as st

from mnist_lab.config import TrainConfig, differing
from mnist_lab.knobs import said
from mnist_lab.relevance import applies
from mnist_lab.runs import Run

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


def render(runs: list[Run], all_picked: bool = False) -> list[Run]:
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
