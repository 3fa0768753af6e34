"""What the network says to the image, above every view."""

import streamlit as st

from mnist_lab.inference.rejection import verdict
from mnist_lab.plots.pixels import pixels
from mnist_lab.ui import resources
from mnist_lab.ui.answer import WORDS, certainty, short_percent
from mnist_lab.ui.explore.selection import Selection


def render_verdict(selection: Selection, with_image: bool) -> None:
    """The digit in large type, how sure the network is, and whether it is right where that is known; the image ahead of
    it where the page shows it nowhere else.
    """
    prediction = resources.predictor(selection.run.id).predict(selection.image)
    sure = short_percent(prediction.confidence)
    if selection.label is None:
        doubt = verdict(prediction, selection.image)
        sure, words = certainty(prediction, doubt), WORDS[doubt]
    elif selection.label == prediction.digit:
        words = "correct"
    else:
        words = f"wrong: its label is {selection.label}"
    image = f"{pixels(selection.image, selection.source, side=76)}<span>→</span>" if with_image else ""
    wrong = selection.label not in (None, prediction.digit)
    with st.container(key="prediction"):
        st.html(
            f'<div class="verdict-line{" wrong" if wrong else ""}">{image}<b>{prediction.digit}</b>'
            f"<div><strong>{sure}</strong><em>{words}</em><em>{selection.source}</em></div></div>"
        )
