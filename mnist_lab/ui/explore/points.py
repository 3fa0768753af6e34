"""Thousands of images as points of a plane, drawn in the browser: to zoom into, to circle, to hide by group."""

import base64
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_lab.networks.stages import Array
from mnist_lab.plots.pictures import data_url
from mnist_lab.plots.style import COLORS, DIGITS

HERE = Path(__file__).parent
KEY = "map-points"
RIGHT, WRONG = "#9aa0ab", "#e8210a"
MOST_AT_ONCE = 250  # images, as in points_drawing.js

_plane = st.components.v2.component(
    "mnist_lab_points",
    html=(HERE / "points.html").read_text("utf-8"),
    css=(HERE / "points.css").read_text("utf-8"),
    js="".join((HERE / name).read_text("utf-8") for name in ("points_drawing.js", "points.js")),
)
_marks = st.components.v2.component("mnist_lab_marks", js=(HERE / "marks.js").read_text("utf-8"))


class Points(NamedTuple):
    """Every `step`-th of some images (uint8 (n, 28, 28)) in a plane: float32 (m, 2), and digits by label and answer."""

    flat: Array
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    answers: NDArray[np.uint8]
    step: int = 1


class Others(NamedTuple):
    """Images that are on no dataset's map, in its plane: float32 (n, 2), and their labels, uint8 (n,)."""

    flat: Array
    labels: NDArray[np.uint8]


class Groups(NamedTuple):
    """Points by what they have in common: the number of each one's group, uint8 (m,), and how groups are shown."""

    numbers: NDArray[np.uint8]
    names: list[str]
    colors: list[str]
    sizes: list[float]  # times that of other dots


class Picked(NamedTuple):
    """How many images were picked, and the numbers of some of them."""

    total: int
    images: tuple[int, ...]


def grouped(points: Points, color: str) -> Groups:
    """The groups to colour points by: the digit of their `label` or `answer`, or `mistake` or not."""
    if color == "mistake":
        wrong = (points.labels != points.answers).astype(np.uint8)
        return Groups(wrong, ["right", "mistake"], [RIGHT, WRONG], [1, 1.6])
    digits = points.labels if color == "label" else points.answers
    return Groups(digits.astype(np.uint8), DIGITS, list(COLORS[:10]), [1] * 10)


def render_points(points: Points, color: str) -> Picked:
    """The points; what is picked by a loop or a click. What `render_marks` shows lies on top of them."""
    groups = grouped(points, color)
    counts = np.bincount(groups.numbers, minlength=len(groups.names)).tolist()
    shown = zip(groups.names, groups.colors, groups.sizes, counts, strict=True)
    found = _plane(
        key=KEY,
        data={
            "flat": _text(points.flat),
            "groups": _text(groups.numbers),
            "labels": _text(points.labels),
            "answers": _text(points.answers),
            "legend": [dict(zip(("name", "color", "size", "count"), group, strict=True)) for group in shown],
            "step": points.step,
        },
        on_picked_change=lambda: None,
        on_seen_change=lambda: None,
        height="content",
    )
    said = found.picked or {}
    return Picked(int(said.get("total", 0)), _numbers(said.get("images"), points.images))


def render_marks(points: Points, star: Array, near: NDArray[np.intp], others: Others | None = None) -> None:
    """A star at (2,), rings around the points `near` it, diamonds for `others`, and the images that are looked at
    closely.

    Apart from the points, which so are sent to the browser only once.
    """
    numbers = _numbers(st.session_state[KEY].get("seen"), points.images)
    sheet = data_url(np.hstack(list(points.images[list(numbers)])) / 255) if numbers else ""
    images = {"numbers": numbers, "sheet": sheet}
    diamonds = (
        [{"place": place.tolist(), "color": COLORS[label]} for place, label in zip(*others, strict=True)]
        if others
        else []
    )
    about = {"star": star.tolist(), "near": near.tolist(), "others": diamonds, "images": images}
    _marks(key="map-marks", data=about, height="content")


def _text(array: NDArray[Any]) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def _numbers(said: Any, images: NDArray[np.uint8]) -> tuple[int, ...]:
    """Of what the browser says, the numbers of images."""
    return tuple(
        number for number in (said or [])[:MOST_AT_ONCE] if isinstance(number, int) and 0 <= number < len(images)
    )
