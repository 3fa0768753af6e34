"""What the settings do to the results."""

import threading
from functools import lru_cache
from importlib import import_module

import streamlit as st

from mnist_lab.comparing.families import labels, lettered
from mnist_lab.comparing.grid_tables import table
from mnist_lab.comparing.importance import Importances, importances
from mnist_lab.comparing.settings import axes
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import TooFewRuns
from mnist_lab.plots.groups import grid_figure
from mnist_lab.plots.settings import importance_figure, parallel_figure, said_together
from mnist_lab.store.run import Run
from mnist_lab.ui.compare import contrasts, layers
from mnist_lab.ui.compare.takeaway import show
from mnist_lab.ui.words import plain

MOST_AXES = 8  # more cannot be followed


def render(runs: list[Run]) -> None:
    """How much each setting matters, how sure that is, and each setting by itself."""
    both, runs = runs, _as_asked(runs)
    accuracies = tuple(run.summary.test_accuracy for run in runs if run.summary)
    configs = tuple(run.config for run in runs)
    differing = axes(configs)
    if not differing:
        if len(runs) > 1:
            st.info("These runs have all the same settings. Pick runs that differ: a grid or a search is best.")
        elif len(both) == 2:
            layers.render(*both)
        return
    order = _render_importance(configs, accuracies) if len(runs) > 2 else []
    differing.sort(key=lambda axis: order.index(axis.field) if axis.field in order else len(order))
    if len(runs) > 2 and (found := table(runs)):
        show(grid_figure(found), "grid")
    contrasts.render(differing, runs)
    if len(both) == 2:
        layers.render(*both)
    if len(differing) > 1 and len(runs) > 2:
        st.markdown("**All settings at once.** Each line is a run. Drag along an axis to keep the lines that cross it.")
        names = lettered(runs)
        rows = [
            {"run": names[run.id], **{axis.title: axis.word(place) for axis in differing}, "test accuracy": accuracy}
            for place, (run, accuracy) in enumerate(zip(runs, accuracies, strict=True))
        ]
        show(parallel_figure(differing[:MOST_AXES], accuracies), "parallel", rows)


def _as_asked(runs: list[Run]) -> list[Run]:
    """The runs without those that were changed later, which tell nothing of a setting; says so."""
    names = labels(runs)
    if left_out := [names[run.id] for run in runs if run.deviations]:
        st.caption(f"Left out, since their settings do not tell what they are: {', '.join(map(plain, left_out))}.")
    return [run for run in runs if not run.deviations]


@lru_cache(maxsize=1)
def warm_up() -> None:
    """Import what weighs settings while people still look at something else: it takes most of a second."""
    threading.Thread(target=import_module, args=("sklearn.tree",), name="warm-up-settings", daemon=True).start()


@lru_cache(maxsize=64)
def _found(configs: tuple[TrainConfig, ...], accuracies: tuple[float, ...]) -> Importances:
    return importances(axes(configs), accuracies)


def _render_importance(configs: tuple[TrainConfig, ...], accuracies: tuple[float, ...]) -> list[str]:
    """What matters most, in words and bars; the settings, most important first, where that can be told."""
    try:
        found = _found(configs, accuracies)
    except TooFewRuns as error:
        st.caption(plain(error))
        return []
    if not found.is_of_use:
        st.info(
            f"From these {found.runs} runs nobody can tell which setting matters: what some of them teach does not "
            "hold for the others. More runs, or fewer settings at once, would help."
        )
        return []
    st.html(f'<div class="sentence">{_sentence(found)}</div>')
    show(importance_figure(found), "importance")
    st.caption(
        f"From {found.runs} runs. What decision trees learn from some of them foretells {found.explained:.0%} of the "
        "differences among the others. Whiskers: with other runs, the share would lie there nine times of ten. "
        "Shares can add up to more than 100 %, since settings act together."
    )
    return [field for one in found.found for field in one.fields]


def _sentence(found: Importances) -> str:
    first, *others = found.found
    several = len(first.fields) > 1
    verb = "matter" if several else "matters"
    if any(first.low < other.high for other in others):
        verb = "seem to matter" if several else "seems to matter"
    which = f"{said_together(first.fields)}, which only changed together," if several else said_together(first.fields)
    return (
        f"{which[0].upper()}{which[1:]} {verb} most, with a hand in {first.share:.0%} of the differences in accuracy."
    )
