"""Open a network and look around: one image and one network, one view at a time."""

import streamlit as st

from mnist_lab.errors import MnistLabError
from mnist_lab.store.run import Run
from mnist_lab.ui import fields
from mnist_lab.ui.canvas.live import watch_canvas
from mnist_lab.ui.explore import activations, architecture, damage, dream, learning, maps, neuron, past, why
from mnist_lab.ui.explore.address import VIEW, known, open_address, remember
from mnist_lab.ui.explore.choosing import Choice, choose_image, choose_run, selected
from mnist_lab.ui.explore.selection import View
from mnist_lab.ui.explore.verdict import render_verdict
from mnist_lab.ui.shell import open_page
from mnist_lab.ui.turns import turn
from mnist_lab.ui.words import plain

VIEWS = {  # three to see, three to ask, and three to break and grow
    "Activations": View(activations.render, "What does each layer make of it?", live=True, has_image=True),
    "One neuron": View(neuron.render, "What does one neuron work out?", live=True),
    "Architecture": View(architecture.render, "What is it made of, and where is the work?"),
    "Why": View(why.render, "Which ink made it say that?"),
    "Map": View(maps.render, "Which images are alike to it?", live=True),
    "Dream": View(dream.render, "What would it most like to see?"),
    "Damage": View(damage.render, "How much can it lose and still read?", live=True),
    "Time machine": View(past.render, "How did it come to know this?"),
    "Learning rate": View(learning.render, "How large may its steps be?"),
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
    names = list(VIEWS)
    known(VIEW, names, names[0])
    with st.container(key="explore-views"):
        view = st.segmented_control(
            "View",
            names,
            default=st.session_state[VIEW],
            required=True,
            key=fields.key(VIEW),
            label_visibility="collapsed",
        )
    st.session_state[VIEW] = view
    remember(view=view)
    selection, shown = selected(run, choice), VIEWS[view]
    with turn(view, VIEWS):
        st.subheader(shown.question, anchor=False)
        try:
            render_verdict(selection, with_image=choice.canvas is not None and not shown.has_image)
            shown.render(selection)
        except MnistLabError as error:
            st.error(plain(error))
        _render_way_on(names[(names.index(view) + 1) % len(names)])
    if choice.canvas and shown.live:
        watch_canvas(choice.canvas)


def _render_way_on(name: str) -> None:
    question = f"{VIEWS[name].question} · {name}"
    icon = ":material/arrow_forward:"
    st.button(question, key="explore-next", icon=icon, type="tertiary", on_click=fields.choose, args=(VIEW, name))


explore()
