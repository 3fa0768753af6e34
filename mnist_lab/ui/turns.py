"""Things that take turns at one place of a page."""

from collections.abc import Iterable
from contextlib import AbstractContextManager

import streamlit as st


def turn(shown: str, among: Iterable[str]) -> AbstractContextManager[object]:
    """A container for what is shown, where the others of `among` are shown at other times; theirs are emptied.

    A fragment's run takes away what the one before drew beyond it, but only once its end is told to the browser; where
    the run of another fragment follows at once, such as one by `run_every`, Streamlit (1.67) holds that back. So what
    gives way has to be overwritten rather than left out.
    """
    places = {name: st.container() if name == shown else st.empty() for name in among}
    return places[shown]
