"""A figure as what other programs read: the numbers behind it, and a page of its own."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from html import unescape
from itertools import product
from typing import Any

import plotly.graph_objects as go

FORMULA = ("=", "+", "-", "@")  # a spreadsheet would run a text that begins so


def rows(figure: go.Figure) -> list[dict[str, Any]]:
    """The numbers behind a figure: one row for each point, bar or cell, its columns named as the axes are."""
    return [row for trace in figure.data if _is_seen(trace) for row in _rows_of(trace, figure.layout)]


def to_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """CSV with a header; rows need not have the same columns. A text that a spreadsheet would run is quoted by '."""
    rows = list(rows)
    columns = dict.fromkeys(column for row in rows for column in row)
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: _harmless(value) for column, value in row.items()} for row in rows)
    return buffer.getvalue()


def to_page(figure: go.Figure) -> str:
    """An HTML page with the figure alone, to zoom and hover offline: plotly.js, about 5 MB, is in it."""
    return str(figure.to_html(include_plotlyjs=True, config={"displaylogo": False, "responsive": True}))


def _is_seen(trace: Any) -> bool:
    """Whether a trace shows numbers: neither a shade nor what is only there to be clicked."""
    if trace.type != "scatter":
        return True
    return trace.fill != "toself" and not (trace.mode == "markers" and trace.marker.opacity == 0)


def _rows_of(trace: Any, layout: Any) -> Iterator[dict[str, Any]]:
    series = {"series": unescape(trace.name)} if trace.name else {}
    if trace.type == "parcoords":
        columns = {dimension.label: dimension.values for dimension in trace.dimensions}
        yield from (dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True))
    elif trace.type == "heatmap":
        x, y = _title(layout, "x", trace), _title(layout, "y", trace)
        for row, column in product(range(len(trace.y)), range(len(trace.x))):
            if (value := _cell(trace, row, column)) is not None:
                yield {**series, y: trace.y[row], x: trace.x[column], "value": value}
    elif trace.x is not None and trace.y is not None:
        x, y = _title(layout, "x", trace), _title(layout, "y", trace)
        yield from ({**series, x: one, y: other} for one, other in zip(trace.x, trace.y, strict=False))


def _cell(trace: Any, row: int, column: int) -> Any:
    """What is written in a cell, or its value in a figure without texts; None for an empty one."""
    value = trace.z[row][column]
    if value != value or trace.text is None:
        return None if value != value else value
    text = trace.text[row][column]
    try:
        return float(text) if text else None
    except ValueError:
        return text


def _title(layout: Any, axis: str, trace: Any) -> str:
    number = (trace[f"{axis}axis"] or axis)[1:]
    return layout[f"{axis}axis{number}"].title.text or axis


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value
