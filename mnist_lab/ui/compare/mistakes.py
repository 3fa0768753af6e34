"""What the picked runs mistake for what, and on which images."""

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
import streamlit as st
from numpy.typing import NDArray

from mnist_lab.comparing.digits import most_confused
from mnist_lab.comparing.doubtful import doubts
from mnist_lab.comparing.mistakes import MEASURES, exchange, in_cell, less, wrong_by_all
from mnist_lab.comparing.verdicts import images
from mnist_lab.plots.matrices import Cell, clickable, confusion_figure, difference_figure
from mnist_lab.plots.style import FIRST_LESS_SECOND, less_in_words
from mnist_lab.store.run import Run
from mnist_lab.ui.compare.gallery import render_gallery
from mnist_lab.ui.compare.takeaway import show
from mnist_lab.ui.compare.tested import Tested, choose_group, pair_of
from mnist_lab.ui.words import plain

CELL = "cell"  # in the address: the true digit and the answer of the cell that is looked into, "49"
ACROSS = 3
OFTEN = 6  # cells that are named


class Gallery(NamedTuple):
    """Places of test images, int64, and the runs that read them wrong."""

    places: NDArray[np.int64]
    readers: Sequence[Tested]


@st.fragment
def render(runs: list[Run]) -> None:
    """Confusion matrices side by side, the images of the cell that is clicked, and what one run fixes of another."""
    group = choose_group(runs, key="mistakes-group")
    if not group:
        return
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    measure = left.segmented_control(
        "A cell says", list(MEASURES), default="Images", required=True, key="mistakes-measure", persist_state="session"
    )
    dimmed = right.toggle("Dim right answers", value=True, key="mistakes-dimmed", persist_state="session")
    _render_matrices(group, runs, measure, dimmed)
    _render_often(group)
    _render_cell(group)
    _render_exchange(group)


def _render_matrices(group: list[Tested], runs: list[Run], measure: str, dimmed: bool) -> None:
    matrices = [MEASURES[measure](each.evaluation.confusion_matrix) for each in group]
    most = max(float((matrix - np.diag(matrix.diagonal())).max()) for matrix in matrices)
    shown = "{:.0f}" if measure == "Images" else "{:.1f}"
    figures = [
        confusion_figure(matrix, each.name, most or 1.0, dimmed=dimmed, shown=shown, height=400)
        for each, matrix in zip(group, matrices, strict=True)
    ]
    if pair := pair_of(group, runs):
        signed = shown.replace(":", ":+")
        figures.append(difference_figure(less(*matrices), FIRST_LESS_SECOND, pair.colors, shown=signed, height=400))
    _render_figures(figures)
    if pair:
        st.html(f"<small>{less_in_words('The difference', pair.names, pair.colors)}</small>")


def _render_figures(figures: list[go.Figure]) -> None:
    for start in range(0, len(figures), ACROSS):
        for place, column in enumerate(st.columns(min(ACROSS, max(len(figures), 2))), start=start):
            if place < len(figures):
                with column:
                    _render_clickable(clickable(figures[place], _chosen()), f"confusion-{place}")


def _render_clickable(figure: go.Figure, key: str) -> None:
    def choose() -> None:
        for point in st.session_state[key]["selection"]["points"]:
            _choose((int(point["y"]), int(point["x"])))

    show(figure, key, on_select=choose)


def _chosen() -> Cell | None:
    """The cell that the address names, where it names one."""
    text = st.query_params.get(CELL, "")
    return (int(text[0]), int(text[1])) if re.fullmatch(r"[0-9]{2}", text) else None


def _choose(cell: Cell | None) -> None:
    if cell:
        st.query_params[CELL] = f"{cell[0]}{cell[1]}"


def _render_often(group: Sequence[Tested]) -> None:
    """The cells with the most mistakes, to click where that is easier."""
    pairs = [(pair.label, pair.answer) for pair in most_confused([each.evaluation for each in group], OFTEN)]
    key = "mistakes-often"
    st.session_state[key] = _chosen() if _chosen() in pairs else None
    st.pills(
        "Click a cell, or one of the most frequent mistakes, to see its images",
        pairs,
        format_func=lambda pair: f"{pair[0]} read as {pair[1]}",
        key=key,
        on_change=lambda: _choose(st.session_state[key]),
    )


def _render_cell(group: Sequence[Tested]) -> None:
    chosen = _chosen()
    if chosen is None:
        return
    label, answer = chosen
    with st.container(key="cell", border=True):
        st.subheader(f"A {label} read as a {answer}", anchor=False)
        columns = st.columns(2) if len(group) == 2 else [st.container() for _ in group]
        for each, column in zip(group, columns, strict=True):
            found = in_cell(each.evaluation, label, answer)
            with column:
                st.markdown(f"**{plain(each.name)}**: {images(len(found))}")
                if len(found):
                    render_gallery(found, group, key=f"cell-{label}{answer}-{each.run.id}", readers=[each])


def _render_exchange(group: Sequence[Tested]) -> None:
    found = _galleries(group)
    names = list(found)
    chosen = st.segmented_control(
        "Images",
        names,
        format_func=lambda name: f"{plain(name)} ({len(found[name].places):,})",
        default=names[0],
        required=True,
        key=f"mistakes-images-{'-'.join(each.run.id for each in group)}",
    )
    places, readers = found[chosen or names[0]]
    if len(places):
        render_gallery(places, group, f"gallery-{chosen}-{'-'.join(each.run.id for each in group)}", readers)


def _galleries(group: Sequence[Tested]) -> dict[str, Gallery]:
    """Galleries by name; of two runs, the better one fixes and breaks."""
    together = Gallery(wrong_by_all([each.evaluation for each in group]), group)
    doubted = np.array(list(doubts(group[0].evaluation)), dtype=np.int64)
    doubtful = {"Doubted labels": Gallery(doubted, group)} if len(doubted) else {}
    if len(group) == 1:
        return {"Mistakes": together} | doubtful
    if len(group) > 2:
        return {f"Wrong by all {len(group)}": together} | doubtful
    behind, ahead = sorted(group, key=lambda each: each.evaluation.accuracy)
    fixed, broken = exchange(behind.evaluation, ahead.evaluation)
    return {
        f"Fixed by {ahead.name}": Gallery(fixed, [behind]),
        f"Broken by {ahead.name}": Gallery(broken, [ahead]),
        "Wrong by both": together,
        **doubtful,
    }
