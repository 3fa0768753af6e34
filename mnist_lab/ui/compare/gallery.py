"""Test images to look at: small ones side by side, and one large with what each network made of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_lab.comparing.doubtful import SOURCE, Doubt, doubts
from mnist_lab.datasets.mnist import load_test_part, sha256
from mnist_lab.errors import DatasetError
from mnist_lab.inference.predictor import Prediction
from mnist_lab.plots.pictures import data_url
from mnist_lab.plots.pixels import pixels
from mnist_lab.ui.answer import bars, short_percent
from mnist_lab.ui.compare.tested import Tested
from mnist_lab.ui.words import plain

SHOWN = 24  # at first; each click on "Show more" doubles it
FEW = 2  # runs whose ten probabilities are shown side by side; of more, only the answers
HERE = Path(__file__).parent

_component = st.components.v2.component(
    "mnist_lab_gallery",
    html='<div class="gallery"></div>',
    css=(HERE / "gallery.css").read_text("utf-8"),
    js=(HERE / "gallery.js").read_text("utf-8"),
)


def render_gallery(
    places: NDArray[np.int64], group: Sequence[Tested], key: str, readers: Sequence[Tested] = ()
) -> None:
    """The test images at these places; a click shows one large with the answers of all runs of the group.

    Below a small one is what the `readers` made of it, or all of the group where none are named. Where the images
    cannot be read, a table says what was answered.
    """
    limit = st.session_state.get(f"{key}-limit", SHOWN)
    shown, images = places[:limit].tolist(), _test_images(group[0])
    if images is None:
        st.info("The images themselves cannot be read here, so these are the answers.", icon=":material/hide_image:")
        st.dataframe([_row(place, group) for place in shown], hide_index=True, width="content", key=f"{key}-rows")
    else:
        figures = [_figure(place, images[place], readers or group) for place in shown]
        clicked = _component(key=key, data=figures, on_image_change=lambda: None, height="content").image
        if clicked in shown:
            _show(clicked, images[clicked], group)
    if len(places) > limit:
        more = {f"{key}-limit": 2 * limit}
        st.button(
            f"Show more of the {len(places):,}", key=f"{key}-more", on_click=st.session_state.update, args=(more,)
        )


def _test_images(tested: Tested) -> NDArray[np.uint8] | None:
    """The images that were answered, uint8 (n, 28, 28), or None where they cannot be read."""
    try:
        found = load_test_part(tested.run.config.dataset)
    except DatasetError:
        return None
    return found.images if sha256(found.labels) == tested.evaluation.test_set else None


def _figure(place: int, image: NDArray[np.uint8], readers: Sequence[Tested]) -> dict[str, Any]:
    doubt = doubts(readers[0].evaluation).get(place)
    return {
        "place": place,
        "source": data_url(image / 255),
        "alt": f"Test image {place}",
        "lines": _lines(place, readers),
        "badge": "label doubted" if doubt else "",
        "hint": said(doubt) if doubt else f"Test image {place}",
    }


def _lines(place: int, readers: Sequence[Tested]) -> list[str]:
    label = readers[0].evaluation.labels[place]
    answers = sorted({int(each.evaluation.answers[place]) for each in readers})
    read = f"{label} read as {', '.join(map(str, answers))}"
    return [read, short_percent(float(readers[0].evaluation.confidences[place]))] if len(readers) == 1 else [read]


def _answer(place: int, tested: Tested) -> str:
    evaluation = tested.evaluation
    return f"{evaluation.answers[place]}, {short_percent(float(evaluation.confidences[place]))}"


def _row(place: int, group: Sequence[Tested]) -> dict[str, Any]:
    evaluation = group[0].evaluation
    row = {"test image": place, "label": int(evaluation.labels[place])}
    doubted = {"label doubted": place in doubts(evaluation)} if doubts(evaluation) else {}
    return row | {each.name: _answer(place, each) for each in group} | doubted


def said(doubt: Doubt) -> str:
    """What people saw in an image: "Of 5 people, 2 see a 4 as labelled, 2 a 9, 1 neither"."""
    counts = [f"{doubt.saw_label} see a {doubt.label} as labelled", f"{doubt.saw_proposed} a {doubt.proposed}"]
    neither = [f"{doubt.saw_neither} neither"] if doubt.saw_neither else []
    return f"Of 5 people, {', '.join(counts + neither)}"


@st.dialog("One test image", width="large")
def _show(place: int, image: NDArray[np.uint8], group: Sequence[Tested]) -> None:
    few = len(group) <= FEW
    columns = st.columns(1 + len(group) if few else [1, 2], gap="medium")
    with columns[0]:
        _render_image(place, image, group[0])
    for each, column in zip(group if few else (), columns[1:], strict=False):
        with column:
            st.markdown(f"**{plain(each.name)}** reads a **{each.evaluation.answers[place]}**")
            st.html(_in_colours(bars(Prediction(each.evaluation.probabilities[place]))))
            st.link_button("Look inside", _explore(place, each), icon=":material/travel_explore:")
    if not few:
        columns[1].dataframe(
            [{"run": each.name, "answer": _answer(place, each), "inside": _explore(place, each)} for each in group],
            hide_index=True,
            column_config={"inside": st.column_config.LinkColumn("", display_text="Look inside")},
        )


def _render_image(place: int, image: NDArray[np.uint8], tested: Tested) -> None:
    st.html(pixels(image / 255, f"Test image {place}", side=240))
    st.markdown(f"Test image {place}, labelled **{tested.evaluation.labels[place]}**")
    if doubt := doubts(tested.evaluation).get(place):
        st.warning(f"{said(doubt)} ([Northcutt et al. 2021]({SOURCE})).", icon=":material/help:")
    dataset = tested.run.config.dataset
    address = {"image": place} | ({"dataset": dataset} if dataset != "mnist" else {})
    st.link_button(
        "Draw on it",
        f"./?{urlencode(address)}",
        icon=":material/edit:",
        help="Opens it on the Draw page's canvas. There it goes the way of a drawing, so a close answer may change.",
    )


def _explore(place: int, tested: Tested) -> str:
    return f"explore?{urlencode({'run': tested.run.id, 'image': place})}"


def _in_colours(content: str) -> str:
    """Content of a dialog, which stands outside of the page and so does not have its light or dark colours."""
    scheme = st.context.theme.type or "light"
    return f'<div class="answer small" style="color-scheme:{scheme}">{content}</div>'
