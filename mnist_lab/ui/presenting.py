"""The lab on a wall: type that the last row can read, and nothing that only whoever prepares needs."""

import streamlit as st

PRESENTING, WORD = "presenting", "present"


def is_on() -> bool:
    """Whether this visitor presents: as the address said when the visit began, and since then the button."""
    if PRESENTING not in st.session_state:
        st.session_state[PRESENTING] = st.query_params.get(WORD, "0") != "0"
    return bool(st.session_state[PRESENTING])


def write_address() -> None:
    """Keep the word in the page's address for as long as it holds: pages come and go, each with an address anew."""
    if is_on() and WORD not in st.query_params:
        st.query_params[WORD] = "1"
    elif not is_on() and WORD in st.query_params:
        del st.query_params[WORD]


def render_button() -> None:
    """Begin and end it."""
    words, icon = ("Leave", "close_fullscreen") if is_on() else ("Present", "present_to_all")
    st.button(words, icon=f":material/{icon}:", type="tertiary", key="present", on_click=_turn)


def _turn() -> None:
    st.session_state[PRESENTING] = not is_on()
