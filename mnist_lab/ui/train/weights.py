"""The weights of a run that trains, shown in the drawn network."""

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.exploring import glimpses
from mnist_lab.store.run import Run, RunState
from mnist_lab.ui import resources
from mnist_lab.ui.train.network import columns
from mnist_lab.ui.visitor import is_mine

HERE = Path(__file__).parent

_teller = st.components.v2.component("mnist_lab_weights", html="<i></i>", js=(HERE / "weights.js").read_text("utf-8"))


def render_weights(under_way: Sequence[Run], drawn: TrainConfig, names: dict[str, str]) -> None:
    """Tell the drawing of the network, which is in another part of the page, of a run that trains just this network."""
    alike = [run for run in under_way if run.state is RunState.RUNNING and _sizes(run.config) == _sizes(drawn)]
    run = min(alike, key=lambda run: not is_mine(run.asked.owner), default=None)
    weights = run and resources.glimpse(run)
    with st.container(key="weights"):
        _teller(key="weights-now", data=_told(run, names[run.id], weights) if run and weights else None, height=1)


def _sizes(config: TrainConfig) -> list[tuple[str, int]]:
    return [(column["kind"], column["count"]) for column in columns(config)]


def _told(run: Run, name: str, weights: glimpses.Weights) -> dict[str, Any]:
    dense = len(weights) - 1
    of = "filters" if run.config.network == "cnn" else "units" if run.config.units else "outputs"
    return {
        "of": name,
        "columns": [f"{kind} {count}" for kind, count in _sizes(run.config)],
        "tiles": _array(weights["tiles"]),
        "what": f"What its first {of} look for",
        "lines": [_array(weights[f"lines_{place}"]) for place in range(dense)],
    }


def _array(array: NDArray[np.int8]) -> dict[str, Any]:
    return {"shape": list(array.shape), "bytes": base64.b64encode(array.tobytes()).decode()}
