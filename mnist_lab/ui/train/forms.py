"""The form of a training, its fields, bounds and help taken from TrainConfig."""

from collections.abc import Iterable
from itertools import chain
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mnist_lab.config import recipes
from mnist_lab.config.knobs import knob, said, value
from mnist_lab.config.numerals import written
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.errors import ConfigError
from mnist_lab.store import snapshots
from mnist_lab.ui.address import Limits, open_address, turned, write_address
from mnist_lab.ui.numbers import render_number, render_problem, steps_of
from mnist_lab.ui.train.recipe_cards import choose_recipe

OWN = "My own"
SHARE_STEP = 0.05
NETWORK = "network"  # stands above its drawing
FIRST = ("learning_rate", "optimizer", "epochs", "train_images", "c", "max_iterations")
LAYERS = ("units", "filters", "kernel", "convolutions", "activation", "dropout", "batch_size")
FOLDED = {
    "Layers and loss": ("initialization", "l2", "output", "loss", "batch_normalization"),
    "Steps and stopping": (
        "schedule",
        "weight_decay",
        "momentum",
        "patience",
        "validation_share",
        "nesterov",
        "seed",
        "snapshots",
    ),
    "Data and sabotage": (
        *("dataset", "scaling", "leave_out", "spoiled_labels", "augment", "dirt"),
        *("pens", "held_out_writers"),
    ),
}
FOLDED["More"] = tuple(
    field
    for field in TrainConfig.model_fields
    if not any(field in named for named in ((NETWORK,), FIRST, LAYERS, *FOLDED.values()))
)
WHOLE_LINES = ("units", "filters", "initialization", "loss")  # whose values are long
WORDS = {"mnist": "MNIST (60,000 images)", "digits": "8 x 8 digits (1,437 images)"}  # for options

LEARNING_RATES = {"scratch": 0.1}  # where the default of the other networks would hardly move
DEFAULT_RATE = TrainConfig().learning_rate
LAST = "last_right_config"  # in the session


class Draft(NamedTuple):
    """What the form asks for at the moment, right or wrong.

    `config` is what it asks for, or, where something is wrong, what it asked for before; `problems` says what is wrong
    by field. `asked` decides which fields have an effect: what the fields contain, as far as it is valid.
    """

    asked: TrainConfig
    problems: dict[str, str]
    config: TrainConfig
    limits: Limits

    @property
    def is_right(self) -> bool:
        """Whether it can be trained."""
        return not self.problems

    def shows(self, field: str) -> bool:
        """Whether a field means something, and no teacher's link hides it."""
        return applies(field, self.asked) and field not in self.limits.hidden

    def shown(self, fields: Iterable[str]) -> list[str]:
        """Those of the fields that are shown."""
        return [field for field in fields if self.shows(field)]

    def in_words(self) -> str:
        """Which fields are wrong, for a place away from them; with the reason where no field is there to say it."""
        at = [_title(field) for field in self.problems if self.shows(field)]
        others = [_sentence(reason) for field, reason in self.problems.items() if not self.shows(field)]
        return " ".join([f"This cannot be trained: see {', '.join(at)}."] * bool(at) + others)


def render_form() -> Draft:
    """The first knobs, and what all of them ask for; what is impossible is said next to its field, and nothing moves.

    What it asks for is in the page's address, and an address that was opened fills the form.
    """
    if _key("units") not in st.session_state:
        fill(TrainConfig())
    limits = open_address(fill)
    _render_start(limits)
    draft = _judged(limits)
    if draft.is_right:
        st.session_state[LAST] = draft.config
        write_address(draft.config, limits)
    _render_fields(draft, FIRST)
    return draft


def render_all_knobs(draft: Draft) -> None:
    """All but the first knobs, folded away; the title says how many are changed, and opens where one is wrong."""
    with _folded(draft, "All knobs", [*LAYERS, *chain.from_iterable(FOLDED.values())]):
        _render_fields(draft, LAYERS)
        for title, fields in FOLDED.items():
            if shown := draft.shown(fields):
                with _folded(draft, title, shown):
                    _render_fields(draft, shown)


def render_kind(draft: Draft) -> None:
    """Which kind of network it is."""
    if draft.shows(NETWORK):
        _render_field(draft, NETWORK)


def put(field: str, value: Any) -> None:
    """Turn a knob from elsewhere on the page, in a callback."""
    turned()
    st.session_state[_key(field)] = _as_widget(field, value)


def _judged(limits: Limits) -> Draft:
    """What the fields contain: this, and nothing else, is trained or refused."""
    last = st.session_state.get(LAST, TrainConfig())
    given = _values()
    asked = TrainConfig.model_construct(**{field: _possible(field, given[field], last) for field in given})
    try:
        config, problems = parse({field: text for field, text in given.items() if applies(field, asked)}), {}
    except ConfigError as error:
        config, problems = last, error.problems
    return Draft(asked, problems, config, limits)


def _possible(field: str, given: Any, last: TrainConfig) -> Any:
    """The value of a field, or the last right one."""
    try:
        return value(field, given)
    except ConfigError:
        return getattr(last, field)


def fill(config: TrainConfig) -> None:
    """Set the widgets to a configuration."""
    for field in TrainConfig.model_fields:
        st.session_state[_key(field)] = _as_widget(field, getattr(config, field))
    st.session_state["start_from"] = recipes.named(config) or OWN


