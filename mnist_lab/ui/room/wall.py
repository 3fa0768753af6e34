"""The wall: what the phones draw, within a second, with what the network says. It asks for itself, over HTTP."""

from pathlib import Path

import streamlit as st

from mnist_lab.classroom.addresses import qr_code

HERE = Path(__file__).parent

_wall = st.components.v2.component(
    "mnist_lab_wall",
    html=(HERE / "wall.html").read_text("utf-8"),
    css=(HERE / "wall.css").read_text("utf-8"),
    js=(HERE / "wall.js").read_text("utf-8"),
)


def render_wall(code: str, address: str, is_presented: bool = False) -> None:
    """The code, where to join, and all drawings of the step under way; who is in, unless it `is_presented`."""
    data = {"code": code, "address": address, "qr": qr_code(address), "is_presented": is_presented}
    _wall(key="wall", data=data, height="content")
