"""The configuration in the page's address, so that a teacher can hand out a link.

Streamlit's own `bind="query-params"` drops what it cannot read without a word, and drops fields that are not shown at
the moment, so the address is read and written here.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from mnist_lab.config.links import HIDE, LOCK, OWN_WORDS, read, write
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.ui.words import plain

SEEN, LIMITS, PROBLEMS = "address_seen", "address_limits", "address_problems"
TURNED = "address_turned"


class Limits(NamedTuple):
    """The fields that a link locks or hides."""

    locked: frozenset[str] = frozenset()
    hidden: frozenset[str] = frozenset()


def turned() -> None:
    """A callback for a changed knob, a press of Train or a changed view: these are newer than the address.

    A browser that has not yet heard of the address written last sends the one before, as if the visitor had opened it.
    """
    st.session_state[TURNED] = True


def is_older() -> bool:
    """Whether the address at hand may be older than the last change of a knob; asked once in each run of a page."""
    return bool(st.session_state.pop(TURNED, False))


def open_address(fill: Callable[[TrainConfig], None]) -> Limits:
    """Fill the form from an address that was opened, once; say kindly what in it cannot be used."""
    here = _ours()
    if not is_older() and here and here != st.session_state.get(SEEN):
        link = read(here)
        fill(link.config)
        st.session_state[SEEN] = here
        st.session_state[LIMITS] = Limits(link.locked, link.hidden)
        st.session_state[PROBLEMS] = link.problems
    render_problems(st.session_state.get(PROBLEMS, ()))
    limits: Limits = st.session_state.get(LIMITS, Limits())
    return limits


def render_problems(problems: Iterable[str]) -> None:
    """Say what in an address cannot be used, of any page."""
    if lines := "\n".join(f"- {plain(problem)}" for problem in problems):
        st.warning(
            f"Part of this link cannot be used, so that is left as it usually is. The rest is filled in.\n\n{lines}"
        )


def write_address(config: TrainConfig, limits: Limits) -> None:
    """Put the configuration into the page's address, and keep its other parameters."""
    ours = parameters(config, limits)
    if ours != _ours():
        others = {name: value for name, value in st.query_params.to_dict().items() if not _is_ours(name)}
        st.query_params.from_dict(others | ours)
    st.session_state[SEEN] = ours


def parameters(config: TrainConfig, limits: Limits) -> dict[str, str]:
    """What the address holds of the form."""
    words = {LOCK: ",".join(sorted(limits.locked)), HIDE: ",".join(sorted(limits.hidden))}
    return write(config) | {word: fields for word, fields in words.items() if fields}


def render_link(config: TrainConfig) -> None:
    """The link to hand out, and how to lock or hide knobs in it."""
    limits: Limits = st.session_state.get(LIMITS, Limits())
    here = urlsplit(st.context.url or "")
    link = urlunsplit((here.scheme, here.netloc, here.path, urlencode(parameters(config, limits)), ""))
    st.code(link, language=None, wrap_lines=True)
    st.caption(
        "The page's address holds this configuration, too. Add `lock=units,dropout` to keep knobs as they are, or "
        "`hide=seed` to leave knobs out; `?` comes before the first of these, `&` before the others."
    )


def _ours() -> dict[str, str]:
    return {name: value for name, value in st.query_params.to_dict().items() if _is_ours(name)}


def _is_ours(name: str) -> bool:
    return name in TrainConfig.model_fields or name in OWN_WORDS
