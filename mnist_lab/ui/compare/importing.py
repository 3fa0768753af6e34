"""Runs that come from elsewhere: out of the trash."""

import streamlit as st

from mnist_lab.ui import resources
from mnist_lab.ui.compare.actions import bring_back, may_change


def render_import() -> None:
    """A run as a file."""


def render_trash() -> None:
    """The runs that the visitor deleted, to bring back or to delete for good."""
    runs = [run for run in resources.trash().runs() if may_change(run)]
    if not runs:
        return
    with st.popover(f"Trash · {len(runs)}", icon=":material/delete_history:"):
        for run in runs:
            with st.container(horizontal=True, vertical_alignment="center", key=f"trash-{run.id}"):
                st.markdown(run.name, width="stretch")
                st.button("Bring back", key=f"back-{run.id}", on_click=bring_back, args=([run.id],))
                st.button(
                    "",
                    icon=":material/delete_forever:",
                    key=f"for-good-{run.id}",
                    help="Delete for good",
                    on_click=resources.trash().delete,
                    args=(run.id,),
                )
