"""The recipes as cards: what each network looks like, what it is for, how well it does and how long it takes."""

from collections.abc import Callable
from html import escape
from math import log2

import streamlit as st

from mnist_lab.config import recipes
from mnist_lab.config.recipes import Recipe
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.forecast import forecasts
from mnist_lab.networks.shapes import layer_shapes
from mnist_lab.plots.style import COLORS
from mnist_lab.plots.svg import svg
from mnist_lab.store.run import Run
from mnist_lab.ui import resources
from mnist_lab.ui.cards import Card, render_cards
from mnist_lab.ui.words import about

DRAWN = ("InputLayer", "Conv2D", "MaxPooling2D", "Dense")
HEIGHT, GAP = 56, 14  # of a picture and between its layers, in its own pixels
SHEETS = 4  # of a stack of maps are drawn, at most


@st.dialog("Start from a recipe", width="large")
def choose_recipe(take: Callable[[str], None]) -> None:
    """All recipes; `take` is a callback that is told the name of the one that is chosen."""
    runs = resources.listing().runs
    seconds = forecasts([recipe.config for recipe in recipes.RECIPES.values()], runs)
    cards = [
        Card(name, recipe.title, _body(name, recipe, runs, takes))
        for (name, recipe), takes in zip(recipes.RECIPES.items(), seconds, strict=True)
    ]
    if render_cards(cards, take):
        st.rerun()  # which closes the dialog


def _body(name: str, recipe: Recipe, runs: list[Run], seconds: float | None) -> str:
    figures = " · ".join(_figures(name, recipe, runs, seconds))
    return f"{_picture(recipe.config)}<p>{escape(recipe.summary)}</p><em>{escape(figures)}</em><small>{name}</small>"


def _figures(name: str, recipe: Recipe, runs: list[Run], seconds: float | None) -> list[str]:
    """The accuracy that a run of it reached here or, where none has been trained, is published; the time it takes."""
    own = (run for run in runs if run.asked.recipe == name and not run.deviations)
    reached = next((run.summary.test_accuracy for run in own if run.summary), None)
    published = recipe.published.test_accuracy
    words = []
    if reached is not None:
        words.append(f"{reached:.1%} right")
    elif published is not None:
        words.append(f"published: {published:.1%} right")
    if seconds is not None:
        words.append(about(seconds))
    return words


def _picture(config: TrainConfig) -> str:
    """The layers from left to right: maps as a stack of sheets, units as a bar that grows with their logarithm."""
    parts, x = [], 0.0
    for layer in layer_shapes(config):
        if layer.kind not in DRAWN:
            continue
        shape = layer.output_shape
        if len(shape) == 1:
            height = 5.4 * log2(shape[0])
            parts.append(f'<rect x="{x}" y="{(HEIGHT - height) / 2:.1f}" width="7" height="{height:.1f}" rx="2"/>')
            x += 7 + GAP
        else:
            side, sheets = 1.3 * shape[0], min(SHEETS, shape[2]) if len(shape) == 3 else 1
            top = (HEIGHT - side - 3 * (sheets - 1)) / 2
            parts += [
                f'<rect x="{x + 3 * sheet:.1f}" y="{top + 3 * sheet:.1f}" width="{side:.1f}" height="{side:.1f}"/>'
                for sheet in range(sheets)
            ]
            x += side + 3 * (sheets - 1) + GAP
    style = f'fill="{COLORS[0]}" fill-opacity="0.35" stroke="{COLORS[0]}"'
    return svg("".join(parts), f"-1 -1 {x:.0f} {HEIGHT + 2}", style, f'height="{HEIGHT}"')
