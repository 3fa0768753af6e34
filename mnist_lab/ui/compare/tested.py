"""The picked runs with their answers, those that were tested on the same images together."""

from typing import NamedTuple

import streamlit as st

from mnist_lab.comparing.families import lettered
from mnist_lab.errors import MnistLabError
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.plots.style import colors
from mnist_lab.store.run import Run
from mnist_lab.ui import resources
from mnist_lab.ui.words import plain


class Tested(NamedTuple):
    """A run, its name among the others, and its answers on its test set."""

    run: Run
    name: str
    evaluation: Evaluation

    @property
    def images(self) -> str:
        """What it was tested on, in words."""
        if self.evaluation.is_of_mnist:
            return "MNIST's test images"
        return "the 8 x 8 digits" if self.run.config.dataset == "digits" else "other images"


def tested_alike(runs: list[Run], say: bool = False) -> list[list[Tested]]:
    """The runs, those of the same test images together, the largest group first.

    One without answers is left out; `say` so on the page.
    """
    names = lettered(runs)
    groups: dict[str, list[Tested]] = {}
    for run in runs:
        try:
            evaluation = resources.evaluation(run.id)
        except MnistLabError as error:
            if say:
                st.info(f"{plain(names[run.id])} is left out: {plain(error)}")
            continue
        groups.setdefault(evaluation.test_set, []).append(Tested(run, names[run.id], evaluation))
    return sorted(groups.values(), key=len, reverse=True)


class Pair(NamedTuple):
    """The names of the first and the second picked of two runs, and the colours that they have in all charts."""

    names: tuple[str, str]
    colors: tuple[str, str]


def pair_of(group: list[Tested], runs: list[Run]) -> Pair | None:
    """The two of a group of two; `runs` are all that are picked."""
    if len(group) != 2:
        return None
    its_color = colors(run.id for run in runs)
    first, second = group
    return Pair((first.name, second.name), (its_color[first.run.id], its_color[second.run.id]))


def choose_group(runs: list[Run], key: str) -> list[Tested]:
    """The runs that one view shows together: all, or those of one test set, which the person chooses."""
    groups = tested_alike(runs)
    if len(groups) < 2:
        return groups[0] if groups else []
    chosen = st.segmented_control(
        "Tested on",
        range(len(groups)),
        format_func=lambda place: f"{groups[place][0].images} ({len(groups[place])})",
        default=0,
        required=True,
        key=key,
    )
    return groups[chosen or 0]
