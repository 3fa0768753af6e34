"""The test images in two dimensions, with the image among its nearest neighbours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from mnist_lab.errors import MnistLabError
from mnist_lab.exploring.network import Array, Stage
from mnist_lab.exploring.spaces import among, features, nearest
from mnist_lab.plots.maps import Points, map_figure, selected_images
from mnist_lab.ui.explore import data
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.pixels import pixels

PIXELS = "pixels"
PCA, TSNE = "PCA", "t-SNE"
MOST_SHOWN = 48
TOOLS = {"displaylogo": False, "scrollZoom": True, "modeBarButtonsToRemove": ["toImage", "autoScale2d"]}


def render(selection: Selection) -> None:
    """The map, what is nearest to the image, and what is selected."""
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
    figure = map_figure(points, color, star, near)
    key = f"map-{run_id}-{number}-{kind}-{color}"
    st.html(_images("Nearest to it", points.images[near]))
    chosen: Any = st.plotly_chart(figure, key=key, config=TOOLS, on_select="rerun")
    picked = selected_images(points, color, chosen["selection"]["points"])
    if picked:
        st.html(_images(f"{len(picked):,} selected", np.array(picked[:: -(-len(picked) // MOST_SHOWN)])))
    else:
        st.caption("Draw a loop around points to see them, scroll to come closer.")


def _choose(stages: Sequence[Stage]) -> tuple[int, str, str]:
    names = {PIXELS: 0} | {stage.name: number for number, stage in enumerate(stages) if number}
    state = st.session_state
    if state.get("map_layer") not in names:
        state["map_layer"] = list(names)[-2]
    left, middle, right = st.columns([2, 2, 3])
    layer = left.selectbox("As seen by", list(names), key="map_layer", persist_state="session")
    state.setdefault("map_kind", PCA)
    kind = middle.segmented_control("Map", [PCA, TSNE], required=True, key="map_kind", persist_state="session")
    state.setdefault("map_color", "label")
    colors = ["label", "answer", "mistake"]
    color = right.segmented_control("Colour", colors, required=True, key="map_color", persist_state="session")
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
    images = np.arange(0, len(evaluation.labels), step)
    return Points(flat, images, evaluation.labels[images], evaluation.answers[images])


def _images(title: str, places: np.ndarray) -> str:
    images = data.dataset()
    figures = "".join(
        f"<figure>{pixels(images.x_test[place] / 255, f'Test image {place}', side=62)}"
        f"<figcaption><b>{images.y_test[place]}</b></figcaption></figure>"
        for place in places
    )
    return f'<div class="found"><h5>{title}</h5><div class="strip">{figures}</div></div>'
