"""Test images to look at: small ones side by side, and one large with what each network made of it."""

import html
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_lab.comparing.doubtful import SOURCE, Doubt, doubts
from mnist_lab.config import DatasetName
from mnist_lab.datasets import find_mnist, load, sha256
from mnist_lab.errors import DatasetError
from mnist_lab.evaluation import Evaluation
from mnist_lab.prediction import Prediction
from mnist_lab.ui.answer import bars, percent
from mnist_lab.ui.pixels import pixels, png

SHOWN = 24  # at first, and more at a click
HERE = Path(__file__).parent

_component = st.components.v2.component(
    "mnist_lab_gallery",
    html='<div class="gallery"></div>',
    css=(HERE / "gallery.css").read_text(),
    js=(HERE / "gallery.js").read_text(),
)


def test_images(dataset: DatasetName, evaluation: Evaluation) -> NDArray[np.uint8] | None:
    """The images that were answered, uint8 (n, 28, 28), or None where they are not on this machine."""
    try:
        if dataset == "mnist" and not find_mnist():
            return None
        found = load(dataset)
    except DatasetError:
        return None
    return found.x_test if sha256(found.y_test) == evaluation.test_set else None


def render_gallery(
    places: NDArray[np.int64],
    evaluations: Mapping[str, Evaluation],
    images: NDArray[np.uint8] | None,
    dataset: DatasetName,
    key: str,
) -> None:
    """The test images at these places with the answers of runs, by their names; a click shows one of them large."""
    limit = st.session_state.get(f"{key}-limit", SHOWN)
    if images is None:
        st.info("The images themselves are not on this machine: MNIST comes with the first visit to the Train page.")
        st.dataframe([_row(place, evaluations) for place in places[:limit].tolist()], hide_index=True, width="content")
    else:
        figures = [_figure(place, images[place], evaluations) for place in places[:limit].tolist()]
        clicked = _component(key=key, data=figures, on_image_change=lambda: None, height="content")
        if clicked.image is not None:
            _show(int(clicked.image), evaluations, images[int(clicked.image)], dataset)
    if len(places) > limit:
        st.button(
            f"Show more of the {len(places):,}",
            key=f"{key}-more",
            on_click=lambda: st.session_state.update({f"{key}-limit": 2 * limit}),
        )


def _figure(place: int, image: NDArray[np.uint8], evaluations: Mapping[str, Evaluation]) -> dict[str, Any]:
    first = next(iter(evaluations.values()))
    doubt = doubts(first).get(place)
    return {
        "place": place,
        "source": png(image / 255),
        "alt": f"Test image {place}",
        "lines": [f"a {first.labels[place]}, read as", *map(str, _answers(place, evaluations))],
        "badge": "label doubted" if doubt else "",
        "hint": said(doubt) if doubt else f"Test image {place}",
    }


def _answers(place: int, evaluations: Mapping[str, Evaluation]) -> list[str]:
    answers = [
        f"{evaluation.answers[place]} ({percent(float(evaluation.confidences[place]))})"
        for evaluation in evaluations.values()
    ]
    return answers if len(answers) <= 2 else [", ".join(str(each.answers[place]) for each in evaluations.values())]


def _row(place: int, evaluations: Mapping[str, Evaluation]) -> dict[str, Any]:
    first = next(iter(evaluations.values()))
    answers = {
        name: f"{each.answers[place]} ({percent(float(each.confidences[place]))})" for name, each in evaluations.items()
    }
    return {"image": place, "label": int(first.labels[place]), **answers, "doubted": place in doubts(first)}


def said(doubt: Doubt) -> str:
    """What five people saw in an image: "Of 5 people, 2 see the label, a 4; 2 a 9; 1 neither (…)."."""
    counts = [f"{doubt.saw_label} see a {doubt.label} as labelled", f"{doubt.saw_proposed} a {doubt.proposed}"]
    if doubt.saw_neither:
        counts.append(f"{doubt.saw_neither} neither")
    return f"Of 5 people, {', '.join(counts)} (Northcutt et al. 2021)."


@st.dialog("Test image", width="large")
def _show(place: int, evaluations: Mapping[str, Evaluation], image: NDArray[np.uint8], dataset: DatasetName) -> None:
    first = next(iter(evaluations.values()))
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.html(pixels(image / 255, f"Test image {place}", side=224))
        st.markdown(f"**Test image {place}**, labelled **{first.labels[place]}**")
        if doubt := doubts(first).get(place):
            st.warning(f"{said(doubt)} [Source]({SOURCE})", icon=":material/help:")
    with right:
        for name, evaluation in evaluations.items():
            st.markdown(f"**{name}** reads a **{evaluation.answers[place]}**")
            st.html(f'<div class="answer">{bars(Prediction(evaluation.probabilities[place]))}</div>')
