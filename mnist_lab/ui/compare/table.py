"""The table of runs, of which some are picked."""

import hashlib

import pandas as pd
import streamlit as st

from mnist_lab.comparing.listing import Sources, rows, usual
from mnist_lab.mine import OwnSet
from mnist_lab.own_scores import OwnScores
from mnist_lab.runs import Run
from mnist_lab.ui import resources
from mnist_lab.ui.compare import selection
from mnist_lab.ui.compare.actions import render_actions
from mnist_lab.ui.compare.columns import config_of
from mnist_lab.ui.compare.filtering import GROUP, choose_columns, choose_group, render_filters
from mnist_lab.ui.compare.importing import render_import, render_trash
from mnist_lab.ui.visitor import visitor

MOST_PICKED = 12  # of a group at first: more curves cannot be told apart
GROUP_SEEN, VIEW = "compare_group_seen", "compare_view"


def render(runs: list[Run]) -> list[Run]:
    """The runs that are to be seen, of which some are picked; the picked ones, also where a filter hides them."""
    own = OwnScores(OwnSet.default(visitor())).all()
    with st.container(horizontal=True, vertical_alignment="center", key="compare-bar"):
        among = choose_group(runs)
        _begin_anew_with(among)
        seen = render_filters(among)
        columns = choose_columns(seen, usual(seen, own))
        render_import()
        render_trash()
    _pick_at_first(seen)
    if seen:
        _render_table(seen, columns, Sources(resources.validation, own))
    else:
        st.info("No run is like that. Take something out of the filter.")
    picked = selection.picked(runs)
    render_actions(picked, hidden=len(picked) - len(selection.picked(seen)))
    return picked


def _begin_anew_with(runs: list[Run]) -> None:
    """Where another group was chosen, its runs are picked in place of those that were."""
    group = st.session_state.get(GROUP)
    if st.session_state.get(GROUP_SEEN) != group:
        st.session_state[GROUP_SEEN] = group
        st.session_state[VIEW] = None
        selection.pick([run.id for run in runs[:MOST_PICKED]] if group else _first_two(runs))


def _pick_at_first(runs: list[Run]) -> None:
    if selection.nothing_picked_yet():
        selection.remember(_first_two(runs))


def _first_two(runs: list[Run]) -> list[str]:
    return [run.id for run in runs if run.summary][:2]


def _render_table(runs: list[Run], columns: list[str], sources: Sources) -> None:
    ids = [run.id for run in runs]
    picked = selection.picked_ids()
    digest = hashlib.sha256(" ".join(ids).encode()).hexdigest()[:8]
    answer = st.dataframe(
        pd.DataFrame(rows(runs, columns, sources), columns=columns),
        hide_index=True,
        column_config={column: config_of(column) for column in columns},
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": [row for row, run_id in enumerate(ids) if run_id in picked]}},
        placeholder="–",
        key=f"runs-{digest}-{selection.times_picked()}",
    )
    ticked = [ids[row] for row in answer["selection"]["rows"] if row < len(ids)]
    kept = [run_id for run_id in picked if run_id in ticked or run_id not in ids]
    selection.remember([*kept, *(run_id for run_id in ticked if run_id not in kept)])
