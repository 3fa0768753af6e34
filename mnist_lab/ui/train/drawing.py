"""What the form describes, as the knobs turn: a small drawing of the network, and what it takes."""

from html import escape
from math import log2

import streamlit as st

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.forecast import forecast
from mnist_lab.networks.script import script
from mnist_lab.networks.shapes import (
    FLOAT,
    LayerShape,
    count_operations,
    count_parameters,
    layer_shapes,
    training_memory,
)
from mnist_lab.ui import resources
from mnist_lab.ui.address import render_link
from mnist_lab.ui.layers import layer_table, shape
from mnist_lab.ui.words import about

DRAWN = ("InputLayer", "AveragePooling2D", "Conv2D", "MaxPooling2D", "Dense")
TALLEST = 88  # pixels


def render_network(config: TrainConfig, wrong: str = "") -> None:
    """The drawing, the figures, and, folded away, the layers one by one, the code and the link.

    Where the form asks for something `wrong`, they are those of what it asked for before, and look like it.
    """
    note = f'<p class="note">{escape(wrong)}</p>' if wrong else ""
    look = "network outdated" if wrong else "network"
    st.html(f'<div class="{look}"><div>{drawing(config)}{figures(config, _seconds(config))}</div>{note}</div>')
    layers, code, link = st.columns(3)
    with layers.popover("Layers", width="stretch", icon=":material/layers:", disabled=bool(wrong)):
        st.html(layer_table(config))
    with code.popover("As code", width="stretch", icon=":material/code:", disabled=bool(wrong)):
        st.caption("This script trains the same network without the lab, on the same images in the same order.")
        st.code(script(config), language="python", wrap_lines=True)
    with link.popover("Link", width="stretch", icon=":material/link:", disabled=bool(wrong)):
        render_link(config)


def drawing(config: TrainConfig) -> str:
    """The layers from left to right, as HTML: squares where images are, bars where there are only units."""
    activations = iter(_activations(config))
    drawn = [layer for layer in layer_shapes(config) if layer.kind in DRAWN]
    cells = [_cell(layer, next(activations) if layer.parameters else "") for layer in drawn]
    return f'<div class="layers" role="img" aria-label="{_in_words(drawn)}">{"".join(cells)}</div>'


def figures(config: TrainConfig, seconds: float | None) -> str:
    """Parameters, and the rest of what the network takes, as HTML."""
    weights = f"{_bytes(count_parameters(config) * FLOAT)} of weights"
    if config.network != "logistic":
        weights += f", about {_bytes(training_memory(config))} while it trains"
    rest = [
        f"{_short(count_operations(config))} operations an image",
        weights,
        "no forecast of the time yet" if seconds is None else f"forecast: {about(seconds)} of training here",
    ]
    words = "".join(f"<span>{part}</span>" for part in rest)
    return f'<div><b>{count_parameters(config):,}</b> parameters</div><div class="rest">{words}</div>'


def _activations(config: TrainConfig) -> list[str]:
    """Of the layers that have weights, first to last."""
    convolutions = len(config.filters) * config.convolutions if config.network == "cnn" else 0
    hidden = [layer.activation for layer in config.hidden_layers]
    return [*[config.convolution_activation] * convolutions, *hidden, config.output]


def _cell(layer: LayerShape, activation: str) -> str:
    *sides, depth = layer.output_shape
    if layer.kind == "InputLayer":
        look, size = "image", f"width:{TALLEST // 2}px;height:{TALLEST // 2}px"
    elif sides:
        side = max(8, round(TALLEST / 2 * sides[0] / 28))
        look, size = "maps", f"width:{side}px;height:{side}px"
    else:
        look, size = "units", f"height:{max(10, round(TALLEST * log2(depth + 1) / 12))}px"
    kind = {"Conv2D": "conv", "MaxPooling2D": "max", "AveragePooling2D": "mean"}.get(layer.kind, "")
    words = escape(activation or kind)
    return f'<figure><i class="{look}" style="{size}"></i><figcaption>{shape(layer)}<br>{words}</figcaption></figure>'


def _in_words(layers: list[LayerShape]) -> str:
    return ", then ".join(shape(layer) for layer in layers)


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
