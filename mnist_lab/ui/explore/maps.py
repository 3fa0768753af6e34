"""The test images in two dimensions, with the image among its nearest neighbours."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_lab.errors import MnistLabError
from mnist_lab.exploring.spaces import among, features, nearest
from mnist_lab.networks.stages import Array, Stage
from mnist_lab.plots.pixels import pixels
from mnist_lab.store.rooms import Room
from mnist_lab.ui.explore import data
from mnist_lab.ui.explore.address import COLOR, KIND, NUMBER, SEEN_BY, SOURCE, TEST_IMAGE, known, remember
from mnist_lab.ui.explore.class_marks import choose_class, others
from mnist_lab.ui.explore.points import Others, Picked, Points, render_marks, render_points
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.turns import turn
from mnist_lab.ui.words import plain

PIXELS = "pixels"
PCA, TSNE = "PCA", "t-SNE"
KINDS, COLORS = (PCA, TSNE), ("label", "answer", "mistake")
HOW_TO = "Circle points to see them, scroll to come closer: close by, the points become images."
ABOUT_CLASS = " Diamonds are your class's digits, coloured by what was asked."
ABOUT_TSNE = "t-SNE keeps neighbours together; how large groups are, and how far apart, says little."


class Arranged(NamedTuple):
    """The test images on a map, where the image is among them, (2,), which points are nearest to it, a word on it, and
    where the digits of a class are.
    """

    points: Points
    star: Array
    near: NDArray[np.intp]
    about: str
    others: Others | None


@st.fragment
def render(selection: Selection) -> None:
    """The map, what is nearest to the image, and what is picked; what keeps it from being drawn, where that is so."""
    try:
        _render(selection)
    except MnistLabError as error:
        st.error(plain(error))


def _render(selection: Selection) -> None:
    stages = data.network(selection.run.id)
    number, kind, color = _choose(stages)
    room = choose_class()
    with turn(kind, KINDS):  # a wait for t-SNE, too
        shown = _arranged(selection, stages, number, kind, room)
    st.html(_images("Nearest to it", shown.near * shown.points.step))
    picked = render_points(shown.points, color)
    render_marks(shown.points, shown.star, shown.near, shown.others)
    st.caption(f"{shown.about} {HOW_TO}{ABOUT_CLASS if shown.others else ''}")
    with turn("picked" if picked.images else "none", ("picked", "none")):
        if picked.images:
            _render_picked(picked)


def _arranged(selection: Selection, stages: Sequence[Stage], number: int, kind: str, room: Room | None) -> Arranged:
    run_id = selection.run.id
    with st.spinner("Running all test images through the network …"):
        space = data.space(run_id, number)
    here = space.place(features(stages, number, selection.image[None]))[0]
    flat = _flat(run_id, number) if kind == TSNE else None
    step = 1 if flat is None else data.every(len(space.places))
    drawn = others(room, run_id, stages, number, space, flat, step) if room else None
    if flat is None:
        about = (
            f"The two directions in which the images differ most: {space.shares[:2].sum():.0%} of all their variance."
        )
        points = _points(run_id, space.places[:, :2], 1)
        return Arranged(points, here[:2], nearest(space.places, here), about, drawn)
    places = space.places[::step]
    return Arranged(_points(run_id, flat, step), among(places, flat, here), nearest(places, here), ABOUT_TSNE, drawn)


def _render_picked(picked: Picked) -> None:
    st.html(_images(f"{picked.total:,} picked", picked.images))
    if picked.total == 1 and st.button(
        "Look at this image", icon=":material/travel_explore:", on_click=_look_at, args=picked.images
    ):
        st.rerun()


def _look_at(number: int) -> None:
    st.session_state[SOURCE], st.session_state[NUMBER] = TEST_IMAGE, number


def _choose(stages: Sequence[Stage]) -> tuple[int, str, str]:
    names = {PIXELS: 0} | {stage.name: number for number, stage in enumerate(stages) if number}
    for key, options, usual in (
        (SEEN_BY, names, list(names)[-2]),
        (KIND, KINDS, PCA),
        (COLOR, COLORS, COLORS[0]),
    ):
        known(key, options, usual)
    left, middle, right = st.columns([2, 2, 3])
    layer = left.selectbox("As seen by", list(names), key=SEEN_BY, persist_state="session")
    kind = middle.segmented_control("Map", KINDS, required=True, key=KIND, persist_state="session")
    color = right.segmented_control("Colour", COLORS, required=True, key=COLOR, persist_state="session")
    remember(seen_by=layer, map=kind, colour=color)
    return names[layer], str(kind), str(color)


def _flat(run_id: str, number: int) -> Array | None:
    """The places by t-SNE, or None until they are there."""
    found = data.flattened(run_id, number)
    if not found.done():
        st.fragment(_wait, run_every=1.0)(run_id, number)
        return None
    try:
        return found.result()
    except MnistLabError as error:
        st.warning(plain(error))
        return None


def _wait(run_id: str, number: int) -> None:
    """Say that t-SNE takes its time, and show it once it is there."""
    if data.flattened(run_id, number).done():
        st.rerun()
    st.info("t-SNE arranges some of the test images in the background; it takes a minute or so. Until then: PCA.")


def _points(run_id: str, flat: Array, step: int) -> Points:
    evaluation = data.evaluation(run_id)
    labels, answers = evaluation.labels[::step], evaluation.answers[::step]
    return Points(flat, data.dataset().x_test, labels, answers, step)


def _images(title: str, places: Iterable[int] | np.ndarray) -> str:
    images = data.dataset()
    figures = "".join(
        f"<figure>{pixels(images.x_test[place] / 255, f'Test image {place}', side=62)}"
        f"<figcaption><b>{images.y_test[place]}</b></figcaption></figure>"
        for place in places
    )
    return f'<div class="found"><h5>{title}</h5><div class="strip">{figures}</div></div>'
