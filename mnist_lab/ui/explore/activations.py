"""What every layer makes of the image, and what a unit of it is for."""

import streamlit as st

from mnist_lab.inference.predictor import Prediction
from mnist_lab.networks.stages import activations
from mnist_lab.ui.answer import bars
from mnist_lab.ui.explore import data
from mnist_lab.ui.explore.address import open_unit
from mnist_lab.ui.explore.flow import render_flow
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.explore.unit import choose_unit, render_unit


def render(selection: Selection) -> None:
    """The layers below each other, and next to them the unit that is open."""
    stages = data.network(selection.run.id)
    values = activations(stages, selection.image[None])

    def opened(number: int, unit: int) -> None:
        if number < len(stages) and stages[number].has_units:
            open_unit(stages[number].name, unit)

    layers, opening = st.columns([560, 320], gap="medium")
    with opening, st.container(key="explore-unit", border=True):
        number, unit = choose_unit(stages, values)
        below = st.container()
    with layers:
        render_flow(stages, values, (number, unit), opened)
        st.html(
            f'<div class="outputs"><h4>outputs</h4><div class="answer">{bars(Prediction(values[-1][0]))}</div></div>'
        )
    with below:
        render_unit(selection, stages, values, number, unit)
