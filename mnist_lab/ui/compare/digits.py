"""How the picked runs fare with each digit."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import streamlit as st

from mnist_lab.comparing.digits import SCORES, most_confused, scores
from mnist_lab.comparing.doubtful import SOURCE, doubts, without_doubtful
from mnist_lab.comparing.formatting import difference
from mnist_lab.plots.digits import less_figure, scores_figure
from mnist_lab.plots.style import FIRST_LESS_SECOND, colors, less_in_words
from mnist_lab.store.run import Run
from mnist_lab.ui.compare.takeaway import show
from mnist_lab.ui.compare.tested import Tested, choose_group, pair_of

PERCENT = "%.2f %%"


@st.fragment
def render(runs: list[Run]) -> None:
    """A score of each digit, the difference of two runs, the most confused pairs, and what doubtful labels cost."""
    group = choose_group(runs, key="digits-group")
    if not group:
        return
    name = st.segmented_control(
        "Score", list(SCORES), default="Recall", required=True, key="digits-score", persist_state="session"
    )
    st.caption(f"{name}: {SCORES[name]}.")
    found = {each.name: scores(each.evaluation, name) for each in group}
    its_color = colors(run.id for run in runs)
    figure = scores_figure(found, name, {each.name: its_color[each.run.id] for each in group})
    show(figure, "digits-scores")
    if pair := pair_of(group, runs):
        first, second = (100 * score for score in found.values())
        less = difference(first, second, 2) / 100
        show(less_figure(less, "points of a hundred", pair.colors), "digits-less")
        st.html(f"<small>{less_in_words(name, pair.names, pair.colors)}</small>")
    with st.expander("In numbers"):
        _render_numbers(group)
    left, right = st.columns(2, gap="large")
    with left:
        _render_confused(group)
    if doubts(group[0].evaluation):
        with right:
            _render_doubtful(group)


def _render_numbers(group: Sequence[Tested]) -> None:
    table: dict[str, Any] = {"digit": range(10), "images": np.bincount(group[0].evaluation.labels, minlength=10)}
    for name in SCORES:
        values = [100 * scores(each.evaluation, name) for each in group]
        table |= {f"{name}, {each.name}": value for each, value in zip(group, values, strict=True)}
        if len(values) == 2:
            table[f"{name}, {FIRST_LESS_SECOND.lower()}"] = difference(values[0], values[1], 2)
    formats = {
        name: st.column_config.NumberColumn(format="%+.2f" if name.endswith(FIRST_LESS_SECOND.lower()) else PERCENT)
        for name in table
        if name not in ("digit", "images")
    }
    st.dataframe(table, hide_index=True, column_config=formats, key="digits-numbers")


def _render_confused(group: Sequence[Tested]) -> None:
    st.subheader("Most often confused", anchor=False)
    rows = []
    for pair in most_confused([each.evaluation for each in group]):
        row: dict[str, Any] = {"": f"{pair.label} read as {pair.answer}"}
        row |= {each.name: images for each, images in zip(group, pair.images, strict=True)}
        if len(group) == 2:
            row[FIRST_LESS_SECOND] = pair.images[0] - pair.images[1]
        rows.append(row)
    signed = st.column_config.NumberColumn(format="%+d")
    st.dataframe(rows, hide_index=True, column_config={FIRST_LESS_SECOND: signed}, key="digits-confused")


def _render_doubtful(group: Sequence[Tested]) -> None:
    number = len(doubts(group[0].evaluation))
    st.subheader("Without doubtful labels", anchor=False)
    rows = []
    for each in group:
        kept = without_doubtful(each.evaluation)
        all_images, without = 100 * each.evaluation.accuracy, 100 * kept.accuracy
        rows.append({"run": each.name, "all images": all_images, f"without the {number}": without})
    column = st.column_config.NumberColumn(format=PERCENT)
    formats = {"all images": column, f"without the {number}": column}
    st.dataframe(rows, hide_index=True, column_config=formats, key="digits-doubtful")
    st.caption(
        f"Of five people who saw these {number} test images, at most two agreed with the label "
        f"([Northcutt et al. 2021]({SOURCE})). The Mistakes view shows them."
    )
