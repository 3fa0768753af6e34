"""What is compared, in the page's address: a link to it shows another the same."""

from collections.abc import Mapping, Sequence

import streamlit as st

from mnist_lab.runs import Run
from mnist_lab.ui.compare import selection
from mnist_lab.ui.compare.filtering import CHOSEN, GROUP, KINDS, STARRED, TEXT, key_of, of_group
from mnist_lab.ui.compare.table import GROUP_SEEN, VIEW
from mnist_lab.ui.words import plain

SEEN, MISSING = "compare_address", "compare_missing"
WORDS = ("runs", "view", "group", "text", "starred", "columns", *KINDS)
MOST_RUNS = 40  # in an address; more would make it too long to be handed out


def open_address(runs: Sequence[Run], views: Sequence[str]) -> None:
    """Take over what the address asks for, once; say what of its runs, and its group, is not here."""
    here = {word: value for word, value in st.query_params.to_dict().items() if word in WORDS}
    if here and here != st.session_state.get(SEEN):
        _take_over(here, runs, views)
        st.session_state[SEEN] = here
    if missing := st.session_state.pop(MISSING, None):
        st.warning(
            f"This link names what is not in this lab, or is deleted: {plain(', '.join(missing))}.",
            icon=":material/link_off:",
        )


def _take_over(here: Mapping[str, str], runs: Sequence[Run], views: Sequence[str]) -> None:
    state = st.session_state
    group = here.get("group", "")
    its_runs = [run.id for run in of_group(runs, group)] if group else []
    state[GROUP] = state[GROUP_SEEN] = group if its_runs else None
    state[TEXT] = here.get("text", "")
    state[STARRED] = "starred" in here
    state[CHOSEN] = _several(here, "columns")
    for kind in KINDS:
        state[key_of(kind)] = _several(here, kind)
    if here.get("view") in views:
        state[VIEW] = here["view"]
    asked, known = _several(here, "runs"), {run.id for run in runs}
    selection.pick([run_id for run_id in asked if run_id in known] or its_runs)
    state[MISSING] = [run_id for run_id in asked if run_id not in known]
    if group and not its_runs:
        state[MISSING].append(group)


def choose_view(views: Sequence[str]) -> str:
    """The view that is looked at; at first the settings for a grid or search, the first view for others."""
    if st.session_state.get(VIEW) not in views:
        st.session_state[VIEW] = "Settings" if st.session_state.get(GROUP) else views[0]
    return str(
        st.segmented_control(
            "View", views, key=VIEW, required=True, label_visibility="collapsed", persist_state="session"
        )
    )


def write_address() -> None:
    """Put what is compared into the address, beside what others keep there."""
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


def _several(here: Mapping[str, str], word: str) -> list[str]:
    return here[word].split(",") if here.get(word) else []
