"""Pictures of the canvas while a stroke grows, from a small companion component in the browser."""

from pathlib import Path

import streamlit as st

from mnist_lab.ui.drawing import Canvas, grow, latest

_companion = st.components.v2.component("mnist_lab_live", js=Path(__file__).with_name("live.js").read_text("utf-8"))


def watch_canvas(canvas: Canvas) -> None:
    """Mount the companion, behind the answer to the canvas's last picture, and tell it which one that was."""
    key = f"live-{canvas.name}"
    _companion(
        key=key,
        data={"drawing": canvas.drawing, "answered": latest(canvas)},
        on_picture_change=lambda: grow(canvas, st.session_state[key].get("picture") or {}),
        height="content",
    )
