"""What is compared, in the page's address: a link to it shows another the same."""

from collections.abc import Sequence

import streamlit as st

from mnist_lab.config.addresses import Address
from mnist_lab.store.run import Run
from mnist_lab.ui.address import is_older, render_problems, turned
from mnist_lab.ui.compare import selection
from mnist_lab.ui.compare.filtering import CHOSEN, GROUP, KINDS, STARRED, TEXT, key_of, of_group
from mnist_lab.ui.compare.table import GROUP_SEEN, VIEW
from mnist_lab.ui.words import plain

SEEN, MISSING = "compare_address", "compare_missing"
WORDS = ("runs", "view", "group", "text", "starred", "columns", *KINDS)
MOST_RUNS = 40  # in an address; more would make it too long to be handed out
MOST_NAMED, LONGEST = 5, 80  # of what is not here: so many, and so many letters of each


def open_address(runs: Sequence[Run], views: Sequence[str]) -> None:
    """Take over what the address asks for, once; say what of its runs, and its group, is not here."""
    here = {word: value for word, value in st.query_params.to_dict().items() if word in WORDS}
    if not is_older() and here and here != st.session_state.get(SEEN):
        address = Address(here)
        _take_over(address, runs, views)
        render_problems(address.problems)
        st.session_state[SEEN] = here
    if missing := st.session_state.pop(MISSING, None):
        st.warning(
            f"This link names what is not in this lab, or is deleted: {plain(_shortly(missing))}.",
            icon=":material/link_off:",
        )


def _shortly(names: Sequence[str]) -> str:
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(name[:LONGEST] for name in names[:MOST_NAMED]) + more


def _take_over(address: Address, runs: Sequence[Run], views: Sequence[str]) -> None:
    state = st.session_state
    group = address.word("group") or ""
    its_runs = [run.id for run in of_group(runs, group)] if group else []
    state[GROUP] = state[GROUP_SEEN] = group if its_runs else None
    state[TEXT] = address.word("text") or ""
    state[STARRED] = address.word("starred") is not None
    state[CHOSEN] = address.words("columns")
    for kind in KINDS:
        state[key_of(kind)] = address.words(kind)
    if view := address.word("view", views):
        state[VIEW] = view
    asked, known = address.words("runs"), {run.id for run in runs}
    selection.pick([run_id for run_id in asked if run_id in known] or its_runs)
    if any(state.get(key) for key in (TEXT, STARRED, CHOSEN, *map(key_of, KINDS))):
        selection.turn_table(True)
    state[MISSING] = [run_id for run_id in asked if run_id not in known]
    if group and not its_runs:
        state[MISSING].append(group)


def choose_view(views: Sequence[str]) -> str:
    """The view that is looked at; at first the settings for a grid or search, the first view for others."""
    if st.session_state.get(VIEW) not in views:
        st.session_state[VIEW] = "Settings" if st.session_state.get(GROUP) else views[0]
    return str(
        st.segmented_control(
            "View",
            views,
            key=VIEW,
            required=True,
            label_visibility="collapsed",
            persist_state="session",
            on_change=turned,
        )
    )


def write_address() -> None:
    """Put what is compared into the address, and keep its other parameters."""
    ours = _ours()
    before = st.query_params.to_dict()
    others = {word: value for word, value in before.items() if word not in WORDS}
    if others | ours != before:
        st.query_params.from_dict(others | ours)
    st.session_state[SEEN] = ours


def _ours() -> dict[str, str]:
    state, ids = st.session_state, selection.picked_ids()
    words = {
        "runs": ",".join(ids) if len(ids) <= MOST_RUNS else "",
        "view": state.get(VIEW) or "",
        "group": state.get(GROUP) or "",
        "text": state.get(TEXT) or "",
        "starred": "yes" if state.get(STARRED) else "",
        "columns": ",".join(state.get(CHOSEN) or []),
        **{kind: ",".join(state.get(key_of(kind)) or []) for kind in KINDS},
    }
    return {word: value for word, value in words.items() if value}
