"""Fields of which not only the visitor chooses the value, but also the page itself: a click elsewhere, a link, a rule.

A browser that has not yet heard of the page's choice sends the one before, with the next click or by a clock, and takes
the page's choice back. So each choice of the page begins a field of a new key, to which such late words are not told.
"""

import streamlit as st


def choose(name: str, value: object) -> None:
    """The page's own choice, kept in the session under the name."""
    st.session_state[name] = value
    st.session_state[_turn(name)] = st.session_state.get(_turn(name), 0) + 1


def key(name: str) -> str:
    """Of the field as it is now. It begins with what is kept under the name, and what it gives is kept there."""
    return f"{name}-{st.session_state.get(_turn(name), 0)}"


def _turn(name: str) -> str:
    return f"{name}_turn"
