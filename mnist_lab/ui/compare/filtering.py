"""Above the table: which runs it shows, and which columns."""

from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from mnist_lab.comparing.filters import Filter
from mnist_lab.comparing.listing import COLUMNS, SETTINGS
from mnist_lab.comparing.queries import EXAMPLES, understand
from mnist_lab.config.train_config import TrainConfig, differing
from mnist_lab.store.annotations import tags_of
from mnist_lab.store.run import Run
from mnist_lab.ui.compare.columns import label
from mnist_lab.ui.words import plain

GROUP = "compare_group"  # in the session: the group that is compared as one
TEXT, STARRED, CHOSEN = "compare_text", "compare_starred", "compare_columns"
PLACEHOLDER = f"{', '.join(EXAMPLES)}, a name …"
HOW_TO_ASK = """Words are looked for in names, ids, tags, notes, recipes and groups, and among choices such as `cnn`.

A fact is a name and a value: `dropout:0.2`, `units:128-64` for two layers, `units>=128` for every layer,
`accuracy>98%`, `tag:best`. A minus is for what must not be: `-network:cnn`."""

KINDS: dict[str, tuple[str, Callable[[Sequence[Run]], list[str]]]] = {
    "recipes": ("Recipe", lambda runs: sorted({run.asked.recipe or "" for run in runs})),
    "networks": ("Network", lambda runs: sorted({run.config.network for run in runs})),
    "states": ("State", lambda runs: sorted({str(run.state) for run in runs})),
    "tags": ("Tags", lambda runs: tags_of(run.annotation for run in runs)),
}


def choose_group(runs: list[Run]) -> list[Run]:
    """The runs of the grid or search that is chosen, in their order, or all where none is."""
    groups = list(dict.fromkeys(run.asked.group for run in runs if run.asked.group))
    if st.session_state.get(GROUP) not in groups:
        st.session_state[GROUP] = None
    if not groups:
        return runs
    group = st.selectbox(
        "Grid or search",
        groups,
        key=GROUP,
        placeholder="All runs",
        persist_state="session",
        label_visibility="collapsed",
        width=230,
    )
    if not group:
        return runs
    return of_group(runs, group)


def of_group(runs: Sequence[Run], group: str) -> list[Run]:
    """The runs of a grid or search, in the order in which they were asked for."""
    return sorted((run for run in runs if run.asked.group == group), key=lambda run: run.asked.created)


def render_filters(runs: list[Run]) -> list[Run]:
    """The runs that the filters let through."""
    text = st.text_input(
        "Filter",
        key=TEXT,
        placeholder=PLACEHOLDER,
        icon=":material/search:",
        label_visibility="collapsed",
        persist_state="session",
    )
    chosen = {kind: _remembered(kind, options(runs)) for kind, (_, options) in KINDS.items()}
    starred = bool(st.session_state.get(STARRED))
    active = sum(map(bool, chosen.values())) + starred
    with st.popover(f"Filters · {active}" if active else "Filters", icon=":material/filter_list:"):
        for kind, (title, options) in KINDS.items():
            if len(found := options(runs)) > 1 or chosen[kind]:
                chosen[kind] = st.pills(
                    title,
                    found,
                    selection_mode="multi",
                    key=key_of(kind),
                    format_func=lambda value: plain(value or "none"),
                    persist_state="session",
                )
        starred = st.toggle("Only those with a star", key=STARRED, persist_state="session")
        st.caption(HOW_TO_ASK)
    if problems := understand(text).problems:
        st.html(f'<small role="status">{escape(" ".join(problems))}</small>', width="content")
    wanted = Filter(text, starred=starred, **chosen)
    return [run for run in runs if wanted.lets_through(run)]


def choose_columns(runs: list[Run], usual: list[str]) -> list[str]:
    """The columns to show: the usual ones, until the visitor chooses others."""
    settings = differing([run.config for run in runs])
    options = [*COLUMNS, SETTINGS, *(field for field in TrainConfig.model_fields if field in settings)]
    chosen = [column for column in st.session_state.get(CHOSEN) or [] if column in options]
    with st.popover("Columns", icon=":material/view_column:"):
        shown = st.multiselect(
            "Columns", options, default=chosen or usual, format_func=label, key=f"columns-{chosen or usual}"
        )
        if shown and shown != (chosen or usual):
            st.session_state[CHOSEN] = shown
            st.rerun()
        folded = len(TrainConfig.model_fields) - len(settings)
        st.caption(f"The {folded} settings that are equal in all these runs are folded away.")
        if chosen:
            st.button("The usual ones", on_click=lambda: st.session_state.pop(CHOSEN))
    return chosen or usual


def key_of(kind: str) -> str:
    """Where the session keeps what is chosen of one kind."""
    return f"compare_{kind}"


def _remembered(kind: str, options: list[str]) -> list[str]:
    """What is chosen of a kind, without what no run has any more."""
    before = st.session_state.get(key_of(kind)) or []
    kept = [value for value in before if value in options]
    if kept != before:
        st.session_state[key_of(kind)] = kept
    return kept
