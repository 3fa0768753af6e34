"""What the configuration in the form begins: one run, a grid of several values, or a search."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mnist_lab import recipes
from mnist_lab.config import TrainConfig
from mnist_lab.errors import ConfigError, MnistLabError
from mnist_lab.forecast import forecast
from mnist_lab.grids import expand, free_name, name_of
from mnist_lab.knobs import in_words, is_range, knob, knobs, limits, said, values
from mnist_lab.search import YARDSTICK, Search, holding_back, plan
from mnist_lab.ui import resources
from mnist_lab.ui.visitor import visitor

AROUND = 10  # a range offered reaches so many times below and above the value in the form
SAMPLERS = {"tpe": "TPE", "random": "at random"}
PRUNERS = {"median": "below the median", "halving": "below the best third", "none": "never"}


class Start(NamedTuple):
    """What a button says, and what it begins."""

    label: str
    begin: Callable[[], object]


def render_start(config: TrainConfig | None) -> None:
    """The choice, what it needs to know, and the button."""
    mode = st.segmented_control(
        "What to train",
        list(MODES),
        default="One run",
        required=True,
        key="start_mode",
        persist_state="session",
        width="stretch",
    )
    try:
        start = MODES[mode or "One run"](config) if config else None
    except MnistLabError as error:
        st.error(str(error), icon=":material/error:")
        start = None
    label = start.label if start else "Train"
    if st.button(label, type="primary", width="stretch", icon=":material/play_arrow:", disabled=not start) and start:
        try:
            start.begin()
        except MnistLabError as error:
            st.error(str(error))


def _one_run(config: TrainConfig) -> Start:
    name, recipe = recipes.describe(config), recipes.named(config)
    return Start("Train", lambda: resources.engine().submit(config, name, recipe, owner=visitor()))


def _grid(config: TrainConfig) -> Start | None:
    fields = _choose_fields("grid", ("units", "dropout"), list(knobs()))
    about = "Several values, with commas between them"
    given = {field: _ask("grid", field, said(getattr(config, field)), about) for field in fields}
    name = st.text_input("Name", key="grid_name", placeholder=name_of(fields), max_chars=80).strip()
    configs = expand(config, {field: _values(field, several) for field, several in given.items()})
    _render_forecast(configs)

    def begin() -> None:
        taken = resources.studies().taken_names()
        group = free_name(name, taken) if name else name_of(fields, taken)
        for one in configs:
            resources.engine().submit(one, in_words(one, fields), recipes.named(one), group=group, owner=visitor())

    return Start(f"Train {_runs(configs)}", begin) if fields else None


def _search(config: TrainConfig) -> Start:
    searchable = [field for field in knobs() if field not in YARDSTICK]
    fields = _choose_fields("search", ("learning_rate", "units"), searchable)
    about = "A range such as 0.001..0.1, or several values with commas between them"
    given = {field: _ask("search", field, _range_around(field, config), about) for field in fields}
    left, right = st.columns(2)
    asked: dict[str, Any] = {
        "trials": left.number_input("Trials", 1, 500, 20, key="search_trials", persist_state="session"),
        "sampler": _select(right, "Next trial", SAMPLERS, "TPE learns from the trials before."),
        "pruner": _select(left, "Give up trials", PRUNERS, "By their validation accuracy after each epoch."),
    }
    usual = f"search {name_of(fields)}"
    name = right.text_input("Name", key="search_name", placeholder=usual, max_chars=80).strip() or usual
    search = _plan(config, name, asked | _space(given))

    def begin() -> None:
        free = free_name(name, resources.studies().taken_names())
        resources.searcher().begin(search.model_copy(update={"name": free, "owner": visitor()}))

    return Start(f"Search with {search.trials} trials", begin)


def _render_forecast(configs: list[TrainConfig]) -> None:
    """How many runs, and roughly how long they take on the workers there are, where that can be told."""
    done = resources.listing().runs
    each = [forecast(config, done) for config in configs]
    known = [one for one in each if one is not None]
    together = sum(known) / resources.engine().workers()
    time = f", roughly {_duration(together)}" if len(known) == len(each) else ""
    st.caption(f"{_runs(configs)}{time}")


def _runs(configs: list[TrainConfig]) -> str:
    return "1 run" if len(configs) == 1 else f"{len(configs)} runs"


def _duration(seconds: float) -> str:
    return f"{math.ceil(seconds)} s" if seconds < 90 else f"{math.ceil(seconds / 60)} min"


def _space(given: dict[str, Any]) -> dict[str, Any]:
    """Ranges and choices, from what was typed or picked."""
    ranges = {field: limits(field, text) for field, text in given.items() if isinstance(text, str) and is_range(text)}
    others = {field: tuple(_values(field, several)) for field, several in given.items() if field not in ranges}
    return {"ranges": ranges, "choices": others}


def _values(field: str, given: Any) -> list[Any]:
    if isinstance(given, str):
        return values(field, given)
    if not given:
        raise ConfigError(f"{_title(field)}: pick at least one value.")
    return list(given)


def _plan(config: TrainConfig, name: str, asked: dict[str, Any]) -> Search:
    base = holding_back(config)
    if base != config:
        st.caption(
            f"{base.validation_share:.0%} of the training images are held back to choose by: a search may not look at "
            "the test set."
        )
    return plan(name=name, base=base, recipe=recipes.named(config), **asked)


def _choose_fields(mode: str, default: tuple[str, ...], fields: list[str]) -> list[str]:
    return st.multiselect(
        "Settings to vary",
        fields,
        default=list(default),
        format_func=_title,
        key=f"{mode}_fields",
        persist_state="session",
    )


def _ask(mode: str, field: str, at_first: str, about: str) -> Any:
    """The text that was typed for a setting, or those of its values that were picked."""
    key = f"{mode}_of_{field}"
    if options := knob(field).options:
        st.session_state.setdefault(key, list(options))
        return st.pills(
            _title(field), options, selection_mode="multi", format_func=said, key=key, persist_state="session"
        )
    layers = "; the layers of one value with dashes: 32, 128-64." if knob(field).is_list else "."
    st.session_state.setdefault(key, at_first)
    return st.text_input(_title(field), key=key, help=about + layers, persist_state="session")


def _select(column: DeltaGenerator, label: str, options: dict[str, str], about: str) -> str:
    return column.selectbox(
        label,
        list(options),
        format_func=lambda name: options[name],
        key=f"search_{label}",
        help=about,
        persist_state="session",
    )


def _range_around(field: str, config: TrainConfig) -> str:
    """A range to begin with: around the value in the form, within the setting's bounds."""
    this, now = knob(field), getattr(config, field)
    now = now[0] if isinstance(now, tuple) and now else now
    if this.low is None or this.high is None or not isinstance(now, int | float):
        return said(getattr(config, field))
    ends = (now / AROUND, now * AROUND) if now and this.low >= 0 and not this.high <= 1 else (this.low, this.high)
    low, high = max(this.low, ends[0]), min(this.high, ends[1])
    return f"{int(low) if this.whole else low:g}..{int(high) if this.whole else high:g}"


def _title(field: str) -> str:
    return TrainConfig.model_fields[field].title or field


MODES = {"One run": _one_run, "Grid": _grid, "Search": _search}
