"""Changing a run while it trains: its learning rate, its dropout, and how fast it goes."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from mnist_lab.config.knobs import knob, value
from mnist_lab.errors import ConfigError, MnistLabError
from mnist_lab.store.adjustments import SLOW_SECONDS, STEPS_A_SECOND, Wish, adjustable, adjusted, adjustments
from mnist_lab.store.run import Run
from mnist_lab.store.ticks import Tick
from mnist_lab.ui import fields, resources
from mnist_lab.ui.numbers import ask_setting
from mnist_lab.ui.train.forms import SHARE_STEP
from mnist_lab.ui.words import plain

PACE = "steps_a_second"
FULL = "full"
WIDTH = 160  # pixels of a field


def render_changes(run: Run, ticks: Sequence[Tick]) -> None:
    """A field for each setting that can change by now. They show what was wished for last, by whomever.

    The trials of a search keep their settings: it learns from them what those do.
    """
    if run.config.network == "logistic" or run.asked.damage:
        return
    is_trial = run.asked.group is not None and run.asked.group in resources.studies().open_names()
    changeable = [] if is_trial else adjustable(run.config)
    wish, now = resources.store().wish_of(run.id), adjusted(run.config, adjustments(ticks))
    _follow(run, wish)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"turning-{run.id}"):
        for field in changeable:
            wished = getattr(wish, field)
            _RENDER[field](run, getattr(now, field) if wished is None else wished)
        _render_pace(run, wish)


def _follow(run: Run, wish: Wish) -> None:
    """Begin the fields anew where somebody else wished for something, or the time of slow motion is over."""
    followed = f"followed-{run.id}"
    is_over = wish.steps_a_second is not None and time.time() - wish.paced > SLOW_SECONDS
    if st.session_state.get(followed) != (wish.moment, is_over):
        st.session_state[followed] = (wish.moment, is_over)
        for field in (*adjustable(run.config), PACE):
            fields.choose(_name(run, field), None)


def _name(run: Run, field: str) -> str:
    return f"now-{field}-{run.id}"


def _about(run: Run, field: str, read: Callable[[Any], Any]) -> dict[str, Any]:
    key = fields.key(_name(run, field))
    return {"key": key, "on_change": _wish, "args": (run, field, key, read)}


def _render_rate(run: Run, now: float) -> None:
    with st.container(width=WIDTH):
        ask_setting("learning_rate", now, label="Learning rate", **_about(run, "learning_rate", _rate))


def _rate(text: str) -> float:
    return float(value("learning_rate", text))


def _render_dropout(run: Run, now: float) -> None:
    st.slider("Dropout", *knob("dropout").bounds, now, SHARE_STEP, width=WIDTH, **_about(run, "dropout", float))


def _render_pace(run: Run, wish: Wish) -> None:
    is_slow = time.time() - wish.paced < SLOW_SECONDS
    now = next((name for name, steps in STEPS_A_SECOND.items() if is_slow and steps == wish.steps_a_second), FULL)
    st.segmented_control(
        "Speed",
        list(STEPS_A_SECOND),
        default=now,
        required=True,
        format_func=str.capitalize,
        help=f"Slow is 20 steps a second, very slow 2. After {SLOW_SECONDS:.0f} s it goes on at full speed by itself, "
        "since others may be waiting.",
        **_about(run, PACE, lambda name: STEPS_A_SECOND.get(name)),
    )


def _wish(run: Run, field: str, key: str, read: Callable[[Any], Any]) -> None:
    """Ask for what a field says now, and leave the rest as it was wished for."""
    store, moment = resources.store(), time.time()
    try:
        wished = {field: read(st.session_state[key]), "moment": moment} | ({"paced": moment} if field == PACE else {})
        store.wish(run.id, store.wish_of(run.id).model_copy(update=wished))
    except ConfigError:
        return  # the field says what is wrong
    except MnistLabError as error:
        st.toast(plain(error), icon=":material/error:")
    else:
        st.session_state[f"followed-{run.id}"] = (moment, False)


_RENDER = {"learning_rate": _render_rate, "dropout": _render_dropout}
