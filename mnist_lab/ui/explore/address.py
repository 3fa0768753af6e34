"""What is looked at, in the page's address: `run`, `view`, `image` (drawing, picture or a test image's number),
`drawing` (its strokes as `sharing` writes them), and what views add to it."""

from collections.abc import Callable, Container

import streamlit as st

from mnist_lab.errors import ImageError
from mnist_lab.sharing import decode
from mnist_lab.ui import resources
from mnist_lab.ui.drawing import ONE, show_strokes
from mnist_lab.ui.words import plain

SEEN = "explore_address"
LAYER, UNIT = "explore_layer", "explore_unit"
RUN, VIEW, SOURCE, NUMBER = "model", "explore_view", "explore_source", "explore_number"
SEEN_BY, KIND, COLOR = "map_layer", "map_kind", "map_color"
WHY, DREAM, EPOCH = "why_digit", "dream_layer", "past_epoch"
DRAWING, TEST_IMAGE, PICTURE = "Draw", "Test image", "From Draw"


def open_address() -> None:
    """Take over what the address holds, once; say kindly what in it cannot be used."""
    here = st.query_params.to_dict()
    if not here or here == st.session_state.get(SEEN):
        return
    st.session_state[SEEN] = here
    for name, value in here.items():
        if name in READERS:
            READERS[name](value)


def remember(**words: object) -> None:
    """Put these words into the address, beside the others; None takes one away."""
    before = st.query_params.to_dict()
    after = before | {name: str(value) for name, value in words.items() if value is not None}
    after = {name: value for name, value in after.items() if words.get(name, value) is not None}
    if after != before:
        st.query_params.from_dict(after)
    st.session_state[SEEN] = after


def known(key: str, options: Container[object], usual: object) -> None:
    """Ahead of the widget of that key: where the session holds none of its options there, the usual one."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = usual


def _read_run(name: str) -> None:
    if name in resources.models():
        st.session_state[RUN] = name
    else:
        st.warning(f"There is no network {plain(name)} here, or it has not finished. Another one is shown.")


def _read_image(text: str) -> None:
    if text.isdecimal():
        st.session_state[SOURCE], st.session_state[NUMBER] = TEST_IMAGE, int(text)
    else:
        st.session_state[SOURCE] = PICTURE if text == "picture" else DRAWING


def _read_drawing(text: str) -> None:
    try:
        show_strokes(ONE, *decode(text))
    except ImageError as error:
        st.warning(plain(error))


def _read_number(key: str) -> Callable[[str], None]:
    """Keeps a number; the view that it is for knows whether it is one of its own."""

    def keep_number(text: str) -> None:
        if text.isdecimal():
            st.session_state[key] = int(text)

    return keep_number


def _read_word(key: str) -> Callable[[str], None]:
    """Keeps a word as it is; the view that it is for knows whether it is one of its own."""

    def keep_word(word: str) -> None:
        st.session_state[key] = word

    return keep_word


READERS = {
    "run": _read_run,
    "view": _read_word(VIEW),
    "image": _read_image,
    "drawing": _read_drawing,
    "layer": _read_word(LAYER),
    "unit": _read_number(UNIT),
    "seen_by": _read_word(SEEN_BY),
    "map": _read_word(KIND),
    "colour": _read_word(COLOR),
    "why": _read_number(WHY),
    "dream": _read_word(DREAM),
    "epoch": _read_number(EPOCH),
}
