"""What the network says to the image, above every view."""

import streamlit as st

from mnist_lab.inference.rejection import verdict
from mnist_lab.plots.pixels import pixels
from mnist_lab.ui import resources
from mnist_lab.ui.answer import WORDS, certainty, short_percent
from mnist_lab.ui.explore.selection import Selection


def render_verdict(selection: Selection) -> None:
    """The image, the digit in large type, how sure the network is, and whether it is right where that is known."""
    prediction = resources.predictor(selection.run.id).predict(selection.image)
    sure = short_percent(prediction.confidence)
    if selection.label is None:
        doubt = verdict(prediction, selection.image)
        sure, words = certainty(prediction, doubt), WORDS[doubt]
    elif selection.label == prediction.digit:
        words = "and so it is labelled"
    else:
        words = f"but it is labelled {selection.label}"
    wrong = selection.label not in (None, prediction.digit)
    with st.container(key="prediction"):
        st.html(
            f'<div class="verdict-line{" wrong" if wrong else ""}">{pixels(selection.image, selection.source, side=76)}'
            f"<span>→</span><b>{prediction.digit}</b><div><strong>{sure}</strong>"
            f"<em>{words}</em><em>{selection.source}</em></div></div>"
        )
