"""Damage a network, and see what it still knows."""

from functools import lru_cache

import streamlit as st

from mnist_lab.config import DatasetName
from mnist_lab.datasets import load
from mnist_lab.exploring.damage import FULL, Damage, Left, left_over
from mnist_lab.exploring.network import read
from mnist_lab.plots.pictures import laid_out, signed
from mnist_lab.ui import resources
from mnist_lab.ui.answer import bars, percent
from mnist_lab.ui.explore import data
from mnist_lab.ui.explore.address import UNIT
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.pixels import pixels

BITS = (FULL, 8, 6, 5, 4, 3, 2, 1)
ALL = "all layers"


def render(selection: Selection) -> None:
    """Three sliders; the accuracy and the answer change as they move."""
    run = selection.run
    asked = _choose(run.id)
    images = data.dataset()
    whole, left = (_left(run.id, damage, images.name) for damage in (Damage(), asked))
    answer = left.predictor.predict(selection.image)
    name = "MNIST's" if images.name == "mnist" else "the small digits'"
    part = "" if left.images == len(images.y_test) else f"{left.images:,} of "
    of = f"{part}{name} {len(images.y_test):,} test images"
    numbers, bars_beside = st.columns([330, 480], gap="large")
    numbers.html(
        f'<div class="damage"><b>{percent(left.accuracy)}</b>'
        f"<span>right on {of}, undamaged {percent(whole.accuracy)}</span>"
        f'<i><u style="width:{left.accuracy:.1%}"></u></i>'
        f"<b>{answer.digit}</b><span>is what it reads now, with {percent(answer.confidence)}</span></div>"
    )
    bars_beside.html(f'<div class="answer">{bars(answer)}</div>')
    st.html(_weights(run.id, whole.content, left.content, asked))


def _choose(run_id: str) -> Damage:
    names = [stage.name for stage in data.network(run_id) if stage.has_units]
    state = st.session_state
    if state.get("damage_layer") not in names:
        state["damage_layer"] = ALL
    first, second, third, fourth = st.columns(4)
    off = first.slider("Units switched off", 0, 100, 0, 5, format="%d %%", key="damage_off", persist_state="session")
    bits = second.select_slider("Bits of each weight", BITS, key="damage_bits", persist_state="session")
    noise = third.slider(
        "Noise on the weights", 0, 300, 0, 10, format="%d %%", key="damage_noise", persist_state="session"
    )
    layer = fourth.selectbox("Where", [ALL, *names], key="damage_layer", persist_state="session")
    return Damage(off / 100, bits, noise / 100, None if layer == ALL else layer)


@lru_cache(maxsize=48)
def _left(run_id: str, asked: Damage, name: DatasetName) -> Left:
    store = resources.store()
    return left_over(store.read(run_id, "model.tflite"), store.get(run_id).config, asked, load(name))


def _weights(run_id: str, whole: bytes, left: bytes, asked: Damage) -> str:
    """The weights of one unit before and after, in the damaged layer or in the first."""
    scaling = resources.store().get(run_id).config.scaling
    figures = []
    for content, words in ((whole, "weights of a unit, before"), (left, "and after")):
        layers = [stage for stage in read(content, scaling) if stage.has_units]
        stage = next((stage for stage in layers if stage.name == asked.layer), layers[0])
        weights = stage.weights[..., min(st.session_state.get(UNIT) or 0, stage.units - 1)]
        side = round(len(weights) ** 0.5)
        if weights.ndim == 1 and side**2 == len(weights):
            weights = weights.reshape(side, side)
        figures.append(
            f"<figure>{pixels(signed(laid_out(weights)), words, side=170)}<figcaption>{words}</figcaption></figure>"
        )
    return f'<div class="strip beside">{"<span>→</span>".join(figures)}</div>'
