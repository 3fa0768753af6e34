"""The network of the form, drawn large: its layers are made larger and smaller, added, taken away and opened in it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from mnist_lab.config.knobs import knob, value
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import ConfigError
from mnist_lab.networks.shapes import layer_shapes
from mnist_lab.ui.numbers import shortly
from mnist_lab.ui.train.forms import SHARE_STEP, Draft, put
from mnist_lab.ui.words import plain

HERE = Path(__file__).parent
KEY = "network"
TURN, OPENED = "network_turn", "network_opened"  # in the session: the last word of the browser, and the open layer
SIZED = {"filters": "Convolution", "units": "Hidden layer"}
PER_LAYER = ("activation", "dropout")  # one value for all layers, or one for each
MOST_LAYERS = {"filters": 3, "units": 16}

_network = st.components.v2.component(
    "mnist_lab_network",
    html='<div class="network-editor"></div><div class="adds"></div>',
    css=(HERE / "network.css").read_text("utf-8"),
    js=(HERE / "network.js").read_text("utf-8"),
)


def render_editor(draft: Draft) -> None:
    """The drawing, and the knobs of the layer that is open; nothing can be changed where the form is wrong."""
    config = draft.config
    fixed = [field for field in SIZED if field in draft.limits.locked | draft.limits.hidden or not draft.is_right]
    opened, drawn = _opened(config), columns(config)
    _network(
        key=KEY,
        data={
            "columns": drawn,
            "words": ", then ".join(f"{column['name']}, {_size(column)}" for column in drawn),
            "adds": [
                {
                    "field": field,
                    "text": SIZED[field].lower(),
                    "disabled": field in fixed or len(getattr(config, field)) >= MOST_LAYERS[field],
                }
                for field in SIZED
                if applies(field, config)
            ],
            "fixed": fixed,
            "opened": opened and "-".join(map(str, opened)),
            "turn": st.session_state.get(TURN, 0),
        },
        on_word_change=lambda: _take(config, fixed),
        height="content",
    )
    if opened:
        _render_layer(draft, *opened)


def columns(config: TrainConfig) -> list[dict[str, Any]]:
    """What is drawn, from the image to the ten outputs; a round of convolutions is one column."""
    shapes = [layer for layer in layer_shapes(config) if layer.kind == "MaxPooling2D"]
    found: list[dict[str, Any]] = [{"kind": "image", "name": "Image", "count": 1, "label": "image", "words": "28 x 28"}]
    if config.scaling == "8x8":
        found.append({"kind": "maps", "name": "Scaled", "count": 1, "side": 8, "label": "8 x 8", "words": "averaged"})
    if config.network == "cnn":
        words = _words(config.convolution_activation, config.convolution_dropout)
        for index, (filters, shape) in enumerate(zip(config.filters, shapes, strict=True)):
            found.append(_sized("filters", index, filters, words) | {"kind": "maps", "side": shape.output_shape[0]})
    for index, layer in enumerate(config.hidden_layers):
        words = _words(layer.activation, layer.dropout)
        found.append(_sized("units", index, layer.units, words) | {"kind": "units"})
    return [*found, {"kind": "outputs", "name": "Outputs", "count": 10, "label": "10", "words": config.output}]


def _sized(field: str, index: int, count: int, words: str) -> dict[str, Any]:
    name = f"{SIZED[field]} {index + 1}"
    return {"field": field, "index": index, "name": name, "count": count, "most": knob(field).high, "words": words}


def _words(activation: str, dropout: float) -> str:
    return f"{activation}, dropout {dropout:g}" if dropout else activation


def _size(column: dict[str, Any]) -> str:
    return f"{column['count']} {column['field']}" if "field" in column else str(column["words"])


def _opened(config: TrainConfig) -> tuple[str, int] | None:
    """The field and the place of the layer that is open, while there is such a layer."""
    field, _, index = str(st.session_state.get(OPENED) or "").partition("-")
    if field not in SIZED or not applies(field, config) or not index.isdecimal():
        return None
    return (field, int(index)) if int(index) < len(getattr(config, field)) else None


def _take(config: TrainConfig, fixed: Sequence[str]) -> None:
    """What was pressed in the drawing: another layer is open, or has another size, or there is one more."""
    word = st.session_state[KEY].get("word") or {}
    st.session_state[TURN] = word.get("turn", 0)
    if "open" in word:
        st.session_state[OPENED] = word["open"]
    elif word.get("field") in SIZED and word["field"] not in fixed:
        _resize(config, word["field"], word.get("values"))


def _resize(config: TrainConfig, field: str, sizes: Any) -> None:
    """Put the sizes of all layers of a kind into the form; a new one is like the one before it."""
    try:
        asked = value(field, tuple(sizes))
    except (ConfigError, TypeError) as error:
        st.toast(plain(shortly(str(error))), icon=":material/error:")
        return
    put(field, asked)
    if field == "units":
        for each in PER_LAYER:
            before = _spread(config, each)
            more = before[-1:] * (len(asked) - len(config.units))
            _put_per_layer(each, [*before, *more][: len(asked) + (config.network == "cnn")])


def _remove(config: TrainConfig, field: str, index: int) -> None:
    sizes = getattr(config, field)
    put(field, (*sizes[:index], *sizes[index + 1 :]))
    st.session_state[OPENED] = ""
    if field == "units":
        place = index + (config.network == "cnn")
        for each in PER_LAYER:
            before = _spread(config, each)
            _put_per_layer(each, [*before[:place], *before[place + 1 :]])


def _spread(config: TrainConfig, field: str) -> list[Any]:
    """One value of such a setting for each layer; that of a cnn's convolutions comes first."""
    first = [getattr(config, f"convolution_{field}")] if config.network == "cnn" else []
    return [*first, *(getattr(layer, field) for layer in config.hidden_layers)]


def _put_per_layer(field: str, values: Sequence[Any]) -> None:
    if values:
        put(field, tuple(values) if len(set(values)) > 1 else values[0])


def _render_layer(draft: Draft, field: str, index: int) -> None:
    """The knobs of one layer: its activation, its dropout, and a button that takes it away."""
    config = draft.config
    locked = draft.limits.locked | draft.limits.hidden if draft.is_right else frozenset((*SIZED, *PER_LAYER))
    place = 0 if field == "filters" else index + (config.network == "cnn")
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", key="layer-knobs"):
        st.markdown(f"**{SIZED[field]} {index + 1}**", width="content")
        for each in PER_LAYER:
            if applies(each, config):
                _render_per_layer(config, each, place, is_locked=each in locked)
        st.button(
            "Remove",
            icon=":material/delete:",
            key="layer-remove",
            disabled=field in locked or (field == "filters" and len(config.filters) == 1),
            on_click=_remove,
            args=(config, field, index),
        )
        st.button("Close", key="layer-close", type="tertiary", on_click=_close)


def _render_per_layer(config: TrainConfig, field: str, place: int, is_locked: bool) -> None:
    key = f"layer_{field}"
    st.session_state[key] = _spread(config, field)[place]
    common: dict[str, Any] = {"key": key, "disabled": is_locked, "on_change": _turn, "args": (config, field, place)}
    if field == "dropout":
        st.slider("Its dropout", *knob(field).bounds, step=SHARE_STEP, width=170, **common)
    else:
        st.selectbox("Its activation", knob(field).options, width=130, **common)


def _turn(config: TrainConfig, field: str, place: int) -> None:
    values = _spread(config, field)
    values[place] = st.session_state[f"layer_{field}"]
    _put_per_layer(field, values)


def _close() -> None:
    st.session_state[OPENED] = ""
