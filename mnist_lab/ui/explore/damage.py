"""Damage a network, and see what it still knows."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from mnist_lab.config.damage import FULL, Damage
from mnist_lab.config.settings import DatasetName
from mnist_lab.datasets.mnist import Dataset, load
from mnist_lab.errors import MnistLabError
from mnist_lab.exploring.damage import Left, changed, left_over
from mnist_lab.networks.stages import Array, Stage, read
from mnist_lab.plots.damage import course_figure
from mnist_lab.plots.pictures import laid_out, signed
from mnist_lab.plots.pixels import pixels
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.store.run import MODEL, Run
from mnist_lab.ui import resources
from mnist_lab.ui.allowed import may_train
from mnist_lab.ui.answer import bars, short_percent
from mnist_lab.ui.explore import data
from mnist_lab.ui.explore.address import UNIT
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import plain

BITS = (FULL, 8, 6, 5, 4, 3, 2, 1)
ALL = "all layers"
ALONG = "damage_along"  # in the session: the kind of damage whose slider was moved last


class Kind(NamedTuple):
    """One kind of damage, along which the accuracy is drawn: at these values, and what it is."""

    values: Sequence[float]
    words: str


KINDS = {
    "off": Kind([step / 10 for step in range(11)], "units switched off"),
    "bits": Kind(BITS, "bits of each weight"),
    "noise": Kind([step / 5 for step in range(16)], "noise on the weights"),
}


def render(selection: Selection) -> None:
    """Three sliders; the accuracy and the answer change as they move, and a curve shows where the last one stands."""
    run = selection.run
    asked = _choose(run.id)
    images = data.dataset()
    whole, left = (_left(run.id, damage, images.name) for damage in (Damage(), asked))
    answer = left.predictor.predict(selection.image)
    knows, says = st.columns([480, 380], gap="large")
    with knows:
        st.html(
            f'<div class="damage"><b>{short_percent(left.accuracy)}</b>'
            f"<span>{_of_what(left.images, images)}; undamaged {short_percent(whole.accuracy)}</span></div>"
        )
        course = _course(run.id, asked, st.session_state.get(ALONG, "off"), images.name)
        st.plotly_chart(course, key="damage-course", config=NO_TOOLBAR)
    says.html(
        f'<div class="damage"><b class="digit">{answer.digit}</b>'
        f"<span>is what it reads now, with {short_percent(answer.confidence)}</span></div>"
        f'<div class="answer">{bars(answer)}</div>'
    )
    st.html(_weights(run.id, whole.content, left.content, asked))
    _render_keep(run, asked)


def _render_keep(run: Run, asked: Damage) -> None:
    """A button that makes a run of what is left, to be drawn with and compared like others."""
    about = "Measured on all test images, it stands among your runs: draw with it, or compare it with the undamaged."
    disabled = asked.does_nothing or run.asked.damage is not None  # of a copy no copy: its name would say half of it
    if st.button("Keep it as a run", icon=":material/save:", key="damage-keep", disabled=disabled, help=about):
        _keep(run, asked)


def _keep(run: Run, asked: Damage) -> None:
    name = f"{run.name}, {asked}"
    try:
        may_train([run.config.model_copy(update={"epochs": 1})])
        beside, owner = run.asked.beside, visitor()
        resources.engine().submit(run.config, name, parent=run.id, damage=asked, beside=beside, owner=owner)
    except MnistLabError as error:
        st.toast(plain(error), icon=":material/error:")
    else:
        st.toast(f"**{plain(name)}** is being measured. It then stands on Compare.", icon=":material/save:")


def _choose(run_id: str) -> Damage:
    names = [stage.name for stage in data.network(run_id) if stage.has_units]
    state = st.session_state
    if state.get("damage_layer") not in names:
        state["damage_layer"] = ALL
    first, second, third, fourth = st.columns(4)
    off = first.slider("Units switched off", 0, 100, 0, 5, format="%d %%", **_slider("off"))
    bits = second.select_slider("Bits of each weight", BITS, **_slider("bits"))
    noise = third.slider("Noise on the weights", 0, 300, 0, 10, format="%d %%", **_slider("noise"))
    layer = fourth.selectbox("Where", [ALL, *names], key="damage_layer", persist_state="session")
    return Damage(off=off / 100, bits=bits, noise=noise / 100, layer=None if layer == ALL else layer)


def _slider(kind: str) -> dict[str, Any]:
    return {"key": f"damage_{kind}", "persist_state": "session", "on_change": _moved, "args": (kind,)}


def _moved(kind: str) -> None:
    st.session_state[ALONG] = kind


@lru_cache(maxsize=48)
def _course(run_id: str, asked: Damage, field: str, name: DatasetName) -> go.Figure:
    """The accuracy along one kind of damage, the others as they are."""
    kind, now = KINDS[field], getattr(asked, field)
    values = sorted({*kind.values, now}, reverse=field == "bits")
    found = {each: _accuracy(run_id, asked.model_copy(update={field: each}), name) for each in values if each != now}
    found[now] = _left(run_id, asked, name).accuracy
    return course_figure({each: found[each] for each in values}, now, kind.words, in_bits=field == "bits")


@lru_cache(maxsize=2048)
def _accuracy(run_id: str, asked: Damage, name: DatasetName) -> float:
    """Of a damage along the curve, whose network is let go again."""
    return _left_over(run_id, asked, name).accuracy


@lru_cache(maxsize=48)
def _left(run_id: str, asked: Damage, name: DatasetName) -> Left:
    return _left_over(run_id, asked, name)


def _left_over(run_id: str, asked: Damage, name: DatasetName) -> Left:
    store = resources.store()
    return left_over(store.read(run_id, MODEL), store.get(run_id).config, asked, load(name))


def _of_what(count: int, images: Dataset) -> str:
    """Of which images the accuracy is: all test images, or a sample of them."""
    name = "MNIST's" if images.name == "mnist" else "the small digits'"
    everything = f"{name} {len(images.y_test):,} test images"
    if count == len(images.y_test):
        return f"of {everything} are read right"
    return f"of {count:,} images are read right, a sample of {everything}"


def _weights(run_id: str, whole: bytes, left: bytes, asked: Damage) -> str:
    """The weights of one unit before and after, in each layer where the damage shows, or else in the first."""
    scaling = resources.store().get(run_id).config.scaling
    before, after = read(whole, scaling), read(left, scaling)
    first = next(number for number, stage in enumerate(before) if stage.has_units)
    shown = changed(before, asked) or [first]
    return "".join(_beside(before[number], after[number]) for number in shown)


def _beside(before: Stage, after: Stage) -> str:
    """The weights of one unit of a layer in two networks, in the same colours."""
    unit = min(st.session_state.get(UNIT) or 0, before.units - 1)
    pictures = [_picture(stage.weights[..., unit]) for stage in (before, after)]
    most = max(float(np.nanmax(np.abs(picture))) for picture in pictures)
    words = f"weights of unit {unit} of {before.name}, before", "and after"
    figures = [
        f"<figure>{pixels(signed(picture, most), what, side=170)}<figcaption>{what}</figcaption></figure>"
        for picture, what in zip(pictures, words, strict=True)
    ]
    return f'<div class="strip beside">{"<span>→</span>".join(figures)}</div>'


def _picture(weights: Array) -> NDArray[np.floating[Any]]:
    side = round(len(weights) ** 0.5)
    return laid_out(weights.reshape(side, side) if weights.ndim == 1 and side**2 == len(weights) else weights)
