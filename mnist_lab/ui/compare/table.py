"""The table of runs, of which some are picked."""

from typing import Any, NamedTuple

import pandas as pd
import streamlit as st

from mnist_lab.comparing.families import labels
from mnist_lab.comparing.listing import Sources, rows, usual
from mnist_lab.store.own_drawings import OwnSet
from mnist_lab.store.own_scores import OwnScores
from mnist_lab.store.run import Run
from mnist_lab.ui import resources
from mnist_lab.ui.compare import selection
from mnist_lab.ui.compare.actions import render_actions
from mnist_lab.ui.compare.class_scores import class_scores, render_class_scores
from mnist_lab.ui.compare.columns import config_of
from mnist_lab.ui.compare.filtering import GROUP, choose_columns, choose_group, render_filters
from mnist_lab.ui.compare.importing import render_import, render_trash
from mnist_lab.ui.visitor import visitor

GROUP_SEEN, VIEW = "compare_group_seen", "compare_view"
SHOWN, PLACES = "compare_shown", "compare_places"


class Shown(NamedTuple):
    """What the table in the browser shows: the runs' ids and what their rows contain, the ticks that it was told
    along with them, and how often it was rebuilt."""

    ids: list[str]
    content: list[dict[str, Any]]
    told: list[int] | None
    number: int

    @property
    def key(self) -> str:
        """The table's key, and where the session holds its ticks."""
        return f"runs-{self.number}"


def render(runs: list[Run]) -> None:
    """The runs that are to be seen, of which some are picked, on top those that were as it opened."""
    own, classed = OwnScores(OwnSet.default(visitor())).all(), class_scores()
    with st.container(horizontal=True, vertical_alignment="center", key="compare-bar"):
        among = choose_group(runs)
        _begin_again_with(among)
        seen = render_filters(among)
        columns = choose_columns(seen, usual(seen, own, classed))
        render_class_scores()
        render_import()
        render_trash()
    pick_at_first(seen)
    if seen:
        _render_table(seen, columns, Sources(resources.validation, own, labels(runs), classed))
    else:
        st.info("No run is like that. Take something out of the filter.")
    picked = selection.picked(runs)
    render_actions(picked, hidden=len(picked) - len(selection.picked(seen)))


def _begin_again_with(runs: list[Run]) -> None:
    """Where another group was chosen, its runs are picked in place of those that were."""
    group = st.session_state.get(GROUP)
    if st.session_state.get(GROUP_SEEN) != group:
        st.session_state[GROUP_SEEN] = group
        st.session_state[VIEW] = None
        selection.pick([run.id for run in runs] if group else _first_two(runs))


def pick_at_first(runs: list[Run]) -> None:
    """Pick two runs, where nothing was picked so far."""
    if selection.nothing_picked_yet():
        selection.remember(_first_two(runs))


def _first_two(runs: list[Run]) -> list[str]:
    return [run.id for run in runs if run.summary][:2]


def _render_table(runs: list[Run], columns: list[str], sources: Sources) -> None:
    """One table for the whole visit, so that the browser keeps its sort order when rows change."""
    on_top = selection.picked_as_it_opened()
    runs = sorted(runs, key=lambda run: on_top.index(run.id) if run.id in on_top else len(on_top))
    content = rows(runs, columns, sources)
    ids, picked = [run.id for run in runs], selection.picked_ids()
    ticks = [row for row, run_id in enumerate(ids) if run_id in picked]
    st.dataframe(
        pd.DataFrame(content, columns=_in_their_places(columns)),
        hide_index=True,
        column_order=columns,
        column_config={column: config_of(column) for column in columns},
        on_select=_pick_ticked,
        selection_mode="multi-row",
        selection_default={"selection": {"rows": ticks}},
        placeholder="–",
        key=_key_with(ticks, ids, content),
    )


def _key_with(ticks: list[int], ids: list[str], content: list[dict[str, Any]]) -> str:
    """The table's key; on the way, have the browser tick these rows, where it does not already.

    It keeps its ticks where they are on screen while rows move beneath them, so it is told again. It does not listen
    to the same words twice in a row; where there are no others, the table is rebuilt and loses its order.
    """
    state, before = st.session_state, _shown()
    is_there, has_changed = before.key in state, (ids, content) != (before.ids, before.content)
    words = next((order for order in (ticks, ticks[::-1]) if order != before.told), None)
    if is_there and sorted(_ticks_of(before)) == ticks and not (ticks and has_changed):
        shown = Shown(ids, content, None, before.number)
    elif is_there and words is not None:
        shown = Shown(ids, content, words, before.number)
        state[shown.key] = {"selection": {"rows": words}}
    else:
        shown = Shown(ids, content, None, before.number + 1)
    state[SHOWN] = shown
    return shown.key


def _pick_ticked() -> None:
    shown, picked = _shown(), selection.picked_ids()
    ticked = [shown.ids[row] for row in _ticks_of(shown) if row < len(shown.ids)]
    kept = [run_id for run_id in picked if run_id in ticked or run_id not in shown.ids]
    selection.remember([*kept, *(run_id for run_id in ticked if run_id not in kept)])


def _shown() -> Shown:
    shown: Shown = st.session_state.get(SHOWN, Shown([], [], None, 0))
    return shown


def _ticks_of(shown: Shown) -> list[int]:
    rows: list[int] = st.session_state[shown.key]["selection"]["rows"]
    return rows


def _in_their_places(columns: list[str]) -> list[str]:
    """The columns, each where it was before, new ones behind them: the browser knows what it sorts by its place."""
    before = [column for column in st.session_state.get(PLACES, []) if column in columns]
    st.session_state[PLACES] = [*before, *(column for column in columns if column not in before)]
    return list(st.session_state[PLACES])
