"""How wide a chart is in the visitor's browser: what fits next to its points depends on it."""

from pathlib import Path

import streamlit as st

STEP = 40  # pixels; a window that is dragged wider asks for another figure only so often
AT_FIRST = 1000  # until the browser has told
WIDTH = "compare_width"  # in the session

_companion = st.components.v2.component(
    "mnist_lab_width", html="<div></div>", js=Path(__file__).with_name("widths.js").read_text("utf-8")
)


def widths_seen(chart: str) -> list[int]:
    """The least and the greatest width, in pixels, that a chart here has until the browser tells otherwise."""
    key = f"width-{chart}"
    width = st.session_state.get(WIDTH, AT_FIRST)
    _companion(key=key, data={"width": width, "step": STEP}, on_width_change=lambda: _keep(key), height="content")
    return [width, width + STEP - 1]


def _keep(key: str) -> None:
    told = st.session_state[key].get("width")
    if isinstance(told, int | float) and told >= STEP:
        st.session_state[WIDTH] = int(told)
