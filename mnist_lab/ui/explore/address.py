"""What is looked at, in the page's address: `run`, `view`, `image` (drawing, picture or a test image's number),
`drawing` (its strokes as `sharing` writes them), and what views add to it."""

from collections.abc import Callable, Collection, Container

import streamlit as st

from mnist_lab.config.addresses import Address
from mnist_lab.config.knobs import knob
from mnist_lab.errors import ImageError
from mnist_lab.images.drawing_links import decode
from mnist_lab.ui import fields, resources
from mnist_lab.ui.address import render_problems
from mnist_lab.ui.canvas.drawing import ONE, show_strokes
from mnist_lab.ui.explore import data
from mnist_lab.ui.words import plain

SEEN = "explore_address"
LAYER, UNIT = "explore_layer", "explore_unit"
RUN, VIEW, SOURCE, NUMBER = "model", "explore_view", "explore_source", "explore_number"
SEEN_BY, KIND, COLOR = "map_layer", "map_kind", "map_color"
WHY, DREAM, EPOCH = "why_digit", "dream_layer", "past_epoch"
DRAWING, TEST_IMAGE, PICTURE = "Draw", "Test image", "From Draw"
SOURCES = {"drawing": DRAWING, "picture": PICTURE}  # by the words of the address

Reader = Callable[[Address, str], None]


def open_address(views: Collection[str]) -> None:
    """Take over what the address holds, once; say kindly what in it cannot be used."""
    here = {name: word for name, word in st.query_params.to_dict().items() if name in WORDS}
    if not here or here == st.session_state.get(SEEN):
        return
    st.session_state[SEEN] = here
    address = Address(here)
    if view := address.word("view", views):
        st.session_state[VIEW] = view
    for name in here.keys() & READERS.keys():
        READERS[name](address, name)
    for name in (VIEW, LAYER, UNIT):
        fields.choose(name, st.session_state.get(name))
    render_problems(address.problems)


def open_unit(layer: str | None, unit: int | None) -> None:
    """Choose a layer and a unit of it, None for any."""
    fields.choose(LAYER, layer)
    fields.choose(UNIT, unit)


def remember(**words: object) -> None:
    """Put these parameters into the address, and keep the others; None removes one."""
    before = st.query_params.to_dict()
    after = before | {name: str(value) for name, value in words.items() if value is not None}
    after = {name: value for name, value in after.items() if words.get(name, value) is not None}
    if after != before:
        st.query_params.from_dict(after)
    st.session_state[SEEN] = {name: word for name, word in after.items() if name in WORDS}


def known(key: str, options: Container[object], usual: object) -> None:
    """Before the widget of that key is made: if the session holds none of its options, the usual one is set."""
    if st.session_state.get(key) not in options:
        st.session_state[key] = usual


def _read_run(address: Address, name: str) -> None:
    if run_id := address.word(name, resources.models(), "a network that is here, and finished; another one is shown"):
        st.session_state[RUN] = run_id


def _read_image(address: Address, name: str) -> None:
    if (source := SOURCES.get(st.query_params[name])) is not None:
        st.session_state[SOURCE] = source
    elif (number := address.number(name, 0, len(data.dataset().y_test) - 1)) is not None:
        st.session_state[SOURCE], st.session_state[NUMBER] = TEST_IMAGE, number


def _read_drawing(address: Address, name: str) -> None:
    try:
        show_strokes(ONE, *decode(st.query_params[name]))
    except ImageError as error:
        st.warning(plain(error))


def _read_number(key: str, most: int) -> Reader:
    """Keeps a number up to `most`; the view that it is for knows whether it is one of its own."""

    def keep_number(address: Address, name: str) -> None:
        if (number := address.number(name, 0, most)) is not None:
            st.session_state[key] = number

    return keep_number


def _read_word(key: str) -> Reader:
    """Keeps a word as it is; the view that it is for knows whether it is one of its own."""

    def keep_word(address: Address, name: str) -> None:
        if word := address.word(name):
            st.session_state[key] = word

    return keep_word


READERS: dict[str, Reader] = {
    "run": _read_run,
    "image": _read_image,
    "drawing": _read_drawing,
    "layer": _read_word(LAYER),
    "unit": _read_number(UNIT, int(knob("units").bounds[1]) - 1),
    "seen_by": _read_word(SEEN_BY),
    "map": _read_word(KIND),
    "colour": _read_word(COLOR),
    "why": _read_number(WHY, 9),
    "dream": _read_word(DREAM),
    "epoch": _read_number(EPOCH, int(knob("epochs").bounds[1])),
}
WORDS = ("view", *READERS)
