"""Pictures of the canvas while a stroke grows, from a small companion component in the browser."""

import base64
import binascii
import io
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mnist_lab.ui.drawing import Canvas

PICTURE = "live_picture"
DRAWING = "live_drawing"
ANSWERED = "live_answered"

_companion = st.components.v2.component("mnist_lab_live", js=Path(__file__).with_name("live.js").read_text())


def watch_canvas(canvas: Canvas) -> None:
    """Mount the companion, or tell it that its last picture was answered."""
    key = f"live-{canvas.name}"
    st.session_state[ANSWERED] = st.session_state.get(ANSWERED, 0) + 1
    _companion(
        key=key,
        data={"width": canvas.width, "height": canvas.height, "answered": st.session_state[ANSWERED]},
        on_frame_change=lambda: _keep(key, canvas),
        height="content",
    )


def live_picture() -> NDArray[np.uint8] | None:
    """The canvas as it is this moment, uint8 (h, w), or None where only its own message is known.

    While a stroke grows it is smaller than the canvas, the proportions kept.
    """
    picture: NDArray[np.uint8] | None = st.session_state.get(PICTURE)
    return picture


def is_growing() -> bool:
    """Whether the pen is down."""
    return bool(st.session_state.get(DRAWING))


def forget_live_picture() -> bool:
    """Go by the canvas's own message again, unless a stroke has begun since; whether there was a newer picture."""
    if is_growing():
        return False
    return st.session_state.pop(PICTURE, None) is not None


def _keep(key: str, canvas: Canvas) -> None:
    frame = st.session_state[key].get("frame") or {}
    picture = _decode(str(frame.get("picture", "")), canvas)
    if picture is not None:
        st.session_state[PICTURE] = picture
        st.session_state[DRAWING] = bool(frame.get("drawing"))


def _decode(data_url: str, canvas: Canvas) -> NDArray[np.uint8] | None:
    """The picture in a data URL, or None for what no canvas sends."""
    try:
        content = base64.b64decode(data_url.partition("base64,")[2], validate=True)
        picture = Image.open(io.BytesIO(content), formats=["PNG"])
        fits = picture.width <= canvas.width and picture.height <= canvas.height
        return np.asarray(picture.convert("L")) if fits else None
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError):
        return None
