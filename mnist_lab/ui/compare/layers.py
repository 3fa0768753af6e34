"""The layers of two runs beside each other."""

from html import escape

import streamlit as st

from mnist_lab.comparing.families import lettered
from mnist_lab.exploring.architecture import Row, side_by_side, times
from mnist_lab.store.run import Run


def render(first: Run, second: Run) -> None:
    """A row for each layer, marked where the two differ."""
    pairs = side_by_side(first.config, second.config)
    different = sum(_differ(one, two) for one, two in pairs)
    if not different:
        st.caption("Their layers are the same.")
        return
    names = lettered([first, second])
    st.markdown(f"**Layers.** {different} of {len(pairs)} differ.")
    head = "".join(f'<th colspan="3">{escape(names[run.id])}</th>' for run in (first, second))
    rows = "".join(f"<tr{_mark(one, two)}>{_cells(one)}{_cells(two)}</tr>" for one, two in pairs)
    st.html(f'<div class="beside" tabindex="0"><table class="layers"><tr>{head}</tr>{rows}</table></div>')


def _differ(one: Row | None, two: Row | None) -> bool:
    return one is None or two is None or (one.layer, one.words) != (two.layer, two.words)


def _mark(one: Row | None, two: Row | None) -> str:
    return ' class="differs"' if _differ(one, two) else ""


def _cells(row: Row | None) -> str:
    if row is None:
        return '<td colspan="3">–</td>'
    parameters = f"{row.layer.parameters:,}" if row.layer.parameters else ""
    return (
        f'<td title="{escape(row.words)}">{row.name}</td><td>{times(row.layer.output_shape)}</td><td>{parameters}</td>'
    )
