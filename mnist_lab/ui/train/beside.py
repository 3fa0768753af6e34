"""Learning from what the visitor's class has drawn, too."""

import streamlit as st

from mnist_lab.classroom.board import how_many
from mnist_lab.classroom.training import all_of
from mnist_lab.store.run import Beside
from mnist_lab.ui.rooms import own_room

KEY = "start_class"  # in the session


def render_beside() -> None:
    """The choice, for who leads a class that has drawn something."""
    room = own_room()
    several, people = how_many(room) if room else (0, 0)
    if several:
        st.toggle(
            f"Learn from your class, too: {several} digits",
            key=KEY,
            persist_state="session",
            help=f"They come on top of the dataset, drawn by {people}. What has learnt from them goes with the class.",
        )


def beside() -> Beside | None:
    """What is to be learnt from besides, as it is now. Raises RoomError, StoreError."""
    room = own_room() if st.session_state.get(KEY) else None
    return all_of(room) if room and how_many(room)[0] else None
