"""How the picked runs read digits on dirty paper."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import streamlit as st

from mnist_lab.comparing.formatting import difference
from mnist_lab.datasets.corruptions import CORRUPTIONS, corrupt
from mnist_lab.datasets.mnist import TestPart, load_test_part
from mnist_lab.errors import DatasetError, MnistLabError
from mnist_lab.exploring.findings import Array, Robustness
from mnist_lab.exploring.questions import asked
from mnist_lab.exploring.robustness import IMAGES, STRENGTHS, VERSION, Misread, accuracies, misread
from mnist_lab.plots.pictures import data_url
from mnist_lab.plots.pixels import pixels
from mnist_lab.plots.robustness import strength_figure
from mnist_lab.plots.style import FIRST_LESS_SECOND, colors
from mnist_lab.store.run import Run
from mnist_lab.ui.asking import answers, ask, begin
from mnist_lab.ui.compare.takeaway import show
from mnist_lab.ui.compare.tested import Tested, choose_group
from mnist_lab.ui.words import plain

SHOWN = 5  # misread images of each run
EXAMPLE = 3  # the place of the test image that the table shows corrupted
ROW = 44  # pixels, so that a picture can be made out
ASKED = "robustness_asked"  # in the session: the runs that somebody wanted to have measured

ByCorruption = Mapping[str, Array]


@st.fragment
def render(runs: list[Run]) -> None:
    """Accuracy by corruption for runs side by side; of one corruption, accuracy by strength and what is misread."""
    group = choose_group(runs, key="robustness-group")
    if not group:
        return
    try:
        test = load_test_part(group[0].run.config.dataset)
    except DatasetError as error:
        st.warning(plain(error))
        return
    found = _measured(group)
    if not found:
        return
    read = {name: accuracies(one, test) for name, one in found.items()}
    strength = st.segmented_control(
        "Strength",
        STRENGTHS,
        format_func=lambda one: f"{one:.0%}",
        default=STRENGTHS[-1],
        required=True,
        key="robustness-strength",
        persist_state="session",
    )
    left, right = st.columns([6, 5], gap="large")
    with left:
        chosen = _choose(read, strength, test)
    of_run = colors(run.id for run in runs)
    its_color = {each.name: of_run[each.run.id] for each in group}
    with right:
        st.subheader(f"{chosen.capitalize()}: {CORRUPTIONS[chosen].what}", anchor=False)
        curves = {name: by_corruption[chosen] for name, by_corruption in read.items()}
        show(strength_figure(curves, (0.0, *STRENGTHS), its_color, strength), "robustness-strengths")
        for name, one in found.items():
            _render_misread(name, misread(one, test, chosen, strength, SHOWN))
    st.caption(
        f"{IMAGES:,} test images after the fifteen corruptions of [MNIST-C](https://arxiv.org/abs/1906.02337), whose "
        "published strength is 100 %. They go into the network as they are, without what prepares a drawing."
    )


def _measured(group: Sequence[Tested]) -> dict[str, Robustness]:
    """What is known of the runs, by name, with a button to have the others measured."""
    wanted: set[str] = st.session_state.setdefault(ASKED, set())
    questions = {each.run.id: asked(Robustness, each.run.id, VERSION) for each in group}
    missing = [each for each in group if not (each.run.id in wanted or answers().knows(questions[each.run.id]))]
    if missing:
        name = plain(missing[0].name) if len(missing) == 1 else f"{len(missing)} runs"
        ids = [each.run.id for each in missing]
        st.button(f"Measure {name}", type="primary", icon=":material/play_arrow:", on_click=wanted.update, args=(ids,))
        number = IMAGES * len(CORRUPTIONS) * len(STRENGTHS)
        st.caption(f"A worker reads {number:,} corrupted test images for each run, and keeps what it finds.")
    ready = [each for each in group if each not in missing]
    for each in ready:
        with suppress(MnistLabError):  # which `ask` tells
            begin(questions[each.run.id])
    found = {each.name: ask(Robustness, questions[each.run.id], "A worker reads corrupted images …") for each in ready}
    return {name: one for name, one in found.items() if one}


def _choose(read: Mapping[str, ByCorruption], strength: float, test: TestPart) -> str:
    """A table of the accuracies; the corruption of the row that is picked, or else the one that costs most."""
    by_cost = sorted(CORRUPTIONS, key=lambda name: sum(float(each[name][-1]) for each in read.values()))
    place = 1 + STRENGTHS.index(strength)
    example = test.images[EXAMPLE : EXAMPLE + 1]
    table: dict[str, Sequence[Any]] = {
        "looks": [data_url(corrupt(example, name, strength)[0]) for name in by_cost],
        "corruption": by_cost,
    }
    for name, by_corruption in read.items():
        table[name] = [round(100 * float(by_corruption[one][place]), 1) for one in by_cost]
    formats: dict[str, Any] = {name: st.column_config.NumberColumn(format="%.1f %%") for name in read}
    if len(read) == 2:
        first, second = (table[name] for name in read)
        table[FIRST_LESS_SECOND] = difference(first, second, 1).tolist()
        formats[FIRST_LESS_SECOND] = st.column_config.NumberColumn(format="%+.1f")
    clean = ", ".join(f"{plain(name)} {100 * float(next(iter(each.values()))[0]):.1f} %" for name, each in read.items())
    mean = ", ".join(f"{plain(name)} {sum(table[name]) / len(by_cost):.1f} %" for name in read)
    st.caption(f"Clean: {clean}. Mean of the {len(by_cost)}: {mean}. Pick a row to look into it.")
    picked = st.dataframe(
        table,
        hide_index=True,
        row_height=ROW,
        height="content",
        column_config={"looks": st.column_config.ImageColumn("looks like", width="small"), **formats},
        width="content",
        key="robustness-table",
        on_select="rerun",
        selection_mode="single-row-required",
    )
    rows = picked["selection"]["rows"]
    return by_cost[rows[0] if rows else 0]


def _render_misread(name: str, images: Sequence[Misread]) -> None:
    st.markdown(f"**{plain(name)}** misreads" if images else f"**{plain(name)}** misreads none.")
    figures = "".join(
        f"<figure>{pixels(one.image, f'A corrupted {one.label}', side=84)}"
        f"<figcaption>{one.label} read as <b>{one.answer}</b></figcaption></figure>"
        for one in images
    )
    st.html(f'<div class="strip">{figures}</div>')
