"""What accuracy costs, and what others have reached."""

import streamlit as st

from mnist_lab.comparing.cost import COSTS, Record, points, records
from mnist_lab.plots.cost import cost_figure
from mnist_lab.runs import Run
from mnist_lab.ui.compare.naming import labels
from mnist_lab.ui.compare.takeaway import show


def render(runs: list[Run]) -> None:
    """The runs by accuracy and by what it cost, with the published results as lines."""
    left, right = st.columns([3, 2], vertical_alignment="center")
    chosen = left.segmented_control("Cost", list(COSTS), default="Parameters", required=True, key="cost_of")
    published = records(runs) if right.toggle("Published results", value=True, key="cost_published") else []
    cost = COSTS[chosen]
    found = points(runs, cost)
    names = labels(runs)
    data = [
        {"run": names[point.run_id], cost.title: point.cost, "test accuracy": point.accuracy, "front": point.on_front}
        for point in found
    ]
    show(cost_figure(found, names, cost, published), "cost", data)
    st.caption(_explained(len(runs)))
    if published:
        with st.expander("Who published these results?"):
            st.markdown("\n".join(map(_cited, published)))


def _explained(runs: int) -> str:
    more = "" if runs > 2 else " Tick more runs in the table to see more of them here."
    return (
        "Each step up between two marks of the scale leaves fewer mistakes by a factor, as a step to the right "
        f"multiplies the cost. Filled: no other run is cheaper and better.{more}"
    )


def _cited(record: Record) -> str:
    source = f"[{record.source}]({record.link})" if record.link else record.source
    return f"- **{record.name}**, {100 * record.accuracy:g} %: {source}"