def _render_start(limits: Limits) -> None:
    chosen = recipes.RECIPES.get(st.session_state["start_from"])
    if limits.locked or limits.hidden:
        st.caption(":material/lock: This link sets some of the knobs for you; turn the others.")
    else:
        label = f"Start from: {chosen.title if chosen else OWN}"
        if st.button(label, icon=":material/grid_view:", width="stretch", help="A recipe fills in the form."):
            choose_recipe(_start_from)
    if chosen:
        st.caption(_about(chosen))


def _folded(draft: Draft, title: str, fields: Iterable[str]) -> DeltaGenerator:
    """A place for fields; its title says how many of them are not at their default, and opens where one is wrong."""
    shown = draft.shown(fields)
    wrong = any(field in draft.problems for field in shown)
    changed = sum(getattr(draft.asked, field) != _default(field) for field in shown)
    label = f"{title} · **{changed} changed**" if changed else title
    return st.expander(label, key=f"group_{title}", expanded=wrong)


def _render_fields(draft: Draft, fields: Iterable[str]) -> None:
    """Two fields a line, but for those that need the whole of it."""
    waiting: list[str] = []
    for field in [*draft.shown(fields), None]:
        alone = field in WHOLE_LINES or (field is not None and knob(field).is_switch)
        if field is None or alone or len(waiting) == 2:
            if waiting:
                _render_pair(draft, waiting)
            waiting = []
        if field and alone:
            _render_field(draft, field)
        elif field:
            waiting.append(field)


def _render_pair(draft: Draft, fields: list[str]) -> None:
    with st.container(key=f"pair_{fields[0]}"):  # style.css keeps the two beside each other on a phone
        for place, field in zip(st.columns(2), fields, strict=False):
            with place:
                _render_field(draft, field)


def _render_field(draft: Draft, field: str) -> None:
    """The widget that fits a field, and what is wrong with it."""
    with st.container(key=f"field_{field}"):
        _render_widget(draft, field)
        if field in draft.problems:
            render_problem(draft.problems[field])


def _render_widget(draft: Draft, field: str) -> None:
    this = knob(field)
    locked = field in draft.limits.locked
    common: dict[str, Any] = {
        "label": _title(field),
        "key": _key(field),
        "help": TrainConfig.model_fields[field].description,
        "persist_state": "session",
        "disabled": locked,
        "on_change": _changed,
        "args": (field,),
    }
    nothing = said(() if this.is_list else None) if this.may_be_nothing else None
    if this.is_switch:
        st.toggle(**common)
        if field == "snapshots":
            st.caption(
                f"{len(snapshots.epochs_kept(draft.config))} moments, {_megabytes(draft.config)} beside the run."
            )
    elif this.is_list and this.options:
        typed = st.session_state[common["key"]]  # one for all layers, or one for each
        options = dict.fromkeys([*this.options, typed])
        st.selectbox(**common, options=list(options), accept_new_options=True)
    elif this.is_list:
        st.text_input(**common, placeholder=nothing)
    elif this.is_typed:
        render_number(steps_of(field), **common, placeholder=nothing)
    elif this.is_number:
        st.slider(**common, min_value=this.low, max_value=this.high, step=SHARE_STEP)
    else:
        st.selectbox(**common, options=this.options, format_func=lambda name: WORDS.get(name, name))


def _changed(field: str) -> None:
    """A number is shown as it was understood. A network that needs larger steps than others gets them, unless somebody
    has chosen the steps.
    """
    turned()
    if knob(field).is_typed or field == "dropout":
        _write_out(field)
    rate = _key("learning_rate")
    usual = [written(one) for one in (DEFAULT_RATE, *LEARNING_RATES.values())]
    if field == "network" and st.session_state[rate] in usual:
        st.session_state[rate] = written(LEARNING_RATES.get(st.session_state[_key("network")], DEFAULT_RATE))


def _write_out(field: str) -> None:
    try:
        text = _as_widget(field, value(field, st.session_state[_key(field)]))
    except ConfigError:
        return
    if text != st.session_state[_key(field)]:
        st.session_state[_key(field)] = text


def _start_from(name: str) -> None:
    turned()
    fill(recipes.get(name).config)


def _values() -> dict[str, Any]:
    return {field: st.session_state[_key(field)] for field in TrainConfig.model_fields}


def _as_widget(field: str, value: Any) -> Any:
    if knob(field).is_typed:
        return written(value)
    if knob(field).is_list:
        parts = value if isinstance(value, tuple) else (value,)
        return " ".join(written(part) if isinstance(part, float) else str(part) for part in parts)
    return value


def _title(field: str) -> str:
    return TrainConfig.model_fields[field].title or field


def _default(field: str) -> Any:
    return getattr(TrainConfig(), field)


def _key(field: str) -> str:
    return f"form_{field}"


def _megabytes(config: TrainConfig) -> str:
    return f"{max(snapshots.size(config) / 1e6, 0.1):.1f} MB"


def _sentence(reason: str) -> str:
    return reason[:1].upper() + reason[1:]


def _about(recipe: recipes.Recipe) -> str:
    published = recipe.published.test_accuracy
    return f"{recipe.summary} " + (f"Published: {published:.2%} on the test set. " if published else "") + recipe.note
