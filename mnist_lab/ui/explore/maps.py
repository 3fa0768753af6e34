"""The test images in two dimensions, with the image among its nearest neighbours."""

from collections.abc import Iterable, Sequence

import numpy as np
import streamlit as st

from mnist_lab.errors import MnistLabError
from mnist_lab.exploring.network import Array, Stage
from mnist_lab.exploring.spaces import among, features, nearest
from mnist_lab.ui.explore import data
from mnist_lab.ui.explore.address import COLOR, KIND, NUMBER, SEEN_BY, SOURCE, TEST_IMAGE, remember
from mnist_lab.ui.explore.points import Points, render_marks, render_points
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.pixels import pixels

PIXELS = "pixels"
PCA, TSNE = "PCA", "t-SNE"
KINDS, COLORS = (PCA, TSNE), ("label", "answer", "mistake")


@st.fragment
def render(selection: Selection) -> None:
    """The map, what is nearest to the image, and what is picked."""
    run_id, stages = selection.run.id, data.network(selection.run.id)
    number, kind, color = _choose(stages)
    with st.spinner("Running all test images through the network …"):
        space = data.space(run_id, number)
    here = space.place(features(stages, number, selection.image[None]))[0]
    flat = _flat(run_id, number) if kind == TSNE else None
    step = 1 if flat is None else data.every(len(space.places))
    places = space.places[::step]
    near = nearest(places, here)
    star = here[:2] if flat is None else among(places, flat, here)
    points = _points(run_id, places[:, :2] if flat is None else flat, step)
    st.html(_images("Nearest to it", near * step))
    picked = render_points(points, color)
    render_marks(points, star, near)
    if not picked.images:
        st.caption("Circle points to see them, scroll to come closer: close by, the points become images.")
        return
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
        if st.session_state.get(key) not in options:
            st.session_state[key] = usual
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
        st.warning(str(error))
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
