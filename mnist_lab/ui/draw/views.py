"""A closer look at the drawing, one view at a time: only what is open is computed."""

import html
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import streamlit as st

from mnist_lab.datasets.corruptions import CORRUPTIONS, corrupt
from mnist_lab.errors import DatasetError, MnistLabError
from mnist_lab.exploring.occlusion import occlusion
from mnist_lab.exploring.sensitivity import CHANGES, wobble
from mnist_lab.images.preprocessing import FloatImage, Step, prepare
from mnist_lab.inference.predictor import Prediction
from mnist_lab.inference.rejection import Doubt
from mnist_lab.plots.drawings import wobble_figure
from mnist_lab.plots.pixels import pixels
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.ui import crowd, resources
from mnist_lab.ui.answer import Reading, read, short_percent
from mnist_lab.ui.canvas.sources import Picture
from mnist_lab.ui.draw.own_drawings import render_own
from mnist_lab.ui.draw.replaying import render_replay
from mnist_lab.ui.models import labels, predictors
from mnist_lab.ui.turns import turn
from mnist_lab.ui.words import plain

STEP_NAMES = {
    Step.CLEAN: "without specks",
    Step.CROP: "crop",
    Step.STROKE_WIDTH: "even strokes",
    Step.SIZE: "20 px",
    Step.CENTRE: "centre",
}
OWN = "My drawings"
COMPARED = 4  # models at once, until the visitor chooses


class Subject(NamedTuple):
    """One digit to look at: the picture it is part of, its reading, and the model that read it."""

    picture: Picture
    reading: Reading
    model: str

    @property
    def seen(self) -> FloatImage:
        """What the model sees: float32 (28, 28) in [0, 1], ink bright."""
        return self.reading.seen

    @property
    def prediction(self) -> Prediction:
        """The model's answer."""
        return self.reading.prediction


def render_closer(picture: Picture | None, model: str, several: bool) -> None:
    """The choice of views and the one that is open; what does not look like a digit is shown next to some that are."""
    readings = read(picture.image, model, several) if picture else []
    in_doubt = len(readings) == 1 and readings[0].doubt is not Doubt.SURE
    with turn("doubt" if in_doubt else "none", ("doubt", "none")):
        if in_doubt:
            with st.container(key="doubt"):
                _nearest_once_ready(readings[0], say=False)
    chosen = st.segmented_control("Look closer", [*VIEWS, OWN], key="closer", persist_state="session")
    with turn(chosen or "none", (*VIEWS, OWN, "none")):
        if chosen:
            _render_view(chosen, picture, readings, model)


def _render_view(chosen: str, picture: Picture | None, readings: list[Reading], model: str) -> None:
    with st.container(key="closer-view", border=True):
        reading = _choose(readings) if readings else None
        try:
            if chosen == OWN:
                render_own(picture, reading, model)
            elif picture is None or reading is None:
                st.caption("Draw a digit first.")
            else:
                VIEWS[chosen](Subject(picture, reading, model))
        except MnistLabError as error:
            st.error(plain(error))


def _choose(readings: list[Reading]) -> Reading:
    if len(readings) == 1:
        return readings[0]
    names = [f"{place}: {reading.prediction.digit}" for place, reading in enumerate(readings, start=1)]
    chosen = st.segmented_control("Digit", names, default=names[0], required=True)
    return readings[names.index(chosen) if chosen in names else 0]


def _x_ray(subject: Subject) -> None:
    st.caption("What happens to the drawing on its way into the network, and what the network would answer after it.")
    predictor = resources.predictor(subject.model)
    kept = st.pills(
        "Steps that are on",
        list(Step),
        default=list(Step),
        selection_mode="multi",
        format_func=STEP_NAMES.__getitem__,
        key="steps",
        persist_state="session",
    )
    on = [step for step in Step if step in kept]
    figures = []
    for count in range(len(on) + 1):
        image = prepare(subject.reading.image, on[:count])
        if image is not None:
            name = STEP_NAMES[on[count - 1]] if count else "just resized"
            figures.append(_figure(image, name, predictor.predict(image)))
    st.html(f'<div class="strip">{"<span>→</span>".join(figures)}</div>')


def _figure(image: FloatImage, name: str, prediction: Prediction) -> str:
    return (
        f"<figure>{pixels(image, name, side=120)}<figcaption>{html.escape(name)}<br>"
        f"<b>{prediction.digit}</b> {short_percent(prediction.confidence)}</figcaption></figure>"
    )


def _all_models(subject: Subject) -> None:
    _render_votes(subject.seen)


def _dirty_paper(subject: Subject) -> None:
    kinds = st.pills(
        "What happens to it",
        list(CORRUPTIONS),
        default=["impulse noise"],
        selection_mode="multi",
        key="dirt",
        persist_state="session",
    )
    strength = st.slider("Strength", 0, 100, 100, format="%d %%", key="dirt_strength", persist_state="session")
    dirty = subject.seen
    for kind in kinds:
        dirty = corrupt(dirty[np.newaxis], kind, strength / 100)[0]
    predictor = resources.predictor(subject.model)
    seen = {"as prepared": subject.seen, "as the network gets it": dirty}
    figures = [_figure(image, name, predictor.predict(image)) for name, image in seen.items()]
    st.html(f'<div class="strip">{"<span>→</span>".join(figures)}</div>')
    _render_votes(dirty)
    st.caption(
        "A person reads on. A network has only ever seen clean digits; Compare's Robustness counts what that costs."
    )


