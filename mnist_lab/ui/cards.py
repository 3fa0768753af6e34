"""Things to choose among, as cards."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

import streamlit as st

from mnist_lab.ui.words import plain


class Card(NamedTuple):
    """What is chosen, its title, as plain text, and what else its card says, as HTML."""

    key: str
    title: str
    body: str


def render_cards(cards: Iterable[Card], take: Callable[[str], None]) -> bool:
    """The cards in a grid; all of a card is a button, and `take` is a callback that is told its key.

    Returns whether one was pressed.
    """
    pressed = False
    with st.container(key="cards"):
        for card in cards:
            with st.container(key=f"card-{card.key}", border=True):
                st.html(f'<div class="card-body">{card.body}</div>')
                title, key = plain(card.title), f"pick-{card.key}"
                pressed |= st.button(title, key=key, type="tertiary", on_click=take, args=(card.key,))
    return pressed
