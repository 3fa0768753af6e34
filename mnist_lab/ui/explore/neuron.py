"""One neuron by hand: inputs times weights, added up, a bias, and what the activation makes of that."""

import math

import numpy as np
import streamlit as st

from mnist_lab.exploring.units import Neuron, curve, neuron
from mnist_lab.networks.stages import Array, Stage, activations, sums
from mnist_lab.plots.neurons import activation_figure
from mnist_lab.plots.pictures import laid_out, signed
from mnist_lab.plots.pixels import pixels
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.ui.explore import data
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.explore.unit import choose_unit
from mnist_lab.ui.glossary import term

SIDE = 230  # CSS pixels
WORDS = {
    "relu": "relu: what is below 0 becomes 0",
    "sigmoid": "sigmoid: squeezed between 0 and 1",
    "tanh": "tanh: squeezed between -1 and 1",
    "gelu": "gelu: what is well below 0 becomes 0",
    "linear": f"no {term('activation')}: passed on as it is",
    "softmax": f"{term('softmax')}: its share among the ten outputs",
}


def render(selection: Selection) -> None:
    """The sum of the chosen unit as three pictures and a line of numbers, and its activation with the point on it."""
    stages = data.network(selection.run.id)
    values = activations(stages, selection.image[None])
    with st.container(width=420):
        number, unit = choose_unit(stages, values)
    stage, here = stages[number], neuron(stages, values, number, unit)
    st.html(_pictures(here, values[number - 1][0], stages[number - 1].name))
    st.html(_line(stage, here))
    others = None
    if stage.activation == "softmax":
        others = np.delete(sums(stage, values[number - 1])[0], unit)
    figure = activation_figure(*curve(stage, here, others), here=(here.sum, here.value))
    with st.container(width=620):
        st.plotly_chart(figure, key="activation", config=NO_TOOLBAR)
    if selection.run.config.batch_normalization and number < len(stages) - 1:
        st.caption("Batch normalization is worked into these weights and this bias, or follows after the pooling.")


def _pictures(here: Neuron, inputs: Array, above: str) -> str:
    """What comes in from the layer `above`, the weights and their products, as HTML."""
    is_ink = inputs.ndim == 2 and inputs.min() >= 0
    seen = here.inputs[..., 0] if is_ink and here.inputs.ndim == 3 else here.inputs
    shown = seen / max(float(seen.max()), 1e-9) if is_ink else signed(laid_out(seen))
    steps = [
        (shown, "what comes in", ""),
        (signed(laid_out(here.weights)), "times its weights", _channels(here.weights)),
        (signed(laid_out(here.products)), "makes these products", ""),
    ]
    figures = [
        f'<figure><div class="channels">{pixels(image, words, side=SIDE)}{numbers}</div>'
        f"<figcaption>{words}</figcaption></figure>"
        for image, words, numbers in steps
    ]
    between = ["<span>×</span>", "<span>=</span>", ""]
    where = ""
    if here.place:
        row, column = here.place
        where = f"The filter slides over everything. It answers most in row {row}, column {column}. "
    if here.weights.ndim == 3 and here.weights.shape[-1] > 1:
        where += f"Each square belongs to the map of {above} that has its number."
    where = f"<p>{where}</p>" if where else ""
    strip = "".join(figure + sign for figure, sign in zip(figures, between, strict=True))
    return f'<div class="by-hand">{where}<div class="strip">{strip}</div></div>'


def _channels(weights: Array) -> str:
    """The number of each channel, as HTML to be laid over the picture of weights (k, k, channels)."""
    if weights.ndim < 3 or weights.shape[-1] == 1:
        return ""
    count = weights.shape[-1]
    across = math.ceil(math.sqrt(count))
    share = 100 / across
    return "".join(
        f'<i style="left:{share * (number % across):.1f}%;top:{share * (number // across):.1f}%">{number}</i>'
        for number in range(count)
    )


def _line(stage: Stage, here: Neuron) -> str:
    words = "all products added up", f"the {term('bias')}", "the sum", WORDS[stage.activation]
    steps = zip(here.in_numbers, words, strict=True)
    return (
        f'<div class="steps">{"".join(f"<div><b>{shown}</b><span>{what}</span></div>" for shown, what in steps)}</div>'
    )
