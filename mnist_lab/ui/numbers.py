"""Fields for numbers, and what is wrong with a field, said without moving anything.

Streamlit's own field for numbers keeps what is out of bounds, or no number, to the browser: the page goes on with the
number before, which the field no longer shows. So a number is typed into a text field, and checked here when
it is asked for.
"""

import html
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from mnist_lab.config.knobs import knob, value
from mnist_lab.config.numerals import whole, within, written
from mnist_lab.config.train_config import WILL_NOT_DO, TrainConfig
from mnist_lab.errors import ConfigError

HERE = Path(__file__).parent
LONG = 60  # characters that need more than half a line of the form


def _button(name: str, sign: str) -> str:
    """Left out by the Tab key, as in Streamlit's own field: the arrow keys do the same. Works once the script does."""
    return f'<button type="button" disabled tabindex="-1" aria-label="{name}">{sign}</button>'


_buttons = st.components.v2.component(
    "mnist_lab_number",
    html=f"<div>{_button('Less', '−')}{_button('More', '+')}</div>",
    css=(HERE / "numbers.css").read_text("utf-8"),
    js=(HERE / "numbers.js").read_text("utf-8"),
)


class Steps(NamedTuple):
    """How the buttons of a field step: from stop to stop, or by ones where there are none, from `start` if empty."""

    low: float
    high: float
    start: float
    stops: tuple[float, ...] = ()
    whole: bool = True


def steps_of(field: str) -> Steps:
    """Those of a setting of a training."""
    (low, high), usual = knob(field).bounds, getattr(TrainConfig(), field)
    return Steps(low, high, high if usual is None else usual, knob(field).stops, knob(field).whole)


def render_number(steps: Steps, **field: Any) -> str:
    """What stands in the field, right or wrong; `field` is what `st.text_input` takes, with a label and a key."""
    with st.container(key=f"number_{field['key']}"):
        text = st.text_input(**field)
        disabled = bool(field.get("disabled"))
        _buttons(key=f"steps_{field['key']}", data=steps._asdict() | {"text": text, "disabled": disabled})
    return text


def render_problem(reason: str) -> None:
    """What is wrong with the field above, laid over what is below it, so that nothing moves.

    The two are in a container of their own whose key begins with `field_`.
    """
    text = shortly(reason)
    look = "wrong long" if len(text) > LONG else "wrong"
    st.html(f'<div class="{look}" role="alert">{html.escape(text[:1].upper() + text[1:])}</div>')


def ask_setting(field: str, start: float, **about: Any) -> Any:
    """A field for one number of a training, and what it is, or None, with the reason below, where that cannot be."""
    return _ask(steps_of(field)._replace(start=start), partial(value, field), **about)


def ask_whole(low: float, high: float, start: int, **about: Any) -> int | None:
    """A field for a whole number, and what it is, or None, with the reason below, where that cannot be."""
    return _ask(Steps(low, high, start), partial(read_whole, low, high), **about)


def read_whole(low: float, high: float, text: str) -> int:
    """The whole number in a text. Raises ConfigError, with what will do, where it is none or out of bounds."""
    number = within(low, high, str(whole(text)).strip())
    if number is None:
        raise ConfigError(f"It takes a whole number from {low:,} to {high:,}.")
    return number


def _ask(steps: Steps, read: Callable[[str], Any], **about: Any) -> Any:
    st.session_state.setdefault(about["key"], written(steps.start))
    with st.container(key=f"field_{about['key']}"):
        text = render_number(steps, **about)
        try:
            return read(text)
        except ConfigError as error:
            render_problem(next(iter(error.problems.values()), str(error)))
            return None


def shortly(reason: str) -> str:
    """Why a value is refused, to be shown next to it, where the value need not be repeated."""
    _, apart, accepted = reason.partition(WILL_NOT_DO)
    return f"It takes {accepted}" if apart else reason
