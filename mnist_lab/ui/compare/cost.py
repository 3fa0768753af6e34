"""What accuracy costs, and what others have reached."""

import streamlit as st

from mnist_lab.comparing.cost import COSTS, RECORDS, Record, explained, points, published
from mnist_lab.comparing.families import lettered
from mnist_lab.plots.cost import cost_figure
from mnist_lab.store.run import Run
from mnist_lab.ui.compare.selection import picking
from mnist_lab.ui.compare.takeaway import show
from mnist_lab.ui.compare.widths import widths_seen


def render(runs: list[Run]) -> None:
    """The runs by accuracy and by what it cost, with the published results as lines."""
    left, right = st.columns([3, 2], vertical_alignment="center")
    chosen = left.segmented_control("Cost", list(COSTS), default="Parameters", required=True, key="cost_of")
    shown = right.toggle("Published results", value=True, key="cost_published")
    records = RECORDS if shown and any(run.config.dataset == "mnist" for run in runs) else ()
    cost = COSTS[chosen]
    found = points(runs, cost)
    names = lettered(runs)
    data = [
        {"run": names[point.run_id], cost.title: point.cost, "test accuracy": point.accuracy, "front": point.on_front}
        for point in found
    ]
    figure = cost_figure(found, names, cost, records, widths_seen("cost"))
    show(figure, "cost", data, on_select=picking("cost"))
    more = "" if len(runs) > 2 else " Tick more among all runs to see more of them here."
    st.caption(explained(found, bool(records)) + more)
    if records:
        with st.expander("Who published these results?"):
            st.markdown("\n".join(map(_cited, [*records, *published(runs)])))


def _cited(record: Record) -> str:
    source = f"[{record.source}]({record.link})" if record.link else record.source
    return f"- **{record.name}**, {100 * record.accuracy:g} %: {source}"
