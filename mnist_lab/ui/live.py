"""Pictures of the canvas while a stroke grows, from a small companion component in the browser."""

import base64
import binascii
import io
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from mnist_lab.ui.drawing import SIDE

KEY = "live"
PICTURE = "live_picture"
DRAWING = "live_drawing"

_companion = st.components.v2.component("mnist_lab_live", js=Path(__file__).with_name("live.js").read_text())


def watch_canvas(answered: int) -> None:
    """Mount the companion; `answered` changes with every run, which tells it that the last picture was answered."""
    _companion(key=KEY, data={"side": SIDE, "answered": answered}, on_frame_change=_keep, height="content")


def live_picture() -> NDArray[np.uint8] | None:
    """The canvas as it is this moment, uint8 (280, 280), or None where only the canvas's own message is known."""
    return st.session_state.get(PICTURE)


def forget_live_picture() -> None:
    """Go by the canvas's own message again, unless a stroke has begun since."""
    if not st.session_state.get(DRAWING):
        st.session_state.pop(PICTURE, None)


def _keep() -> None:
    frame = st.session_state[KEY].get("frame") or {}
    picture = _decode(str(frame.get("picture", "")))
    if picture is not None:
        st.session_state[PICTURE] = picture
        st.session_state[DRAWING] = bool(frame.get("drawing"))


def _decode(data_url: str) -> NDArray[np.uint8] | None:
    """The picture in a data URL, or None for what no canvas sends."""
    try:
        content = base64.b64decode(data_url.partition("base64,")[2], validate=True)
        picture = Image.open(io.BytesIO(content), formats=["PNG"])
        return np.asarray(picture.convert("L")) if picture.size == (SIDE, SIDE) else None
    except (binascii.Error, UnidentifiedImageError, OSError, ValueError):
        return None
