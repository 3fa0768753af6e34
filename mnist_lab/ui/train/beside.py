"""Learning from what the visitor's class has drawn, too."""

import streamlit as st

from mnist_lab.classroom.training import all_of
from mnist_lab.store.run import Beside
from mnist_lab.ui.rooms import own_class

KEY = "start_class"  # in the session


def render_beside() -> None:
    """The choice, for who leads a class that has drawn something."""
    if own := own_class():
        st.toggle(
            f"Learn from your class, too: {own.several} digits",
            key=KEY,
            persist_state="session",
            help=f"On top of the dataset, drawn by {own.people}. What has learnt from them goes with the class.",
        )


def beside() -> Beside | None:
    """What is to be learnt from besides, as it is now. Raises RoomError, StoreError."""
    own = own_class() if st.session_state.get(KEY) else None
    return own and all_of(own.room)
