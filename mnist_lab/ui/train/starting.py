"""What the configuration in the form begins: one run, a grid of several values, or a search."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, NamedTuple, TypeVar

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from mnist_lab.config import recipes
from mnist_lab.config.grids import expand, free_name, name_of
from mnist_lab.config.knobs import in_words, is_range, knob, knobs, limits, nearby, parts, said, values
from mnist_lab.config.search import TRIALS, YARDSTICK, holding_back, plan
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine import cluster
from mnist_lab.engine.admission import check_memory
from mnist_lab.engine.forecast import forecasts
from mnist_lab.errors import ConfigError, MnistLabError
from mnist_lab.ui import resources
from mnist_lab.ui.address import turned
from mnist_lab.ui.allowed import may_search, may_train
from mnist_lab.ui.numbers import ask_whole, render_problem
from mnist_lab.ui.train.beside import KEY as CLASS
from mnist_lab.ui.train.beside import beside, render_beside
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import about, plain

AROUND = 10  # a range offered reaches so many times below and above the value in the form
SAMPLERS = {"tpe": "TPE", "random": "at random"}
PRUNERS = {"median": "below the median", "halving": "below the best third", "none": "never"}
PRESSES = "start_presses"  # in the session
ASKED = ("form_", "grid_", "search_", "start_mode", CLASS)  # how the keys of what a press begins begin
DOUBLE_CLICK = 0.5  # seconds, as on most systems
Space = TypeVar("Space")


class Start(NamedTuple):
    """What a button says, what it begins, and what is to be known about that."""

    label: str
    begin: Callable[[], object]
    about: str = ""


@dataclass
class Presses:
    """What became of a visitor's presses of the button.

    At each touch of the session's state Streamlit (1.67) leaves a callback, and a run of the page, where the
    browser has sent something newer. So what must not get lost is kept here.
    """

    is_waiting: bool = False
    problem: str = ""
    begun: dict[str, Any] | None = None
    at: float = 0.0

    def begin(self, start: Start, asked: dict[str, Any]) -> None:
        """Begin it, unless this is the second half of a double click; keep what is wrong, where it cannot be done."""
        if asked == self.begun and time.monotonic() - self.at < DOUBLE_CLICK:
            return
        try:
            start.begin()
            self.begun, self.at = asked, time.monotonic()
        except MnistLabError as error:
            self.problem = str(error)


def render_start(config: TrainConfig, is_right: bool) -> None:
    """The choice, what it needs to know, and the button, which can be pressed where the form `is_right`.

    Whatever can be wrong is said below the button or laid over what is there, so that nothing moves.
    """
    mode = st.segmented_control(
        "What to train",
        list(MODES),
        default="One run",
        required=True,
        key="start_mode",
        persist_state="session",
        on_change=turned,
        width="stretch",
    )
    if mode != "Search":
        render_beside()
    problem, start = "", None
    try:
        start = MODES[mode or "One run"](config)
    except MnistLabError as error:
        problem = str(error)
    ready, asked = start if is_right else None, _asked()
    presses = st.session_state.setdefault(PRESSES, Presses())
    st.button(
        start.label if start else "Train",
        key="start",
        type="primary",
        width="stretch",
        icon=":material/play_arrow:",
        disabled=ready is None,
        on_click=_press,
        args=(presses, ready, asked),
    )
    if presses.is_waiting and ready:
        presses.begin(ready, asked)
    presses.is_waiting = False
    problem, presses.problem = presses.problem or problem, ""
    if problem:
        st.error(plain(problem), icon=":material/error:")
    elif start and start.about:
        st.caption(start.about)


def _press(presses: Presses, ready: Start | None, asked: dict[str, Any]) -> None:
    """Begin what was shown, or have the page do so once it shows what a field was changed to just before."""
    if ready and asked == _asked():
        presses.begin(ready, asked)
    else:
        presses.is_waiting = True
    turned()


def _asked() -> dict[str, Any]:
    """What all fields contain, by their keys."""
    return {key: value for key, value in st.session_state.to_dict().items() if key.startswith(ASKED)}


def _one_run(config: TrainConfig) -> Start:
    check_memory([config], cluster.memory())

    def begin() -> None:
        may_train([config])
        about = recipes.describe(config), recipes.named(config)
        resources.engine().submit(config, *about, beside=beside(), owner=visitor())

    return Start("Train", begin)


def _grid(config: TrainConfig) -> Start | None:
    fields = _choose_fields("grid", ("units", "dropout"), list(knobs()))
    given = {field: _ask("grid", field, partial(_typed_values, now=getattr(config, field))) for field in fields}
    name = st.text_input("Name", key="grid_name", placeholder=name_of(fields), max_chars=80).strip()
    chosen = {field: several for field, several in given.items() if several is not None}
    if not fields or len(chosen) < len(given):
        return None
    configs = expand(config, chosen)

    def begin() -> None:
        may_train(configs)
        taken = resources.studies().taken_names()
        group = free_name(name, taken) if name else name_of(fields, taken)
        about: dict[str, Any] = {"group": group, "beside": beside(), "owner": visitor()}
        for one in configs:
            resources.engine().submit(one, in_words(one, fields), recipes.named(one), **about)

    return Start(f"Train {_runs(configs)}", begin, _forecast(configs))


def _search(config: TrainConfig) -> Start | None:
    searchable = [field for field in knobs() if field not in YARDSTICK]
    fields = _choose_fields("search", ("learning_rate", "units"), searchable)
    given = {field: _ask("search", field, partial(_typed_space, config=config)) for field in fields}
    left, right = st.columns(2)
    with left:
        trials = ask_whole(*TRIALS, 20, label="Trials", key="search_trials", persist_state="session")
    asked: dict[str, Any] = {
        "trials": trials,
        "sampler": _select(right, "Next trial", SAMPLERS, "TPE learns from the trials before."),
        "pruner": _select(left, "Give up trials", PRUNERS, "By their validation accuracy after each epoch."),
    }
    usual = f"search {name_of(fields)}"
    name = right.text_input("Name", key="search_name", placeholder=usual, max_chars=80).strip() or usual
    if trials is None or None in given.values():
        return None
    asked["ranges"] = {field: space for field, space in given.items() if isinstance(space, tuple)}
    asked["choices"] = {field: tuple(space) for field, space in given.items() if isinstance(space, list)}
    base = holding_back(config)
    search = plan(name=name, base=base, recipe=recipes.named(config), **asked)
    held_back = (
        f"{base.validation_share:.0%} of the training images are held back to choose by: a search may not look at the "
        "test set."
    )

    def begin() -> None:
        may_search(search, search.trials)
        free = free_name(name, resources.studies().taken_names())
        resources.searcher().begin(search.model_copy(update={"name": free, "owner": visitor()}))

    return Start(f"Search with {search.trials} trials", begin, held_back if base != config else "")


def _forecast(configs: list[TrainConfig]) -> str:
    """How many runs, and roughly how long they take on the workers there are, where that can be told."""
    each = forecasts(configs, resources.listing().runs)
    known = [one for one in each if one is not None]
    together = sum(known) / resources.engine().workers()
    time = f", {about(together)}" if len(known) == len(each) else ""
    return f"{_runs(configs)}{time}"


def _runs(configs: list[TrainConfig]) -> str:
    return "1 run" if len(configs) == 1 else f"{len(configs)} runs"


def _typed_space(field: str, key: str, config: TrainConfig) -> tuple[float, float] | list[Any]:
    """The ends of a range, or the values to choose among."""
    layers = "; the layers of one value with dashes: 32, 128-64." if knob(field).is_list else "."
    about = f"A range such as 0.001..0.1, or several values with commas between them{layers}"
    st.session_state.setdefault(key, _range_around(field, config))
    text = st.text_input(_title(field), key=key, help=about, persist_state="session")
    return limits(field, text) if is_range(text) else values(field, text)


def _typed_values(field: str, key: str, now: Any) -> list[Any]:
    """Several values as chips, of which some are offered, at first only the one in the form."""
    chips = st.session_state.setdefault(key, [said(now)])
    st.multiselect(
        _title(field),
        list(dict.fromkeys([*nearby(field, now), *chips])),
        accept_new_options=True,
        key=key,
        on_change=_part,
        args=(field, key),
        placeholder="Type a value",
        help="Type a value and press Enter" + ("; layers with dashes: 128-64." if knob(field).is_list else "."),
        persist_state="session",
    )
    if not chips:
        raise ConfigError("Pick at least one value.")
    return list(dict.fromkeys(chain.from_iterable(values(field, chip) for chip in chips)))


def _part(field: str, key: str) -> None:
    """Several values that were typed or pasted at once become a chip each."""
    chips = st.session_state[key]
    parted = list(dict.fromkeys(part for chip in chips for part in parts(field, chip)))
    if parted != chips:
        st.session_state[key] = parted


def _choose_fields(mode: str, default: tuple[str, ...], fields: list[str]) -> list[str]:
    return st.multiselect(
        "Settings to vary",
        fields,
        default=list(default),
        format_func=_title,
        key=f"{mode}_fields",
        persist_state="session",
    )


def _ask(mode: str, field: str, read: Callable[[str, str], Space]) -> Space | list[Any] | None:
    """What is asked of a setting: picked among its options, or what its field, which `read` shows, contains.

    None, with the reason below, where it cannot be.
    """
    key = f"{mode}_of_{field}"
    with st.container(key=f"field_{key}"):
        try:
            if options := knob(field).options:
                return _picked(field, key, options)
            return read(field, key)
        except ConfigError as error:
            render_problem(error.problems.get(field, str(error)))
            return None


def _picked(field: str, key: str, options: tuple[Any, ...]) -> list[Any]:
    st.session_state.setdefault(key, list(options))
    picked = st.pills(
        _title(field), options, selection_mode="multi", format_func=said, key=key, persist_state="session"
    )
    if not picked:
        raise ConfigError("Pick at least one value.")
    return list(picked)


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
