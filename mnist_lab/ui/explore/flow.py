"""The network as it answers, drawn in the browser: an image on top, below it every layer, its units to open."""

import base64
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from mnist_lab.networks.stages import Array, Stage

HERE = Path(__file__).parent
WIDTH = 560  # CSS pixels at most
MOST_COLUMNS = 32  # of units without pictures
KINDS = {"pooling": "the largest of each 2 x 2", "scaling": "what goes in"}

_flow = st.components.v2.component(
    "mnist_lab_flow", js=(HERE / "flow.js").read_text(), css=(HERE / "flow.css").read_text()
)


def render_flow(
    stages: Sequence[Stage], values: Sequence[Array], chosen: tuple[int, int], on_open: Callable[[int, int], None]
) -> None:
    """The `values` that the stages give for one image; `chosen` is a stage's number and a unit of it, to be marked.

    `on_open` is told which unit was clicked.
    """
    key = "flow"

    def opened() -> None:
        unit = st.session_state[key].get("unit") or {}
        if {"stage", "unit"} <= unit.keys():
            on_open(int(unit["stage"]), int(unit["unit"]))

    shown = [
        _stage(number, stage, value[0], chosen[1] if number == chosen[0] else None)
        for number, (stage, value) in enumerate(zip(stages[:-1], values, strict=False))
    ]
    _flow(key=key, data={"stages": shown}, on_unit_change=opened, height="content")


def _stage(number: int, stage: Stage, values: Array, chosen: int | None) -> dict[str, Any]:
    is_image = values.ndim == 2
    height, width, units = (*values.shape, 1) if is_image else values.shape if values.ndim == 3 else (1, 1, len(values))
    most = max(float(np.abs(values).max()), 1e-9)
    columns = _columns(height, width, units)
    return {
        "number": number,
        "name": "image" if number == 0 else stage.name,
        "note": _note(stage, height, units, most),
        "opens": stage.has_units,
        "height": height,
        "width": width,
        "units": units,
        "columns": columns,
        "pixels": 140 if is_image else min(WIDTH, columns * max(22, 4 * width)),
        "values": base64.b64encode((128 + np.round(127 * values / most)).astype(np.uint8).tobytes()).decode(),
        "chosen": chosen,
    }


def _columns(height: int, width: int, units: int) -> int:
    """Few enough side by side that maps can be seen, and enough that few units make one row."""
    if height == 1:
        return min(units, MOST_COLUMNS if units <= 1024 else 2 * MOST_COLUMNS)
    rows = -(-units // 8)
    return min(units, 8 if rows <= 4 else 16)


def _note(stage: Stage, height: int, units: int, most: float) -> str:
    if stage.kind in KINDS:
        return KINDS[stage.kind]
    what = f"{units} filters, each a map of {height} x {height}" if stage.kind == "convolution" else f"{units} units"
    return f"{what}, strongest {most:.2g}"
