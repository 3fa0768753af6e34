"""Pictures of the canvas while a stroke grows, from a small companion component in the browser."""

from pathlib import Path

import streamlit as st

from mnist_lab.ui.canvas.drawing import Canvas, grow, kept, latest, number_of

_companion = st.components.v2.component(
    "mnist_lab_live",
    html='<div class="place"></div>',
    js=Path(__file__).with_name("live.js").read_text("utf-8"),
    isolate_styles=False,
)


def show_answer(canvas: Canvas, model: str, answer: str, blank: str) -> None:
    """Show a model's answer to what was on the canvas when the pen rested last, and from then on to every picture.

    Both are HTML; `blank` is shown while nothing is drawn.
    """
    _companion(
        key=f"live-{canvas.name}",
        data={
            "drawing": canvas.drawing,
            "canvas": canvas.name,
            "model": model,
            "answered": number_of(kept(canvas)),
            "answer": answer,
            "blank": blank,
        },
        height="content",
    )


def watch_canvas(canvas: Canvas) -> None:
    """Mount the companion, behind the answer to the canvas's last picture, and tell it which one that was."""
    key = f"live-{canvas.name}"
    _companion(
        key=key,
        data={"drawing": canvas.drawing, "answered": latest(canvas)},
        on_picture_change=lambda: grow(canvas, st.session_state[key].get("picture") or {}),
        height="content",
    )
