"""The form of a training, its fields, bounds and help taken from TrainConfig."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import streamlit as st

from mnist_lab import pens, recipes, snapshots
from mnist_lab.config import TrainConfig, bounds, choices, parse
from mnist_lab.errors import ConfigError
from mnist_lab.relevance import applies
from mnist_lab.ui.address import Limits, open_address, write_address

OWN = "My own"
SLIDERS = {"validation_share": 0.05, "spoiled_labels": 0.05}
LISTS = ("units", "filters", "leave_out")
PER_LAYER = ("activation", "dropout")
NUMBERS = (
    *("epochs", "batch_size", "seed", "train_images", "kernel", "convolutions", "held_out_writers", "patience"),
    *("max_iterations", "learning_rate", "momentum", "weight_decay", "l2", "c"),
)
FINE = {"learning_rate": 0.001, "momentum": 0.1, "weight_decay": 0.001, "l2": 0.0001, "c": 0.1}  # steps of the buttons
SWITCHES = ("batch_normalization", "nesterov", "augment", "pens", "snapshots")
EMPTY = {"train_images": "all", "leave_out": "none", "units": "none"}

FIRST = ("network", "units", "filters", "kernel", "convolutions", "activation", "dropout", "c", "max_iterations")
STEPS = ("optimizer", "learning_rate", "epochs", "batch_size")
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
        *("dataset", "scaling", "train_images", "leave_out", "spoiled_labels", "augment", "pens", "held_out_writers"),
    ),
}
WHOLE_LINES = ("network", "units", "filters", *SWITCHES)

LEARNING_RATES = {"scratch": 0.1}  # where the default of the other networks would hardly move
DEFAULT_RATE = TrainConfig().learning_rate


class Draft(NamedTuple):
    """What the form asks for at the moment, right or wrong, and what is wrong with it by field."""

    asked: TrainConfig
    problems: dict[str, str]
    limits: Limits
    datasets: dict[str, str]
    config: TrainConfig | None = None

    def shows(self, field: str) -> bool:
        """Whether a field means something, and no teacher's link hides it."""
        return applies(field, self.asked) and field not in self.limits.hidden

    def shown(self, fields: Iterable[str]) -> list[str]:
        """Those of the fields that are shown."""
        return [field for field in fields if self.shows(field)]


def render_form(datasets: dict[str, str]) -> TrainConfig | None:
    """The form; what it asks for, or None, with the reason next to its field, where that is impossible.

    `datasets` are those that can be trained on here, with the words to show for each. What it asks for stands in the
    page's address, and an address that was opened fills the form.
    """
    if _key("units") not in st.session_state:
        fill(TrainConfig())
    limits = open_address(fill)
    _keep_possible(datasets)
    _render_start(limits)
    values = _values()
    draft = Draft(TrainConfig.model_construct(**values), {}, limits, datasets)
    config = None
    try:
        config = parse({field: value for field, value in values.items() if applies(field, draft.asked)})
        write_address(config, limits)
        draft = draft._replace(config=config)
    except ConfigError as error:
        draft = draft._replace(problems=error.problems)
    _render_fields(draft, FIRST)
    _render_fields(draft, STEPS)
    for title, fields in FOLDED.items():
        _render_group(draft, title, fields)
    return config


def fill(config: TrainConfig) -> None:
    """Set the widgets to a configuration."""
    for field in TrainConfig.model_fields:
        st.session_state[_key(field)] = _as_widget(field, getattr(config, field))
    st.session_state["start_from"] = recipes.named(config) or OWN


def _render_start(limits: Limits) -> None:
    if limits.locked or limits.hidden:
        st.caption(":material/lock: This link sets some of the knobs for you; turn the others.")
    else:
        st.selectbox(
            "Start from",
            [OWN, *recipes.RECIPES],
            key="start_from",
            on_change=_start_from,
            help="A recipe fills in the form; change what you like.",
            persist_state="session",
        )
    if (chosen := st.session_state["start_from"]) in recipes.RECIPES:
        st.caption(_about(recipes.get(chosen)))


