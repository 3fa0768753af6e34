"""The network drawn to scale, with what each layer costs and what it does."""

from html import escape

import streamlit as st

from mnist_lab.exploring.architecture import Row, rows, times
from mnist_lab.networks.shapes import count_operations, count_parameters
from mnist_lab.plots.style import COLORS
from mnist_lab.plots.svg import svg
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.glossary import term
from mnist_lab.ui.layers import layer_table

PIXEL = 2.4  # CSS pixels of a pixel in a map
DEPTH = 0.55  # of a map behind the one before it
WIDEST = 210  # of a row of units
DRAWN = ("InputLayer", "AveragePooling2D", "Conv2D", "MaxPooling2D", "Dense")


def render(selection: Selection) -> None:
    """Every layer in a row of its own; the table of all of them folded away."""
    config = selection.run.config
    st.html(
        f'<div class="totals"><b>{count_parameters(config):,}</b> {term("parameters")}, '
        f"<b>{count_operations(config):,}</b> {term('operations')} for an image</div>"
    )
    layers = [row for row in rows(config) if row.layer.kind in DRAWN]
    most = max(row.layer.output_shape[0] for row in layers if len(row.layer.output_shape) == 1)
    head = "<div></div><div></div><div>parameters</div><div>work</div>"
    st.html(
        f'<div class="architecture"><div class="head">{head}</div>{"".join(_row(row, most) for row in layers)}</div>'
    )
    st.caption("Point at a layer, or tap it, for what it does.")
    with st.expander("All layers in a table"):
        st.html(layer_table(config))


def _row(row: Row, most: int) -> str:
    layer = row.layer
    bars = _bar("parameters", row.parameters, layer.parameters) + _bar("work", row.work, layer.operations)
    return (
        f'<div class="layer" tabindex="0"><div class="drawn">{_drawing(layer.output_shape, most)}</div>'
        f"<div><b>{row.name}</b><span>{times(layer.output_shape)}</span></div>{bars}"
        f'<p class="formula">{escape(row.words)}</p></div>'
    )


def _bar(of: str, share: float, count: int) -> str:
    if not count:
        return f'<div class="share none" data-of="{of}">none</div>'
    words = f"{share:.0%}" if share >= 0.01 else "< 1%"
    return (
        f'<div class="share" data-of="{of}"><i><b style="width:{share:.1%}"></b></i>'
        f"<span>{count:,} · {words}</span></div>"
    )


def _drawing(shape: tuple[int, ...], most: int) -> str:
    """Maps as a box as wide, high and deep as they are, units as a row, all of a network to one scale."""
    if len(shape) == 1:
        width = max(3.0, shape[0] * min(2.0, WIDEST / most))
        return _svg(width, 12, f'<rect width="{width:.0f}" height="12" rx="2"/>')
    side = shape[0] * PIXEL
    depth = shape[2] * DEPTH if len(shape) == 3 else 0
    rise = depth / 2
    slant = f"l{depth:.1f} {-rise:.1f}"
    back = f"l{-depth:.1f} {rise:.1f}z"
    front = f'<rect y="{rise:.1f}" width="{side:.1f}" height="{side:.1f}"/>'
    top = f'<path fill-opacity="0.25" d="M0 {rise:.1f} {slant} h{side:.1f} {back}"/>'
    flank = f'<path fill-opacity="0.75" d="M{side:.1f} {rise:.1f} {slant} v{side:.1f} {back}"/>'
    return _svg(side + depth, side + rise, front + (top + flank if depth else ""))


def _svg(width: float, height: float, content: str) -> str:
    style = f'fill="{COLORS[0]}" fill-opacity="0.5" stroke="{COLORS[0]}" stroke-width="0.7"'
    box = f"-0.5 -0.5 {width + 1:.1f} {height + 1:.1f}"
    return svg(content, box, style, f'style="width:{width + 1:.0f}px"')
