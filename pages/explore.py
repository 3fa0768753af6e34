"""Open a network and look around: one image and one network, one view at a time."""

import streamlit as st

from mnist_lab.errors import MnistLabError
from mnist_lab.store.run import Run
from mnist_lab.ui.canvas.live import watch_canvas
from mnist_lab.ui.explore import activations, architecture, damage, dream, learning, maps, neuron, past, why
from mnist_lab.ui.explore.address import VIEW, open_address, remember
from mnist_lab.ui.explore.choosing import Choice, choose_image, choose_run, selected
from mnist_lab.ui.explore.selection import View
from mnist_lab.ui.explore.verdict import render_verdict
from mnist_lab.ui.shell import open_page
from mnist_lab.ui.turns import turn
from mnist_lab.ui.words import plain

VIEWS = {
    "Activations": View(activations.render, live=True),
    "One neuron": View(neuron.render, live=True),
    "Why": View(why.render),
    "Map": View(maps.render, live=True),
    "Damage": View(damage.render, live=True),
    "Dream": View(dream.render),
    "Time machine": View(past.render),
    "Learning": View(learning.render),
    "Architecture": View(architecture.render),
}

open_page("Explore", "Open a network and watch a digit run through it.")
open_address(list(VIEWS))


@st.fragment
def explore() -> None:
    left, right = st.columns([300, 880], gap="medium")
    with left, st.container(key="explore-choice"):
        above = st.container()
        run = choose_run()
        with above:
            choice = choose_image(run)
    with right:
        look(run, choice)


@st.fragment
def look(run: Run, choice: Choice) -> None:
    """Runs alone, without the canvas, while a stroke grows."""
    if st.session_state.get(VIEW) not in VIEWS:
        st.session_state[VIEW] = next(iter(VIEWS))
    view = st.segmented_control(
        "View", list(VIEWS), required=True, key=VIEW, persist_state="session", label_visibility="collapsed"
    )
    remember(view=view)
    selection = selected(run, choice)
    with turn(view, VIEWS):
        try:
            render_verdict(selection)
            VIEWS[view].render(selection)
        except MnistLabError as error:
            st.error(plain(error))
    if choice.canvas and VIEWS[view].live:
        watch_canvas(choice.canvas)


explore()
