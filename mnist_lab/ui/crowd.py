"""How often live parts of a page are redrawn: each second for a few people, less often when a class is watching."""

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

LEAST, MOST = 1.0, 5.0  # seconds from one look of a visitor to the next
FOR_EACH = 0.4  # seconds for each who looks: the looks of all take a tenth of a core, or a quarter where thirty look
UNTIL_FOUND = 0.7  # seconds between two looks at what one visitor waits for
GONE = 2.5 * MOST  # seconds without a look after which a visitor counts as gone
TOLERATED = 1.5  # times more or less often than would be right

_looked: dict[str, float] = {}  # when, by session


def pause() -> float:
    """The seconds until the visitor who looks now should look again."""
    global _looked
    now, here = time.monotonic(), get_script_run_ctx()
    looked = {who: at for who, at in [*_looked.items()] if now - at < GONE}
    _looked = looked | ({here.session_id: now} if here else {})
    return min(max(LEAST, FOR_EACH * len(_looked)), MOST)


def has_changed(since: float | None) -> bool:
    """Whether a visitor who looks now, with that pause so far, should get another one."""
    return since is not None and not 1 / TOLERATED < since / pause() < TOLERATED


def draw_until_found(found: Future[Any], draw: Callable[..., None], *given: Any) -> None:
    """Draw what depends on an answer until it is found; then without a fragment, whose timer would go on."""
    if found.done():
        draw(*given)
    else:
        st.fragment(draw, run_every=UNTIL_FOUND)(*given)
