"""The images that most excite the outputs, or the units of a layer."""

import streamlit as st

from mnist_lab.comparing.formatting import decimal
from mnist_lab.exploring.findings import Dreams
from mnist_lab.exploring.questions import asked
from mnist_lab.plots.pixels import pixels
from mnist_lab.ui.answer import short_percent
from mnist_lab.ui.asking import ask
from mnist_lab.ui.explore import data
from mnist_lab.ui.explore.address import DREAM, known, remember
from mnist_lab.ui.explore.selection import Selection

OUTPUTS = "outputs"
AT_ONCE = 10


def render(selection: Selection) -> None:
    """A layer, and a picture for each of ten of its units."""
    units = {stage.name: stage.units for stage in reversed(data.network(selection.run.id)) if stage.has_units}
    known(DREAM, units, OUTPUTS)
    with st.container(horizontal=True, vertical_alignment="bottom", key="dream-choice"):
        layer = st.selectbox("Layer", list(units), key=DREAM, persist_state="session", width=220)
        remember(dream=None if layer == OUTPUTS else layer)
        groups = range(0, units[layer], AT_ONCE)
        first = 0
        if len(groups) > 1:
            words = {start: f"{start} to {min(start + AT_ONCE, units[layer]) - 1}" for start in groups}
            first = st.selectbox("Units", groups, format_func=words.__getitem__, width=160)
        smooth = st.toggle("Smooth", value=True, help="Blur, shift and fade on the way. Off: the bare gradient's way.")
    count = min(AT_ONCE, units[layer] - first)
    question = asked(Dreams, selection.run.id, layer.replace(" ", "_"), first, count, smooth)
    found = ask(Dreams, question, "A worker dreams …")
    if found:
        st.html(f'<div class="dreams">{_figures(found, first, layer == OUTPUTS)}</div>')
        st.caption(_about(layer == OUTPUTS, smooth))


def _figures(found: Dreams, first: int, of_outputs: bool) -> str:
    figures = []
    for place, image in enumerate(found.images):
        bright = image / max(float(image.max()), 1e-6)
        before, after = found.excitement[place]
        rise = f"{decimal(before, 1)} → {decimal(after, 1)}"
        said = short_percent(float(found.probabilities[place, place])) if of_outputs else rise
        name = str(first + place)
        figures.append(
            f"<figure>{pixels(bright, f'What excites {name} most', side=150)}"
            f"<figcaption><b>{name}</b><span>{said}</span></figcaption></figure>"
        )
    return "".join(figures)


def _about(of_outputs: bool, smooth: bool) -> str:
    what = (
        "From a little noise, each picture was changed step by step so that its output grows; below is how sure the "
        "network is of it. It never had to draw: it only knows what tells digits apart, not what a digit is."
        if of_outputs
        else "From a little noise, each picture was changed step by step so that its unit's sum grows; below is that "
        "sum for a black image and for the picture."
    )
    bare = "" if smooth else " Without smoothing, noise that nobody would read is enough to convince it."
    return what + bare
