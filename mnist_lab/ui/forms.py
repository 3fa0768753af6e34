"""The form of a training, its fields, bounds and help taken from TrainConfig."""

from typing import Any

import streamlit as st

from mnist_lab import pens, recipes
from mnist_lab.config import TrainConfig, bounds, choices, parse
from mnist_lab.errors import ConfigError
from mnist_lab.networks.shapes import count_parameters, layer_shapes

OWN = "My own"
SLIDERS = {"dropout": 0.05, "validation_share": 0.05}
LISTS = ("units", "filters")
CONVOLUTIONAL = ("kernel", "convolutions")
NUMBERS = ("learning_rate", "batch_size", "epochs", "seed", "train_images", "held_out_writers", *CONVOLUTIONAL)
SWITCHES = ("batch_normalization", "augment", "pens")
MORE = ("train_images", "validation_share", "seed", "scaling", "loss", "schedule", "batch_normalization", "augment")


def render_form(datasets: dict[str, str]) -> TrainConfig | None:
    """The form; what it asks for, or None, with the reason next to it, where that is impossible.

    `datasets` are those that can be trained on here, with the words to show for each.
    """
    if _key("units") not in st.session_state:
        _fill(TrainConfig())
    st.selectbox(
        "Start from",
        [OWN, *recipes.RECIPES],
        key="start_from",
        on_change=_start_from,
        help="A recipe fills in the form; change what you like.",
        persist_state="session",
    )
    chosen = st.session_state["start_from"]
    if chosen in recipes.RECIPES:
        st.caption(_about(recipes.get(chosen)))
    values = _network_fields() | _training_fields() | _more_fields(datasets)
    try:
        return parse(values)
    except ConfigError as error:
        st.error(str(error), icon=":material/error:")
        return None


def render_summary(config: TrainConfig) -> None:
    """The network that the form describes, in one line and one number."""
    shapes = [" x ".join(map(str, layer.output_shape)) for layer in layer_shapes(config) if layer.parameters]
    chain = " → ".join(["28 x 28", *shapes])
    st.html(
        f'<div class="network"><b>{count_parameters(config):,}</b> parameters<div class="chain">{chain}</div></div>'
    )


def _network_fields() -> dict[str, Any]:
    values: dict[str, Any] = {"network": _field("network")}
    if values["network"] == "cnn":
        for column, field in zip(st.columns([3, 2, 2]), ("filters", *CONVOLUTIONAL), strict=True):
            with column:
                values[field] = _field(field)
    values["units"] = _field("units")
    left, right = st.columns(2)
    with left:
        values["activation"] = _field("activation")
    with right:
        values["dropout"] = _field("dropout")
    return values


def _training_fields() -> dict[str, Any]:
    left, right = st.columns(2)
    values: dict[str, Any] = {}
    for column, fields in ((left, ("optimizer", "epochs")), (right, ("learning_rate", "batch_size"))):
        with column:
            values |= {field: _field(field) for field in fields}
    return values


def _more_fields(datasets: dict[str, str]) -> dict[str, Any]:
    with st.expander("Data, validation, seed and more"):
        values = {"dataset": _field("dataset", options=datasets)}
        values |= {field: _field(field) for field in MORE}
        return values | _pen_fields()


def _pen_fields() -> dict[str, Any]:
    here = pens.find() is not None
    if not here:
        if st.session_state[_key("pens")]:
            st.caption("The pen digits are not on this machine, so this trains without them.")
        st.session_state[_key("pens")] = False
    wanted = _field("pens", disabled=not here)
    return {"pens": wanted, **({"held_out_writers": _field("held_out_writers")} if wanted else {})}


def _field(field: str, options: dict[str, str] | None = None, disabled: bool = False) -> Any:
    """The widget that fits a field of TrainConfig; its value."""
    about = TrainConfig.model_fields[field]
    common: dict[str, Any] = {
        "label": about.title or field,
        "key": _key(field),
        "help": about.description,
        "persist_state": "session",
        "disabled": disabled,
    }
    if field in SLIDERS:
        low, high = bounds(field)
        return st.slider(**common, min_value=low, max_value=high, step=SLIDERS[field])
    if field in SWITCHES:
        return st.toggle(**common)
    if field in LISTS:
        return st.text_input(**common)
    if field in NUMBERS:
        return _number(field, common)
    names = options or dict.fromkeys(choices(field))
    if st.session_state.get(common["key"]) not in names:
        st.session_state[common["key"]] = next(iter(names))
    return st.selectbox(**common, options=list(names), format_func=lambda value: names[value] or value)


def _number(field: str, common: dict[str, Any]) -> Any:
    low, high = bounds(field)
    if field == "learning_rate":
        return st.number_input(**common, min_value=low, max_value=high, step=0.001, format="%g")
    placeholder = "all" if field == "train_images" else None
    return st.number_input(**common, min_value=int(low), max_value=int(high), placeholder=placeholder)


def _start_from() -> None:
    chosen = st.session_state["start_from"]
    if chosen in recipes.RECIPES:
        _fill(recipes.get(chosen).config)


def _fill(config: TrainConfig) -> None:
    for field in TrainConfig.model_fields:
        value = getattr(config, field)
        st.session_state[_key(field)] = ", ".join(map(str, value)) if field in LISTS else value


def _key(field: str) -> str:
    return f"form_{field}"


def _about(recipe: recipes.Recipe) -> str:
    published = recipe.published.test_accuracy
    return recipe.summary + (f" Published: {published:.2%} on the test set." if published else "")
