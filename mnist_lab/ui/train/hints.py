"""What looks wrong about a training, with a click that turns the knob which may mend it."""

from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from mnist_lab.config.knobs import said
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import load
from mnist_lab.errors import TOO_LARGE, DatasetError, RunError
from mnist_lab.exploring.hints import Hint, from_answers, from_ticks, from_units, of_diverged
from mnist_lab.networks.litert import most_bytes
from mnist_lab.networks.stages import of_run
from mnist_lab.store.adjustments import adjusted, adjustments
from mnist_lab.store.run import MODEL, Run, RunState
from mnist_lab.store.ticks import Tick
from mnist_lab.ui import resources
from mnist_lab.ui.train.forms import put
from mnist_lab.ui.words import plain

WATCHED = 1000  # training images that a network is asked about


def render_hint(run: Run, ticks: Sequence[Tick]) -> None:
    """One sentence and one button, if anything looks wrong."""
    hint = _hint(run, ticks)
    if hint is None:
        return
    title = TrainConfig.model_fields[hint.field].title or hint.field
    with st.container(horizontal=True, vertical_alignment="center", key=f"hint-{run.id}"):
        st.warning(plain(hint.words), icon=":material/lightbulb:", width="stretch")
        label = f"Set {title.lower()} to {said(hint.value)}"
        if st.button(label, key=f"take-hint-{run.id}", on_click=put, args=(hint.field, hint.value)):
            st.rerun()  # of the form too, where only the jobs are drawn anew


def _hint(run: Run, ticks: Sequence[Tick]) -> Hint | None:
    if run.asked.damage:
        return None
    config = adjusted(run.config, adjustments(ticks))
    if run.state is RunState.FAILED:
        return of_diverged(config) if TOO_LARGE in (run.status.reason or "") else None
    return from_ticks(config, ticks) or (_of_network(run.id) if run.summary else None)


@lru_cache(maxsize=64)
def _of_network(run_id: str) -> Hint | None:
    """What its units and its answers to some training images tell."""
    store = resources.store()
    config = store.get(run_id).config
    try:
        data = load(config.dataset)
        stages = of_run(config, store.read(run_id, MODEL, most_bytes(config)))
        images, labels = data.x_train[:WATCHED], data.y_train[:WATCHED]
        answers = resources.predictor(run_id).probabilities(images).argmax(axis=1)
    except (DatasetError, RunError):  # the page says elsewhere that they are damaged
        return None
    return from_units(config, stages, images) or from_answers(config, answers, labels)