def _render_votes(image: FloatImage) -> None:
    """What several models answer to an image."""
    predictions = {run_id: each.predict(image) for run_id, each in predictors(_chosen_models()).items()}
    votes = Counter(prediction.digit for prediction in predictions.values())
    if len(votes) > 1:
        st.badge("They disagree", icon=":material/call_split:", color="orange")
    elif votes:
        st.badge("They agree", icon=":material/check:", color="green")
    names = labels(resources.models())
    majority = votes.most_common(1)[0][0] if votes else None
    rows = [
        f'<tr class="{"" if prediction.digit == majority else "other"}"><td>{html.escape(names[run_id])}</td>'
        f'<td class="digit">{prediction.digit}</td><td class="probability"><i>'
        f'<b style="width:{prediction.confidence:.1%}"></b></i></td>'
        f"<td>{short_percent(prediction.confidence)}</td></tr>"
        for run_id, prediction in predictions.items()
    ]
    st.html(f'<table class="models">{"".join(rows)}</table>')


def _chosen_models() -> list[str]:
    models = resources.models()
    return st.multiselect(
        "Models",
        list(models),
        default=list(models)[:COMPARED],
        format_func=labels(models).__getitem__,
        key="compared_models",
        persist_state="session",
    )


def _occlusion(subject: Subject) -> None:
    found = occlusion(subject.seen, resources.predictor(subject.model), subject.prediction.digit)
    strongest = max(float(np.abs(found.importance).max()), 1e-6)
    share = np.clip(found.importance / strongest, -1, 1)
    for_it, against = np.array([0.16, 0.45, 0.95]), np.array([0.93, 0.42, 0.08])
    tint = np.where(share[..., np.newaxis] > 0, for_it, against)
    strength = np.abs(share)[..., np.newaxis]
    overlay = subject.seen[..., np.newaxis] * (1 - strength) * np.ones(3) + tint * strength
    st.html(
        f'<div class="strip"><figure>{pixels(subject.seen, "What the network sees", side=220)}'
        "<figcaption>what the network sees</figcaption></figure>"
        f"<figure>{pixels(overlay, 'Occlusion map', side=220)}<figcaption>what it looked at</figcaption></figure></div>"
    )
    st.caption(
        f"A 5 x 5 patch is blanked everywhere in turn. Blue: without this ink it would be less sure of a "
        f"{found.digit}. Orange: more sure. It shows what mattered for this drawing, not how the network thinks."
    )


def _wobble(subject: Subject) -> None:
    kind = st.segmented_control("Change", list(CHANGES), default="rotate", required=True, key="wobble")
    names = labels(resources.models())
    asked = {names[run_id]: each for run_id, each in predictors(_chosen_models()).items()}
    curves = wobble(subject.seen, asked, subject.prediction.digit, kind)
    figure = wobble_figure(curves, subject.prediction.digit, CHANGES[kind].unit)
    st.plotly_chart(figure, key="wobble-figure", config=NO_TOOLBAR)


def _replay(subject: Subject) -> None:
    if subject.picture.strokes:
        render_replay(subject.picture, subject.prediction.digit, resources.predictor(subject.model))
    else:
        st.caption("Only what is drawn on the canvas can be replayed.")


def _nearest(subject: Subject) -> None:
    _nearest_once_ready(subject.reading)


def _nearest_once_ready(reading: Reading, say: bool = True) -> None:
    """Shows them as soon as they can be searched; where they never can, `say` so."""
    crowd.draw_until_found(resources.neighbours(), _render_nearest, reading, say)


def _render_nearest(reading: Reading, say: bool) -> None:
    """The training images most like the drawing, with their labels."""
    found = resources.neighbours()
    if not found.done():
        st.caption("Putting the training images in order …")
        return
    try:
        neighbours = found.result()
    except DatasetError as error:
        if say:
            st.warning(plain(error))
        return
    figures = "".join(
        f"<figure>{pixels(neighbour.image / 255.0, f'A training image of a {neighbour.label}', side=84)}"
        f"<figcaption><b>{neighbour.label}</b></figcaption></figure>"
        for neighbour in neighbours.nearest(reading.seen)
    )
    even = reading.doubt is Doubt.NOT_A_DIGIT
    st.caption("Even the training images most like it look different:" if even else "The training images most like it:")
    st.html(f'<div class="strip nearest">{figures}</div>')


VIEWS: dict[str, Callable[[Subject], None]] = {
    "X-ray": _x_ray,
    "Every model": _all_models,
    "What it looked at": _occlusion,
    "Wobble": _wobble,
    "Dirty paper": _dirty_paper,
    "Replay": _replay,
    "Nearest": _nearest,
}
