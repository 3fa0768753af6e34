"""How a network learns: which rate suits it, how steep its loss was, and where its weights went."""

from functools import lru_cache
from html import escape

import plotly.graph_objects as go
import streamlit as st

from mnist_lab.config import links
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.exploring.findings import GradientNorms, Sweep
from mnist_lab.exploring.history import histograms
from mnist_lab.exploring.learning_rates import suggest
from mnist_lab.exploring.questions import asked
from mnist_lab.plots.epochs import histograms_figure, norms_figure, sweep_figure
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.store.run import Run
from mnist_lab.ui import resources
from mnist_lab.ui.asking import answers, ask
from mnist_lab.ui.explore import data, moments
from mnist_lab.ui.explore.selection import Selection
from mnist_lab.ui.shell import PAGES


def render(selection: Selection) -> None:
    """The range test, then gradients and weights by epoch where there are snapshots."""
    run = selection.run
    with st.container(key="range-test", border=True):
        _render_sweep(run)
    with st.container(key="steepness", border=True):
        _render_past(run)


def link_to_train(config: TrainConfig, label: str) -> None:
    """A link that fills in the Train form."""
    words = links.write(config) | {"network": config.network}
    st.page_link(PAGES / "train.py", label=label, icon=":material/tune:", query_params=words)


def _render_sweep(run: Run) -> None:
    st.subheader("Which learning rate?", anchor=False)
    if run.config.network == "logistic":
        st.caption("A logistic regression is fitted by lbfgs, which finds the size of its steps itself.")
        return
    question = asked(Sweep, run.id)
    if not answers().knows(question):
        offer = st.empty()
        with offer.container():
            st.caption("A new network of these settings learns a few batches, each with a larger rate than the last.")
            if not st.button("Run the range test", type="primary", icon=":material/trending_down:"):
                return
        offer.empty()
    found = ask(Sweep, question, "A worker tries rates from tiny to huge …")
    if found is None:
        return
    suggestion = suggest(found)
    number, figure = st.columns([240, 560], gap="medium", vertical_alignment="center")
    with number:
        if suggestion.rate:
            taken = f"this run took {run.config.learning_rate:g}"
            st.html(f'<div class="rate"><b>{suggestion.rate:g}</b><span>{taken}</span></div>')
        st.caption(suggestion.reason)
        if suggestion.rate:
            config = run.config.model_copy(update={"learning_rate": suggestion.rate})
            link_to_train(config, f"Train with {suggestion.rate:g}")
    figure.plotly_chart(sweep_figure(found, suggestion.rate), key="sweep", config=NO_TOOLBAR)


def _render_past(run: Run) -> None:
    epochs = moments.epochs_kept(run.id)
    st.subheader("Gradients and weights", anchor=False)
    if len(epochs) < 2:
        st.caption(
            "This run kept no snapshots, so only its end can be shown. Train it with snapshots to see every epoch."
        )
        link_to_train(run.config.model_copy(update={"snapshots": True}), "Train it with snapshots")
    stages = [stage.name for stage in data.network(run.id) if stage.has_units]
    left, right = st.columns(2, gap="medium")
    with right:
        layer = st.selectbox("Weights of", stages, key="histogram-layer")
        st.plotly_chart(_spread(run.id, layer), key="spread", config=NO_TOOLBAR)
        if len(epochs) > 1:
            st.caption("Orange: before training. The stronger the blue, the later.")
    with left:
        found = ask(GradientNorms, asked(GradientNorms, run.id), "A worker measures the slopes …")
        if found and len(found.epochs) > 1:
            st.markdown("How steep the loss is, by the weights of each layer")
            st.plotly_chart(norms_figure(found), key="norms", config=NO_TOOLBAR)
            st.caption("A layer whose line lies far below the others hardly learns; one that shoots up may explode.")
        elif found:
            st.markdown("How steep the loss still is, by the weights of each layer")
            st.html(_norms_now(found))


def _norms_now(found: GradientNorms) -> str:
    most = max(float(found.norms.max()), 1e-12)
    rows = "".join(
        f"<tr><td>{escape(layer.replace('_', ' '))}</td><td><i><b style='width:{float(norm) / most:.1%}'></b></i></td>"
        f"<td>{float(norm):.3g}</td></tr>"
        for layer, norm in zip(found.layers, found.norms[0], strict=True)
    )
    return f'<table class="steepness">{rows}</table>'


@lru_cache(maxsize=16)
def _spread(run_id: str, layer: str) -> go.Figure:
    """How one layer's weights are spread after each epoch that was kept, or at the end."""
    epochs = moments.epochs_kept(run_id)
    then = [moments.network_then(run_id, epoch) for epoch in epochs] or [data.network(run_id)]
    weights = [next(stage.weights for stage in stages if stage.name == layer) for stages in then]
    return histograms_figure(histograms(weights), epochs or [_end(resources.store().get(run_id))])


def _end(run: Run) -> int:
    return run.summary.epochs if run.summary else 1
