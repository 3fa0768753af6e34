"""What a network makes of a drawing, as light HTML: it changes with every stroke."""

import base64
import html
import io

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from PIL import Image

from mnist_lab.prediction import Prediction


def render_answer(prediction: Prediction | None, seen: NDArray[np.float32] | None) -> None:
    """The digit first and large, ten bars, and the 28 x 28 image that the network sees."""
    with st.container(key="prediction"):
        if prediction is None or seen is None:
            st.html(f'<div class="answer blank">Draw a digit{_bars(None)}</div>')
            return
        st.html(
            f'<div class="answer"><div class="verdict"><div class="digit">{prediction.digit}</div>'
            f'<div class="sure"><b>{_percent(prediction.confidence)}</b><span>sure</span></div>'
            f'<figure><img src="{_data_url(seen)}" alt="The 28 by 28 image that the network sees">'
            f"<figcaption>what the network sees</figcaption></figure></div>{_bars(prediction)}</div>"
        )


def _bars(prediction: Prediction | None) -> str:
    rows = []
    for digit in range(10):
        share = float(prediction.probabilities[digit]) if prediction else 0.0
        first = " first" if prediction and digit == prediction.digit else ""
        rows.append(
            f'<div class="bar{first}"><span data-digit="{digit}"></span><i><b style="width:{share:.1%}"></b></i>'
            f"<em>{html.escape(_percent(share)) if prediction else ''}</em></div>"
        )
    return f'<div class="bars" role="img" aria-label="Probability of each digit">{"".join(rows)}</div>'


def _percent(share: float) -> str:
    """A probability as people read it: never 100 % for what is not certain."""
    if share >= 0.9995:
        return "> 99.9 %"
    if share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.1f} %"


def _data_url(seen: NDArray[np.float32]) -> str:
    buffer = io.BytesIO()
    Image.fromarray(np.round(seen * 255).astype(np.uint8)).save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
