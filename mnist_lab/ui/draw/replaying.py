"""The drawing drawn again, with what the network said meanwhile. It plays in the browser, which has all of it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_lab.exploring.replay import Moment, decided, growth, replay
from mnist_lab.inference.predictor import Prediction, Predictor
from mnist_lab.plots.drawings import replay_figure
from mnist_lab.plots.pixels import pixels
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.ui.answer import bars
from mnist_lab.ui.canvas.sources import Picture

HERE = Path(__file__).parent

_player = st.components.v2.component(
    "mnist_lab_replay",
    html='<div class="replay"><div class="moment"></div><div class="tools"><button type="button"></button>'
    '<input type="range" min="0" aria-label="How much is drawn"></div></div>',
    js=(HERE / "replaying.js").read_text("utf-8"),
    isolate_styles=False,
)


def render_replay(picture: Picture, digit: int, predictor: Predictor) -> None:
    """When it made up its mind on `digit`; the drawing plays as soon as it is there, and again on a click."""
    frames = list(growth(picture.strokes, pen_width=picture.pen_width))
    moments = replay(frames, predictor)
    when = decided(moments)
    if when is not None:
        st.markdown(f"It decided on **{digit}** after **{moments[when].share:.0%}** of the ink.")
    _player(key="replay", data={"moments": _moments(frames, moments)}, height="content")
    st.plotly_chart(replay_figure(moments), key="replay-figure", config=NO_TOOLBAR)


def _moments(frames: Sequence[NDArray[np.uint8]], moments: Sequence[Moment]) -> list[str]:
    """Each moment as HTML: the drawing so far, and the bars."""
    said = [Prediction(each.probabilities) if each.probabilities is not None else None for each in moments]
    return [
        f'{pixels(frame / 255.0, "The drawing so far", side=230)}<div class="answer">{bars(prediction)}</div>'
        for frame, prediction in zip(frames, said, strict=True)
    ]
