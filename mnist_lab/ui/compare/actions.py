"""Below the table: what can be done with the runs that are picked."""

from collections.abc import Sequence

import streamlit as st

from mnist_lab.comparing.families import labels
from mnist_lab.datasets.arrays import MB
from mnist_lab.engine.admission import kept_bytes
from mnist_lab.errors import MnistLabError
from mnist_lab.store.annotations import LONGEST_NAME, LONGEST_NOTE, tags_in
from mnist_lab.store.archives import MOST_RUNS, MOST_ZIPPED, pack
from mnist_lab.store.run import Run
from mnist_lab.ui import resources
from mnist_lab.ui.compare import selection
from mnist_lab.ui.visitor import is_mine
from mnist_lab.ui.words import plain

MOST_NAMED = 3
DELETED = "compare_deleted"  # in the session: the runs that a click can bring back, by id, with their names
SAVED = "compare_times_saved"  # a popover of another key is another, and so is closed


def render_actions(runs: list[Run], hidden: int) -> None:
    """Star, name, tag, save and delete them; so many of them are hidden by a filter."""
    with st.container(horizontal=True, vertical_alignment="center", key="compare-actions"):
        st.markdown(_picked_in_words(runs, hidden), width="content")
        if runs:
            _render_star(runs)
            label, key = "Name, note, tags" if len(runs) == 1 else "Tags", f"notes-{st.session_state.get(SAVED, 0)}"
            with st.popover(label, icon=":material/edit:", key=key):
                _render_notes(runs)
            _render_zip([run for run in runs if run.summary])
            st.button("Delete", icon=":material/delete:", on_click=_delete, args=(runs,))
    _render_undo()


def may_change(run: Run) -> bool:
    """Whether the visitor may name and delete a run: no one may for the lab's own runs, their owner may for others."""
    return not run.bundled and is_mine(run.asked.owner)


def _picked_in_words(runs: Sequence[Run], hidden: int) -> str:
    if not runs:
        return "Tick the runs to compare."
    names = ": " + plain(", ".join(labels(runs).values())) if len(runs) <= MOST_NAMED else ""
    hint = f" ({hidden} hidden by the filter)" if hidden else ""
    return f"**{len(runs)} picked**{names}{hint}"


def _render_star(runs: Sequence[Run]) -> None:
    starred = all(run.annotation.starred for run in runs)
    st.button(
        "Take the star away" if starred else "Star",
        icon=":material/star:",
        on_click=_annotate,
        args=([run.id for run in runs],),
        kwargs={"starred": not starred},
    )


def _render_zip(runs: Sequence[Run]) -> None:
    """The runs as a file; made only once it is asked for."""
    if not runs:
        return
    too_much = len(runs) > MOST_RUNS or sum(kept_bytes(run.config) for run in runs) > MOST_ZIPPED
    name = runs[0].id if len(runs) == 1 else f"{len(runs)}-runs"
    st.download_button(
        "Zip",
        lambda: pack(resources.store(), runs),
        f"{name}.zip",
        "application/zip",
        icon=":material/folder_zip:",
        on_click="ignore",
        disabled=too_much,
        help=f"Pick fewer: a zip file holds {MOST_RUNS} runs and {MOST_ZIPPED // MB} MB at most"
        if too_much
        else "To keep, or to import into another lab",
    )


def _render_notes(runs: Sequence[Run]) -> None:
    """A form, so that what is typed is kept as one."""
    key = "-".join(run.id for run in runs)
    with st.form(f"notes-{hash(key)}", border=False):
        changes = _one_run(runs[0]) if len(runs) == 1 else {}
        shared = set.intersection(*(set(run.annotation.tags) for run in runs))
        text = st.text_input(
            "Tags",
            ", ".join(sorted(shared)),
            placeholder="lesson 3, best",
            key=f"tags-{key}",
            help="Separate by commas.",
        )
        if st.form_submit_button("Save", type="primary", width="stretch"):
            for run in runs:
                others = set(run.annotation.tags) - shared
                _annotate([run.id], tags=(*others, *tags_in(text)), **changes)
            st.session_state[SAVED] = st.session_state.get(SAVED, 0) + 1
            st.rerun()


def _one_run(run: Run) -> dict[str, str]:
    changes = {}
    if may_change(run):
        name = st.text_input("Name", run.name, max_chars=LONGEST_NAME, key=f"name-{run.id}")
        changes["name"] = "" if name.strip() == run.asked.name else name
    else:
        st.caption("It comes with the lab and keeps its name." if run.bundled else "Its owner alone can rename it.")
    changes["note"] = st.text_area("Note", run.annotation.note, max_chars=LONGEST_NOTE, key=f"note-{run.id}")
    return changes


def _annotate(run_ids: Sequence[str], **changes: object) -> None:
    try:
        for run_id in run_ids:
            resources.store().annotate(run_id, **changes)
    except MnistLabError as error:
        st.toast(plain(error), icon=":material/error:")


def _delete(runs: Sequence[Run]) -> None:
    """Into the trash with those that may go; say why others stay."""
    gone: dict[str, str] = {}
    names = labels(runs)
    for run in runs:
        try:
            if not run.bundled and not may_change(run):
                st.toast(f"{plain(names[run.id])} is somebody else's and stays.", icon=":material/lock:")
                continue
            resources.trash().put(_ended(run))
            gone[run.id] = names[run.id]
        except MnistLabError as error:
            st.toast(plain(error), icon=":material/lock:")
    if gone:
        st.session_state[DELETED] = gone
        selection.drop(gone)


def _ended(run: Run) -> Run:
    """The run, which is asked to stop if it is not over; one that is not being trained is over at once."""
    if run.state.is_over:
        return run
    resources.engine().stop(run.id)
    return resources.store().get(run.id)


def _render_undo() -> None:
    gone: dict[str, str] = st.session_state.get(DELETED, {})
    if not gone:
        return
    with st.container(horizontal=True, vertical_alignment="center", border=True, key="compare-undo"):
        names = ", ".join(gone.values()) if len(gone) <= 3 else f"{len(gone)} runs"
        st.markdown(f"Deleted: **{plain(names)}**", width="stretch")
        st.button("Undo", icon=":material/undo:", type="primary", on_click=bring_back, args=(list(gone),))
        st.button("All right", on_click=lambda: st.session_state.pop(DELETED))


def bring_back(run_ids: Sequence[str]) -> None:
    """Fetch runs out of the trash, and pick them."""
    back = []
    for run_id in run_ids:
        try:
            resources.trash().bring_back(run_id)
            back.append(run_id)
        except MnistLabError as error:
            st.toast(plain(error), icon=":material/error:")
    st.session_state.pop(DELETED, None)
    selection.pick([*selection.picked_ids(), *back])
