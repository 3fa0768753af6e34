"""What a network makes of a picture, as light HTML: it changes with every movement of the pen."""

import html
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import streamlit as st

from mnist_lab.errors import MnistLabError
from mnist_lab.images.preprocessing import FloatImage, prepare
from mnist_lab.images.segmentation import segments
from mnist_lab.inference.predictor import Prediction
from mnist_lab.inference.rejection import Doubt, verdict
from mnist_lab.plots.pixels import pixels
from mnist_lab.store.runs import DEFAULT_MODEL
from mnist_lab.ui import resources
from mnist_lab.ui.words import plain

WORDS = {
    Doubt.SURE: "sure",
    Doubt.NOT_SURE: "not sure",
    Doubt.NOT_A_DIGIT: "this does not look like a digit",
}
LAST = "last_reading"
OPINIONS = {"logistic-mnist": "straight lines only", "dense-128-dropout": "small network", DEFAULT_MODEL: "best"}
"""Networks that are asked besides, and what they are to people: where these disagree, there is something to learn."""


class Reading(NamedTuple):
    """One digit: its part of the picture, what the network sees of it, its answer, and how far to believe that.

    `opinions` are what the networks of OPINIONS answer, by their names; none where it is no digit, and None where it
    stands among several.
    """

    image: Any
    seen: FloatImage
    prediction: Prediction
    doubt: Doubt
    opinions: Mapping[str, Prediction] | None


def read(image: Any, model: str, several: bool) -> list[Reading]:
    """The digit in an image, or all of `several` from left to right; none where there is no ink, or no answer.

    The visitor's last image is read once, however often it is asked for.
    """
    asked = (image, model, several)
    before, readings = st.session_state.get(LAST, ((None, "", False), []))
    if before[0] is not image or before[1:] != asked[1:]:
        try:
            readings = readings_of(image, model, several)
        except MnistLabError as error:
            st.error(plain(error))
            readings = []
        st.session_state[LAST] = asked, readings
    return list(readings)


def readings_of(image: Any, model: str, several: bool) -> list[Reading]:
    """The digit in an image, or all of `several` from left to right. Raises RunError where the model cannot answer."""
    parts = [segment.image for segment in segments(image)] if several else [image]
    prepared = [(part, prepare(part)) for part in parts]
    predictor = resources.predictor(model)
    found = []
    for part, seen in prepared:
        if seen is not None:
            prediction = predictor.predict(seen)
            doubt = verdict(prediction, seen)
            asked = () if doubt is Doubt.NOT_A_DIGIT else OPINIONS
            opinions = None if several else _opinions(asked, seen, {model: prediction})
            found.append(Reading(part, seen, prediction, doubt, opinions))
    return found


def _opinions(asked: Iterable[str], seen: FloatImage, known: Mapping[str, Prediction]) -> dict[str, Prediction]:
    """What these networks say, as far as they can be asked; what is `known` is not asked again."""
    found = {}
    for name in asked:
        with suppress(MnistLabError):
            found[name] = known[name] if name in known else resources.predictor(name).predict(seen)
    return found


def write_answer(readings: list[Reading], otherwise: str = "", several: bool = False) -> str:
    """HTML: the digit first and large, ten bars, the 28 x 28 image that the network sees, and what other networks say;
    `several` side by side.

    Where there is no digit, what is `otherwise` to say, without a digit in it.
    """
    if not readings:
        opinions = _written(None if several else {})
        prompt = f'<div class="prompt">{html.escape(otherwise)}</div>'
        return f'<div class="answer blank">{prompt}{bars(None)}{opinions}</div>'
    if len(readings) == 1:
        return _one(readings[0])
    number = "".join(str(reading.prediction.digit) for reading in readings)
    cards = "".join(f'<div class="card">{_one(reading)}</div>' for reading in readings)
    return f'<div class="number">{number}</div><div class="cards">{cards}</div>'


def _one(reading: Reading) -> str:
    prediction, doubt = reading.prediction, reading.doubt
    return (
        f'<div class="answer {doubt.name.lower()}"><div class="verdict"><div class="digit">{prediction.digit}</div>'
        f'<div class="sure"><b>{certainty(prediction, doubt)}</b><span>{WORDS[doubt]}</span></div>'
        f"<figure>{pixels(reading.seen, 'The 28 by 28 image that the network sees')}"
        f"<figcaption>what the network sees</figcaption></figure></div>"
        f"{bars(prediction, doubt is not Doubt.NOT_A_DIGIT)}{_written(reading.opinions, prediction.digit)}</div>"
    )


def _written(opinions: Mapping[str, Prediction] | None, digit: int | None = None) -> str:
    """What each network says, marked where that is another digit; room for it where none says anything.

    The networks' own names are drawn by the style sheet, since there are digits in them.
    """
    if opinions is None:
        return ""
    cells = []
    for name, what in OPINIONS.items():
        said = opinions.get(name)
        differs = ' class="differs"' if said and said.digit != digit else ""
        answer = f"<b>{said.digit}</b><em>{html.escape(short_percent(said.confidence))}</em>" if said else "<b></b>"
        cells.append(f'<div{differs}><span>{what}</span>{answer}<small data-name="{name}"></small></div>')
    return f'<div class="opinions" role="group" aria-label="What three networks say">{"".join(cells)}</div>'


def certainty(prediction: Prediction, doubt: Doubt) -> str:
    """How sure the network is; nothing where it says so of what is no digit, since one answer is enough."""
    return "" if doubt is Doubt.NOT_A_DIGIT else short_percent(prediction.confidence)


def bars(prediction: Prediction | None, numbers: bool = True) -> str:
    """Ten bars, 0 to 9, with their `numbers` or without.

    Their digits are drawn by the style sheet, so that an empty answer holds none.
    """
    rows = []
    for digit in range(10):
        share = float(prediction.probabilities[digit]) if prediction else 0.0
        first = " first" if prediction and digit == prediction.digit else ""
        rows.append(
            f'<div class="bar{first}"><span data-digit="{digit}"></span><i><b style="width:{share:.1%}"></b></i>'
            f"<em>{html.escape(short_percent(share)) if prediction and numbers else ''}</em></div>"
        )
    return f'<div class="bars" role="img" aria-label="Probability of each digit">{"".join(rows)}</div>'


def short_percent(share: float) -> str:
    """A share of one with one decimal; neither 100 % nor 0 % for what only comes near."""
    if share >= 0.9995:
        return "> 99.9 %"
    if share < 0.0005:
        return "< 0.1 %"
    return f"{100 * share:.1f} %"
