"""A slider that can be played: it moves by itself until its end, or until someone moves it."""

import time
from collections.abc import Callable, Sequence

import streamlit as st

from mnist_lab.errors import MnistLabError
from mnist_lab.ui.words import plain

PLAYING = "explore_playing"  # in the session: whether the slider moves by itself
STEP = 0.4  # seconds to look at a moment, besides those that drawing takes


def is_playing() -> bool:
    """Whether the slider moves by itself."""
    return bool(st.session_state.get(PLAYING))


def render_playable(
    label: str, options: Sequence[int], key: str, words: Callable[[int], str], show: Callable[[int], None]
) -> None:
    """A slider over the options, next to a button that plays it; `show` draws what belongs to an option.

    The session holds one of the options at `key`. Played at the last option, the slider begins with the first. It
    stops when anything around it changes.
    """
    _play(False)
    _render(label, options, key, words, show)


@st.fragment
def _render(
    label: str, options: Sequence[int], key: str, words: Callable[[int], str], show: Callable[[int], None]
) -> None:
    if is_playing():
        _advance(options, key)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        button = st.empty()
        option = st.select_slider(
            label, options, key=key, format_func=words, persist_state="session", on_change=_play, args=(False,)
        )
    _render_button(button, key, option)
    try:
        show(option)
    except MnistLabError as error:
        st.error(plain(error))
    if is_playing():  # no `run_every`: its clock brings back what the slider was a moment ago
        time.sleep(STEP)
        st.rerun(scope="fragment")


def _advance(options: Sequence[int], key: str) -> None:
    place = (options.index(st.session_state[key]) + 1) % len(options)
    st.session_state[key] = options[place]
    _play(place < len(options) - 1)


def _render_button(place: st.delta_generator.DeltaGenerator, key: str, option: int) -> None:
    playing = is_playing()
    name, icon = ("Pause", ":material/pause:") if playing else ("Play", ":material/play_arrow:")
    place.button(name, icon=icon, key="play", on_click=_press, args=(key, option, not playing), width=110)


def _press(key: str, option: int, is_on: bool) -> None:
    """Play from, or stop at, the option that is shown, which the browser may not have known yet."""
    st.session_state[key] = option
    _play(is_on)


def _play(is_on: bool) -> None:
    st.session_state[PLAYING] = is_on
