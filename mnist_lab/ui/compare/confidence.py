"""How sure the picked runs are of their answers, and how sure they may be."""

from collections.abc import Sequence

import streamlit as st

from mnist_lab.comparing.calibration import BINS, SURE_ENOUGH, answered_at, coverage, histogram, reliability
from mnist_lab.plots.calibration import confidence_figure, coverage_figure, reliability_figure
from mnist_lab.plots.style import colors
from mnist_lab.store.run import Run
from mnist_lab.ui.compare.takeaway import show
from mnist_lab.ui.compare.tested import Tested, choose_group

ACROSS = 3


@st.fragment
def render(runs: list[Run]) -> None:
    """Calibration in numbers and as a diagram, accuracy against coverage, and histograms of confidence."""
    group = choose_group(runs, key="confidence-group")
    if not group:
        return
    of_run = colors(run.id for run in runs)
    its_color = {each.name: of_run[each.run.id] for each in group}
    _render_numbers(group)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Is it right as often as it is sure?", anchor=False)
        curves = {each.name: reliability(each.evaluation) for each in group}
        show(reliability_figure(curves, its_color), "reliability")
        st.caption("Below the dashed line a network is too sure of itself, above it not sure enough.")
    with right:
        st.subheader("What if it may pass?", anchor=False)
        covered = {each.name: coverage(each.evaluation) for each in group}
        show(coverage_figure(covered, its_color), "coverage")
        st.caption("The accuracy of its answers when it answers only the images that it is surest of.")
    st.subheader("How sure are right and wrong answers?", anchor=False)
    for start in range(0, len(group), ACROSS):
        for column, each in zip(
            st.columns(min(ACROSS, max(len(group), 2))), group[start : start + ACROSS], strict=False
        ):
            figure = confidence_figure(histogram(each.evaluation), each.name)
            with column:
                show(figure, f"confidence-{each.run.id}")


def _render_numbers(group: Sequence[Tested]) -> None:
    rows = [
        {
            "run": each.name,
            "right": 100 * each.evaluation.accuracy,
            "sure": 100 * float(each.evaluation.confidences.mean()),
            "calibration error": 100 * reliability(each.evaluation).error,
            "answered": 100 * answered_at(coverage(each.evaluation)),
        }
        for each in group
    ]
    number = st.column_config.NumberColumn
    columns = {
        "right": number("right", format="%.2f %%", help="Share of the test images"),
        "sure": number("sure, on average", format="%.2f %%", help="The mean probability of its answers"),
        "calibration error": number(
            "calibration error",
            format="%.2f %%",
            help=f"How far being sure and being right are apart, on average over {BINS} equal bins of confidence "
            "(expected calibration error, Guo et al. 2017)",
        ),
        "answered": number(
            f"coverage at {SURE_ENOUGH:.1%} right",
            format="%.1f %%",
            help=f"Share of the images that it can answer, the surest first, with {SURE_ENOUGH:.1%} of them right",
        ),
    }
    st.dataframe(rows, hide_index=True, column_config=columns, width="content", key="confidence-numbers")
