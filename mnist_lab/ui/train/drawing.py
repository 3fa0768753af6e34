"""What the form describes, as the knobs turn: the network, and what it takes."""

from html import escape

import streamlit as st

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.forecast import forecast
from mnist_lab.networks.script import script
from mnist_lab.networks.shapes import (
    FLOAT,
    count_operations,
    count_parameters,
    training_memory,
)
from mnist_lab.ui import resources
from mnist_lab.ui.address import render_link
from mnist_lab.ui.glossary import term
from mnist_lab.ui.layers import layer_table
from mnist_lab.ui.train.forms import Draft, render_kind
from mnist_lab.ui.train.network import render_editor
from mnist_lab.ui.words import about


def render_network(draft: Draft) -> None:
    """The drawing, the figures, and, folded away, the layers one by one, the code and the link.

    Where the form asks for something wrong, they are those of what it asked for before, and look like it.
    """
    config, wrong = draft.config, draft.in_words()
    with st.container(key="drawn-network"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            with st.container(width=230):
                render_kind(draft)
            with st.popover("Layers", icon=":material/layers:", disabled=bool(wrong)):
                st.html(layer_table(config))
                st.caption(_memory(config))
            with st.popover("As code", icon=":material/code:", disabled=bool(wrong), key="aside-code"):
                st.caption("This script trains the same network without the lab, on the same images in the same order.")
                st.code(script(config), language="python", wrap_lines=True)
            with st.popover("Link", icon=":material/link:", disabled=bool(wrong), key="aside-link"):
                render_link(config)
        render_editor(draft)
        st.html(_figures_of(config, wrong))


def _figures_of(config: TrainConfig, wrong: str) -> str:
    note = f'<p class="note">{escape(wrong)}</p>' if wrong else ""
    look = "network outdated" if wrong else "network"
    return f'<div class="{look}"><div>{figures(config, _seconds(config))}</div>{note}</div>'


def figures(config: TrainConfig, seconds: float | None) -> str:
    """Parameters, and the rest of what the network takes, as HTML."""
    rest = [
        f"{_short(count_operations(config))} {term('operations')} an image",
        "no forecast of the time yet" if seconds is None else f"forecast: {about(seconds)} here",
    ]
    words = "".join(f"<span>{part}</span>" for part in rest)
    return f"<span><b>{count_parameters(config):,}</b> {term('parameters')}</span>{words}"


def _memory(config: TrainConfig) -> str:
    weights = f"{_bytes(count_parameters(config) * FLOAT)} of weights"
    if config.network == "logistic":
        return f"{weights}."
    return f"{weights}, about {_bytes(training_memory(config))} while it trains."


def _seconds(config: TrainConfig) -> float | None:
    return forecast(config, resources.store().listing().runs)


def _short(number: float) -> str:
    for size, name in ((1e9, " thousand million"), (1e6, " million"), (1e3, " thousand")):
        if number >= size:
            return f"{number / size:.3g}{name}"
    return str(number)


def _bytes(number: float) -> str:
    for size, name in ((1e9, "GB"), (1e6, "MB")):
        if number >= size:
            return f"{number / size:.3g} {name}"
    return f"{number / 1e3:.3g} kB"