def _render_group(draft: Draft, title: str, fields: Iterable[str]) -> None:
    """Fields folded away; the title says how many of them are not at their default, and opens where one is wrong."""
    shown = draft.shown(fields)
    if not shown:
        return
    wrong = any(field in draft.problems for field in shown)
    turned = sum(st.session_state[_key(field)] != _as_widget(field, _default(field)) for field in shown)
    label = f"{title} · **{turned} changed**" if turned else title
    with st.expander(label, key=f"group_{title}", expanded=wrong):
        _render_fields(draft, shown)


def _render_fields(draft: Draft, fields: Iterable[str]) -> None:
    """Two fields a line, but for those that need the whole of it."""
    waiting: list[str] = []
    for field in [*draft.shown(fields), None]:
        if field is None or field in WHOLE_LINES or len(waiting) == 2:
            if waiting:
                _render_pair(draft, waiting)
            waiting = []
        if field in WHOLE_LINES:
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
    about = TrainConfig.model_fields[field]
    locked = field in draft.limits.locked or (field == "pens" and pens.find() is None)
    common: dict[str, Any] = {
        "label": about.title or field,
        "key": _key(field),
        "help": about.description,
        "persist_state": "session",
        "disabled": locked,
        "on_change": _changed,
        "args": (field,),
    }
    if field in SLIDERS:
        low, high = bounds(field)
        st.slider(**common, min_value=low, max_value=high, step=SLIDERS[field])
    elif field in SWITCHES:
        st.toggle(**common)
        if field == "snapshots" and draft.config:
            st.caption(
                f"{len(snapshots.epochs_kept(draft.config))} moments, {_megabytes(draft.config)} beside the run."
            )
    elif field == "activation":
        options = dict.fromkeys([*choices(field), st.session_state[common["key"]]])  # one for all, or typed for each
        st.selectbox(**common, options=list(options), accept_new_options=True)
    elif field in LISTS or field in PER_LAYER:
        st.text_input(**common, placeholder=EMPTY.get(field))
    elif field in NUMBERS:
        _render_number(field, common)
    else:
        names = draft.datasets if field == "dataset" else {name: name for name in choices(field)}
        st.selectbox(**common, options=list(names), format_func=lambda name: names[name])
    if field in draft.problems:
        st.markdown(f":red[:material/error: {_sentence(draft.problems[field])}]")


def _render_number(field: str, common: dict[str, Any]) -> None:
    low, high = bounds(field)
    if field in FINE:
        st.number_input(**common, min_value=low, max_value=high, step=FINE[field], format="%g")
    else:
        st.number_input(**common, min_value=int(low), max_value=int(high), placeholder=EMPTY.get(field))


def _keep_possible(datasets: dict[str, str]) -> None:
    """What cannot be had on this machine is not asked for."""
    if st.session_state[_key("dataset")] not in datasets:
        st.session_state[_key("dataset")] = next(iter(datasets))
    if st.session_state[_key("pens")] and pens.find() is None:
        st.caption("The pen digits are not on this machine, so this trains without them.")
        st.session_state[_key("pens")] = False


def _changed(field: str) -> None:
    """A network that needs larger steps than others gets them, unless somebody has chosen the steps."""
    rate = _key("learning_rate")
    usual = {DEFAULT_RATE, *LEARNING_RATES.values()}
    if field == "network" and st.session_state[rate] in usual:
        st.session_state[rate] = LEARNING_RATES.get(st.session_state[_key("network")], DEFAULT_RATE)


def _start_from() -> None:
    chosen = st.session_state["start_from"]
    if chosen in recipes.RECIPES:
        fill(recipes.get(chosen).config)


def _values() -> dict[str, Any]:
    return {field: st.session_state[_key(field)] for field in TrainConfig.model_fields}


def _as_widget(field: str, value: Any) -> Any:
    if field in LISTS or field in PER_LAYER:
        parts = value if isinstance(value, tuple) else (value,)
        return " ".join(f"{part:g}" if isinstance(part, float) else str(part) for part in parts)
    return value


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
