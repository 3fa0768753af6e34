"""Why this digit: which ink spoke for it, four ways, and how little would change the network's mind."""

from collections.abc import Iterable
from contextlib import suppress
from functools import lru_cache
from html import escape
from typing import NamedTuple

import numpy as np
import streamlit as st

from mnist_lab.comparing.formatting import decimal
from mnist_lab.errors import MnistLabError
from mnist_lab.exploring.counterfactuals import Flip, flip
from mnist_lab.exploring.findings import Why
from mnist_lab.exploring.occlusion import occlusion
from mnist_lab.exploring.questions import asked
from mnist_lab.images.preprocessing import SIDE, FloatImage
from mnist_lab.plots.pictures import signed
from mnist_lab.plots.pixels import pixels
from mnist_lab.ui import resources
from mnist_lab.ui.answer import short_percent
from mnist_lab.ui.asking import ask, begin
from mnist_lab.ui.explore.address import WHY, known, remember
from mnist_lab.ui.explore.selection import Selection

FAINT = 0.45  # how bright ink is beneath what is said about it


class Map(NamedTuple):
    """One way to say where the answer comes from: its picture, what it shows, and what it does not."""

    name: str
    picture: FloatImage | None
    shows: str
    limits: str


def render(selection: Selection) -> None:
    """The four maps for a digit, and below them the smallest strokes that flip the answer."""
    predictor = resources.predictor(selection.run.id)
    answer = predictor.predict(selection.image).digit
    digit = _choose_digit(answer)
    question = asked(Why, selection.run.id, digit, image=selection.image)
    with suppress(MnistLabError):  # which `ask` tells, below
        begin(question)  # a worker begins while the rest is found here
    place, waiting = st.empty(), st.container()
    blanked = Map(
        "Occlusion",
        _blanked(selection.run.id, digit, selection.image.tobytes()),
        "A 5 x 5 patch is blanked everywhere in turn: how much does the score fall?",
        "What two patches do together is not seen.",
    )
    _show(place, selection.image, [blanked])
    st.caption(f"Blue speaks for a {digit}, orange against it.")
    _render_mind(selection)
    with waiting:
        found = ask(Why, question, "A worker follows the gradients …")
    if found:
        _show(place, selection.image, [blanked, *_maps(found, selection.run.config.network == "cnn")])


def _choose_digit(answer: int) -> int:
    """The digit to be explained: the answer, until another is asked for, here or in the address."""
    key, state = f"why-{answer}", st.session_state
    if WHY in state:
        state[key] = state.pop(WHY)
    known(key, range(10), answer)
    digit = st.pills("Why a", range(10), key=key, required=True)
    assert digit is not None
    remember(why=None if digit == answer else digit)
    return digit


def _maps(found: Why, has_convolutions: bool) -> list[Map]:
    return [
        Map(
            "Gradient x input",
            found.gradient,
            "Each pixel times how steeply the score depends on it.",
            "Only the slope right here: a score that cannot rise further looks like one that does not care.",
        ),
        Map(
            "Integrated gradients",
            found.integrated,
            f"The same, gathered on the way from black: all pixels together make the score's whole rise, from "
            f"{decimal(found.scores[1], 1)} to {decimal(found.scores[0], 1)}.",
            "Black pixels get nothing, so ink that is missing cannot be blamed.",
        ),
        Map(
            "Grad-CAM",
            found.camera if found.camera.any() else None,
            "Where the last convolution found what speaks for the digit.",
            _about_camera(has_convolutions, bool(found.camera.any())),
        ),
    ]


def _about_camera(has_convolutions: bool, shows: bool) -> str:
    if not has_convolutions:
        return "This network has no convolutions, so there are no maps to look at."
    return (
        "Coarse: a cell of its maps covers several pixels." if shows else "On the whole, no map speaks for this digit."
    )


def _show(place: st.delta_generator.DeltaGenerator, image: FloatImage, maps: Iterable[Map]) -> None:
    figures = "".join(
        f"<figure>{pixels(_overlay(image, one.picture), one.name, side=210)}<figcaption><b>{one.name}</b>"
        f"<span>{escape(one.shows)}</span><small>{escape(one.limits)}</small></figcaption></figure>"
        for one in maps
    )
    place.html(f'<div class="whys">{figures}</div>')


def _overlay(image: FloatImage, importance: FloatImage | None) -> np.ndarray:
    """The ink, faint, with what it does in colour above it; the ink alone where nothing is known."""
    ink = np.repeat(image[..., np.newaxis] * FAINT, 3, axis=2)
    if importance is None:
        return ink
    colors = signed(importance)
    return ink * (1 - colors[..., 3:]) + colors[..., :3] * colors[..., 3:]


def _render_mind(selection: Selection) -> None:
    st.subheader("What would change its mind?", anchor=False)
    found = flips(selection.run.id, selection.image.tobytes())
    cards = "".join(_card(selection.image, one, verb) for one, verb in zip(found, ("Add", "Take away"), strict=True))
    st.html(f'<div class="minds">{cards}</div>')


@lru_cache(maxsize=128)
def flips(run_id: str, image: bytes) -> tuple[Flip | None, Flip | None]:
    """The smallest stroke to add and to take away that flips a run's answer to an image, float32 (28, 28) as bytes."""
    pixels, predictor = _read(image), resources.predictor(run_id)
    return flip(pixels, predictor, add=True), flip(pixels, predictor, add=False)


@lru_cache(maxsize=128)
def _blanked(run_id: str, digit: int, image: bytes) -> FloatImage:
    return occlusion(_read(image), resources.predictor(run_id), digit).importance


def _read(image: bytes) -> FloatImage:
    return np.frombuffer(image, np.float32).reshape(SIDE, SIDE)


def _card(image: FloatImage, found: Flip | None, verb: str) -> str:
    if found is None:
        return (
            f"<figure>{pixels(image, 'The image', side=150)}<figcaption><span>{verb} any one straight stroke "
            "and the answer stays.</span></figcaption></figure>"
        )
    stroke = signed(found.image - image, most=1.0)
    picture = image[..., np.newaxis] * FAINT * (1 - stroke[..., 3:]) + stroke[..., :3] * stroke[..., 3:]
    share = abs(found.change) / max(float(image.sum()), 1e-6)
    return (
        f"<figure>{pixels(picture, f'{verb} this stroke', side=150)}<figcaption><span>{verb} this stroke, "
        f"{100 * share:.0f} % of the ink, and it says</span><b>{found.prediction.digit}</b>"
        f"<em>{short_percent(found.prediction.confidence)}</em></figcaption></figure>"
    )
