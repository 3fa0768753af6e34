"""The time machine: one slider over the epochs moves all that can be seen of a network."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from mnist_lab.inference.predictor import Prediction
from mnist_lab.networks.stages import Stage, activations
from mnist_lab.plots.epochs import told_figure
from mnist_lab.plots.pictures import laid_out, signed
from mnist_lab.plots.pixels import pixels
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.store import snapshots
from mnist_lab.store.run import Run
from mnist_lab.ui import resources
from mnist_lab.ui.answer import bars, short_percent
from mnist_lab.ui.explore import moments
from mnist_lab.ui.explore.address import EPOCH, known, remember
from mnist_lab.ui.explore.learning import link_to_train
from mnist_lab.ui.explore.playing import is_playing, render_playable
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.models import labels
from mnist_lab.ui.shell import PAGES
from mnist_lab.ui.words import plain

UNITS = 25  # whose weights are shown
WEIGHTS = "past_weights"
STRIP = 32  # units in a row


def render(selection: Selection) -> None:
    """The slider, what the network said to the image then, its weights and activations, and what it confused."""
    epochs = moments.epochs_kept(selection.run.id)
    if len(epochs) < 2:
        _render_way_there(selection.run)
        return
    known(EPOCH, epochs, epochs[-1])
    render_playable("Epoch", epochs, EPOCH, _words, partial(_render_moment, selection, epochs))


def _render_moment(selection: Selection, epochs: Sequence[int], epoch: int) -> None:
    if not is_playing():  # every change of the address is one more step back for the browser
        remember(epoch=None if epoch == epochs[-1] else epoch)
    run = selection.run
    stages = moments.network_then(run.id, epoch)
    values = activations(stages, selection.image[np.newaxis])
    evaluation = moments.scored_then(run.id, epoch)
    now, course = st.columns([300, 560], gap="medium")
    with now:
        prediction = Prediction(values[-1][0])
        st.html(
            f'<div class="then"><b>{prediction.digit}</b><div><strong>{short_percent(evaluation.accuracy)}</strong>'
            f"<em>of {len(evaluation.labels):,} test images right</em><em>{_words(epoch)}</em></div></div>"
            f'<div class="answer">{bars(prediction)}</div>'
        )
    with course:
        st.markdown("What it said to this image")
        told = moments.told_then(run.id, selection.image.tobytes())
        st.plotly_chart(told_figure(told, epochs, epoch), key="told", config=NO_TOOLBAR)
    weights, matrix = st.columns([430, 430], gap="medium")
    with weights:
        number = _choose_layer(stages)
        st.html(_weights(stages[number], values[number - 1].shape[1:]))
    with matrix:
        st.html(_confused(evaluation.confusion_matrix) + _activations(stages, values))


def _words(epoch: int) -> str:
    return "before training" if epoch == 0 else f"after epoch {epoch}"


def _choose_layer(stages: Sequence[Stage]) -> int:
    """The number of the stage whose weights are shown, at first the first that has any."""
    numbers = {stage.name: number for number, stage in enumerate(stages) if stage.has_units}
    known(WEIGHTS, numbers, next(iter(numbers)))
    return numbers[st.selectbox("Weights of", list(numbers), key=WEIGHTS, persist_state="session", width=220)]


def _weights(stage: Stage, incoming: tuple[int, ...]) -> str:
    """The weights of a layer's units as pictures of what comes in, all on one scale."""
    count = min(stage.units, UNITS)
    shape = stage.weights.shape[:-1] if stage.kind == "convolution" else incoming
    units = [laid_out(stage.weights[..., unit].reshape(shape)) for unit in range(count)]
    if len(shape) == 3 and shape[-1] > 1:  # the maps of a unit have gaps between them, so units need wider ones
        units = [np.pad(unit, 1, constant_values=np.nan) for unit in units]
    picture = pixels(signed(laid_out(np.stack(units, axis=-1))), f"The weights of {stage.name}", side=400)
    words = f"{stage.units} units" if count == stage.units else f"{count} of {stage.units} units"
    return f'<div class="weights">{picture}<small>{words}. Blue: above 0, orange: below.</small></div>'


def _confused(matrix: NDArray[np.int64]) -> str:
    """The confusion matrix as a table, mistakes in orange: it follows the slider sooner than a figure would."""
    most = max(int((matrix - np.diag(matrix.diagonal())).max()), 1)
    head = "".join(f"<th>{digit}</th>" for digit in range(10))
    rows = "".join(
        f"<tr><th>{label}</th>{''.join(_cell(label, answer, int(row[answer]), most) for answer in range(10))}</tr>"
        for label, row in enumerate(matrix)
    )
    return (
        f'<div class="confused"><h5>What it confused</h5><table><tr><th></th>{head}</tr>{rows}</table>'
        "<small>rows: the true digit, columns: the network's answer</small></div>"
    )


def _cell(label: int, answer: int, count: int, most: int) -> str:
    if not count:
        return "<td></td>"
    look = 'class="right"' if label == answer else f'style="--share:{count / most:.0%}"'
    return f'<td {look} title="{count} images of a {label} read as {answer}">{count}</td>'


def _activations(stages: list[Stage], values: list[np.ndarray]) -> str:
    """What each hidden layer gives for the image."""
    parts = []
    for stage, value in zip(stages[1:-1], values[1:], strict=False):
        if stage.has_units:
            picture = pixels(signed(_strip(value[0])), f"What {stage.name} gives", side=400)
            parts.append(f"<h5>What {stage.name} gives</h5>{picture}")
    return f'<div class="strips">{"".join(parts)}</div>'


def _strip(values: np.ndarray) -> np.ndarray:
    """Units in rows of STRIP, maps beside each other."""
    if values.ndim > 1:
        return laid_out(values)
    rows = -(-len(values) // STRIP)
    strip = np.full(rows * STRIP, np.nan)
    strip[: len(values)] = values
    return strip.reshape(rows, STRIP)


def _render_way_there(run: Run) -> None:
    """What to do where a run kept nothing of its past."""
    config = run.config.model_copy(update={"snapshots": True})
    size = max(snapshots.size(config) / 1e6, 0.1)
    st.info(
        "This run kept no snapshots, so it cannot be taken back in time. Train one with **Snapshots** on "
        f"(in *Steps and stopping*, about {size:.1f} MB for this network), and come back.",
        icon=":material/history:",
    )
    link_to_train(config, "Train this network with snapshots")
    models = resources.models()
    names = labels(models)
    others = [run_id for run_id, one in models.items() if one.config.snapshots and not one.asked.damage]
    if others:
        st.caption("These have a past:")
    for run_id in others[:5]:
        words = {"run": run_id, "view": "Time machine"}
        st.page_link(PAGES / "explore.py", label=plain(names[run_id]), icon=":material/history:", query_params=words)
