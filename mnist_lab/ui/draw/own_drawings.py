"""The person's own labelled drawings: kept on a click only, seen, scored, downloaded and deleted here."""

import io

import numpy as np
import streamlit as st
from PIL import Image

from mnist_lab.errors import MnistLabError
from mnist_lab.store.own_drawings import OwnDrawing, OwnSet
from mnist_lab.store.own_scores import OwnScores
from mnist_lab.ui import resources
from mnist_lab.ui.answer import Reading
from mnist_lab.ui.canvas.sources import Picture
from mnist_lab.ui.models import labels, predictors
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import plain

SHOWN = 24
ACROSS = 8


def render_own(picture: Picture | None, reading: Reading | None, model: str) -> None:
    """Label the drawing at hand, and the drawings that are kept."""
    own = OwnSet.default(visitor())
    if picture is None or reading is None:
        st.caption("Draw a digit, then say which one it was: it is kept here, and nothing else ever is.")
    else:
        st.pills("It was a", range(10), key="it_was", on_change=_keep, args=(own, picture, reading, model))
        st.caption(
            "A click keeps the drawing with that label, on the lab's disk, for this browser alone. Below you see how "
            "each network reads what you kept, download it and delete it."
        )
    listing = own.listing()
    for problem in listing.problems.values():
        st.warning(plain(problem))
    if listing.drawings:
        _render_drawings(own, listing.drawings)
        _render_scores(own, listing.drawings)


def _keep(own: OwnSet, picture: Picture, reading: Reading, model: str) -> None:
    chosen = st.session_state["it_was"]
    st.session_state["it_was"] = None
    if chosen is None:
        return
    prediction = reading.prediction
    try:
        own.add(chosen, _png(reading), picture.strokes, prediction.digit, prediction.confidence, model)
        st.toast(f"Kept as a {chosen}.", icon=":material/check:")
    except MnistLabError as error:
        st.toast(plain(error), icon=":material/error:")


def _render_drawings(own: OwnSet, drawings: list[OwnDrawing]) -> None:
    latest = drawings[::-1][:SHOWN]
    for start in range(0, len(latest), ACROSS):
        with st.container(horizontal=True):
            for drawing in latest[start : start + ACROSS]:
                with st.container(width=96):
                    st.image(drawing.png, width=84, caption=f"{drawing.label}, read as {drawing.record.answer}")
                    st.button("Delete", key=f"delete-{drawing.id}", on_click=own.delete, args=(drawing.id,))
    st.download_button(
        f"Download all {len(drawings)}", own.zipped, "my-digits.zip", "application/zip", icon=":material/download:"
    )


def _render_scores(own: OwnSet, drawings: list[OwnDrawing]) -> None:
    rows, scores = [], OwnScores(own)
    names = labels(resources.models())
    for run_id, predictor in predictors(names).items():
        right = scores.answer(run_id, predictor, drawings)
        rows.append({"model": names[run_id], "right": sum(right.values()), "of": len(right)})
    st.dataframe(rows, hide_index=True, width="content")


def _png(reading: Reading) -> bytes:
    buffer = io.BytesIO()
    image = reading.image
    if not isinstance(image, Image.Image):
        array = np.asarray(image)
        image = Image.fromarray(array if array.dtype == np.uint8 else np.round(array * 255).astype(np.uint8))
    image.convert("RGB").save(buffer, format="PNG")
    return buffer.getvalue()
