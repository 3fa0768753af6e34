"""Which runs are picked: in the table, in any chart, or by a link.

A chart takes part by carrying the ids of its runs as the `customdata` of its points (alone, or first in each point's
list; those of several runs with a space between them), and by `on_select=picking(key)`, `selection_mode="points"`.
A line needs markers, if invisible ones, to be clicked.
"""

from collections.abc import Callable, Iterable
from typing import Any

import streamlit as st

from mnist_lab.store.run import Run

PICKED, BEFORE = "compare_picked", "compare_picked_before"
TABLE = "compare_table"  # in the session: what was picked as the table was opened, None while it is folded


def pick(run_ids: Iterable[str]) -> None:
    """Pick exactly these runs, in this order; nothing happens for none. What was picked before is one click away."""
    ids = list(dict.fromkeys(run_ids))
    if ids and ids != picked_ids():
        st.session_state[BEFORE] = picked_ids()
        remember(ids)


def picked_ids() -> list[str]:
    """The ids of the runs that are picked, in the order in which that was done."""
    return list(st.session_state.get(PICKED) or [])


def nothing_picked_yet() -> bool:
    """Whether this visit has not picked anything so far, not even nothing."""
    return st.session_state.get(PICKED) is None


def remember(run_ids: Iterable[str]) -> None:
    """Keep what the table says is picked."""
    st.session_state[PICKED] = list(run_ids)


def drop(run_ids: Iterable[str]) -> None:
    """Pick these runs no more, since they are gone."""
    gone = set(run_ids)
    for place in (PICKED, BEFORE):
        st.session_state[place] = [run_id for run_id in st.session_state.get(place) or [] if run_id not in gone]


def is_table_open() -> bool:
    return st.session_state.get(TABLE) is not None


def turn_table(is_open: bool) -> None:
    """Open the table of all runs, or fold it."""
    st.session_state[TABLE] = picked_ids() if is_open else None


def picked_as_it_opened() -> list[str]:
    """The ids of the runs that lie on top of the table, so that they are found at once."""
    return list(st.session_state.get(TABLE) or [])


def picked(runs: Iterable[Run]) -> list[Run]:
    """The picked ones of these runs, in the order in which they were picked."""
    by_id = {run.id: run for run in runs}
    return [by_id[run_id] for run_id in picked_ids() if run_id in by_id]


def before() -> list[str]:
    """What was picked before the last click in a chart, if it is still valid."""
    ids = list(st.session_state.get(BEFORE) or [])
    return ids if ids != picked_ids() else []


def picking(key: str) -> Callable[[], None]:
    """What to give as `on_select` to the chart of that key: a click picks a run, Shift held down adds to it."""
    return lambda: pick(clicked(st.session_state[key]))


def clicked(event: Any) -> list[str]:
    """The ids of the runs whose points an event of a chart holds."""
    data = [point.get("customdata") for point in event["selection"]["points"]]
    ids = (str(one[0] if isinstance(one, list | tuple) else one) for one in data if one)
    return [run_id for several in ids for run_id in several.split()]
