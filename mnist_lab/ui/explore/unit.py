"""One unit of the network: which is chosen, and what it is for."""

from collections.abc import Sequence
from concurrent.futures import Future

import numpy as np
import streamlit as st

from mnist_lab.comparing.formatting import decimal
from mnist_lab.exploring.tracing import trace
from mnist_lab.exploring.units import Strongest, effect
from mnist_lab.networks.stages import Array, Stage
from mnist_lab.plots.pictures import above_ink, laid_out, signed
from mnist_lab.plots.pixels import pixels
from mnist_lab.ui import crowd, fields
from mnist_lab.ui.canvas import drawing
from mnist_lab.ui.explore import data
from mnist_lab.ui.explore.address import LAYER, UNIT, VIEW, open_unit, remember
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.glossary import term

PICKED = "explore_picked"  # in the session: the stage and the unit that the page itself picked
LEAST = 0.05  # of a sum: less says nothing
LARGE, SMALL = 250, 72  # CSS pixels
COLORS = "Blue: ink here raises its sum, orange: it lowers it."


def choose_unit(stages: Sequence[Stage], values: Sequence[Array]) -> tuple[int, int]:
    """The chosen layer's number among the stages, and the unit: while none is chosen, the one that is excited most."""
    numbers = {stage.name: number for number, stage in enumerate(stages) if stage.has_units}
    state = st.session_state
    if state.get(LAYER) not in numbers:
        open_unit(list(numbers)[-2 if len(numbers) > 1 else -1], None if state.get(LAYER) else state.get(UNIT))
    layer = state[LAYER]
    number = numbers[layer]
    last = stages[number].units - 1
    if (state.get(UNIT) or 0) > last:
        open_unit(layer, None)
    left, right = st.columns(2)
    place, key = list(numbers).index(layer), fields.key(LAYER)
    left.selectbox("Layer", list(numbers), place, key=key, on_change=_open_layer, args=(key,))
    chosen = right.number_input("Unit", 0, last, state.get(UNIT), key=fields.key(UNIT), placeholder="auto")
    state[UNIT] = chosen
    remember(layer=layer, unit=chosen)
    return number, _strongest_here(number, values[number]) if chosen is None else int(chosen)


def _open_layer(key: str) -> None:
    if key == fields.key(LAYER):
        open_unit(st.session_state[key], None)


def _strongest_here(number: int, values: Array) -> int:
    """The unit of stage `number` that the image excites most; while a stroke grows it stays the one it was."""
    before: tuple[int, int] = st.session_state.get(PICKED, (-1, 0))
    moving = drawing.growing(drawing.SMALL)
    if moving and moving.is_growing and before[0] == number:
        return before[1]
    unit = int(values.reshape(-1, values.shape[-1]).max(axis=0).argmax())
    st.session_state[PICKED] = number, unit
    return unit


def render_unit(selection: Selection, stages: Sequence[Stage], values: Sequence[Array], number: int, unit: int) -> None:
    """What it gives for this image, what it says about the digits, its weights, and the images that excite it most."""
    stage = stages[number]
    value = float(values[number][0][..., unit].max())
    st.html(
        f'<div class="unit"><b>{decimal(value)}</b><span>{stage.name}, unit {unit}</span></div>'
        + (votes(effect(stages, values, number, unit)) if number < len(stages) - 1 else "")
        + _pictures(selection.image, stages, values, number, unit)
    )
    found = data.strongest(selection.run.id, number)
    crowd.draw_until_found(found, _excites, found, unit)
    st.button("Work it out by hand", icon=":material/calculate:", on_click=fields.choose, args=(VIEW, "One neuron"))


def _excites(found: Future[Strongest], unit: int) -> None:
    """The test images that excite the unit most, once they are found."""
    with st.container(key="excites"):
        st.html("<h5>What activates it most</h5>")
        if not found.done():
            st.caption("Looking through the test images …")
            return
        images = data.dataset()
        figures = "".join(
            pixels(images.x_test[place] / 255, f"Test image {place}, a {images.y_test[place]}", side=62)
            for place in found.result().places[unit]
        )
        st.html(f'<div class="excites">{figures}</div>')


def votes(effects: Array) -> str:
    """A sentence and ten bars, as HTML: what a unit says for and against each digit."""
    scale = max(float(np.abs(effects).max()), LEAST)
    if scale == LEAST:
        sentence = "It says nothing about this image."
    else:
        sentence = f"It says <b>{effects.argmax()}</b>, not <b>{effects.argmin()}</b>."
    bars = "".join(
        f'<i><em class="{"for" if change > 0 else "against"}" style="height:{46 * abs(change) / scale:.0f}%">'
        f"</em><span>{digit}</span></i>"
        for digit, change in enumerate(map(float, effects))
    )
    label = "For and against each digit"
    return f'<div class="votes"><p>{sentence}</p><div role="img" aria-label="{label}">{bars}</div></div>'


def _pictures(image: Array, stages: Sequence[Stage], values: Sequence[Array], number: int, unit: int) -> str:
    """Its weights as a picture; where they are over another layer, what they make of the pixels, and them small."""
    stage, inputs = stages[number], values[number - 1][0]
    if inputs.ndim == 2:
        words = f"<small>{COLORS}</small>"
        return f'<div class="weights"><h5>Its {term("weights")}</h5>{_weights(stage, inputs, unit, LARGE)}{words}</div>'
    traced = trace(stages, values, number, unit)
    picture = pixels(above_ink(traced, image), "What ink does for the unit", side=LARGE)
    where = " where it answers most" if stage.kind == "convolution" else ""
    words = f"Its weights over {stages[number - 1].name}, traced down to the pixels{where}. {COLORS}"
    if not traced.any():
        words = f"Its weights over {stages[number - 1].name}. For this image, every way from the pixels to it is off."
    below = f"<div>{_weights(stage, inputs, unit, SMALL)}<small>{words}</small></div>"
    return f'<div class="weights"><h5>What it looks for in this image</h5>{picture}{below}</div>'


def _weights(stage: Stage, inputs: Array, unit: int, side: int) -> str:
    """Its weights as a picture, in the shape of what comes in."""
    weights = stage.weights[..., unit]
    weights = weights if stage.kind == "convolution" else weights.reshape(inputs.shape)
    return pixels(signed(laid_out(weights)), "The weights of the unit", side=side)
