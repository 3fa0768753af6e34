"""Runs that come from elsewhere: out of another lab's zip file, or out of the trash."""

import streamlit as st

from mnist_lab.comparing.families import labels
from mnist_lab.datasets.arrays import MB
from mnist_lab.errors import MnistLabError
from mnist_lab.store.archives import MOST_ZIPPED, take_in
from mnist_lab.ui import resources
from mnist_lab.ui.allowed import limits
from mnist_lab.ui.compare import selection
from mnist_lab.ui.compare.actions import bring_back, may_change
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import plain

TIMES, REFUSED = "compare_times_imported", "compare_import_refused"


def render_import() -> None:
    """A way to take in the runs of a zip file."""
    with st.popover("Import", icon=":material/upload:", key=f"import-{st.session_state.get(TIMES, 0)}"):
        file = st.file_uploader(
            "A zip file of runs, from another lab",
            "zip",
            key=f"import-file-{st.session_state.get(TIMES, 0)}",
            max_upload_size=MOST_ZIPPED // MB,
        )
        if file is None:
            st.caption("Pick runs and press Zip to make such a file. It is checked before anything is kept.")
        elif st.session_state.get(REFUSED, ("", ""))[0] != file.file_id:
            _take_in(file.file_id, file.getvalue())
        else:
            st.error(plain(st.session_state[REFUSED][1]), icon=":material/error:")


def _take_in(file_id: str, content: bytes) -> None:
    """Keep the runs and pick them; where that cannot be, say why and keep nothing."""
    try:
        with st.spinner("Checking the file"):
            runs = take_in(resources.store(), content, visitor(), limits())
    except MnistLabError as error:
        st.session_state[REFUSED] = file_id, str(error)
        st.rerun()
    st.session_state[TIMES] = st.session_state.get(TIMES, 0) + 1
    selection.pick([*selection.picked_ids(), *(run.id for run in runs)])
    st.toast(f"Taken in: {plain(', '.join(labels(runs).values()))}", icon=":material/check:")
    st.rerun()


def render_trash() -> None:
    """The runs that the visitor deleted, to bring back or to delete permanently."""
    runs = [run for run in resources.trash().runs() if may_change(run)]
    if not runs:
        return
    names = labels(runs)
    with st.popover(f"Trash · {len(runs)}", icon=":material/delete_history:"):
        for run in runs:
            with st.container(horizontal=True, vertical_alignment="center", key=f"trash-{run.id}"):
                st.markdown(plain(names[run.id]), width="stretch")
                st.button("Bring back", key=f"back-{run.id}", on_click=bring_back, args=([run.id],))
                st.button(
                    "",
                    icon=":material/delete_forever:",
                    key=f"for-good-{run.id}",
                    help="Delete for good",
                    on_click=resources.trash().delete,
                    args=(run.id,),
                )
