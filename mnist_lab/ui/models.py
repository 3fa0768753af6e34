"""Choosing a model."""

from collections.abc import Iterable, Mapping

import streamlit as st

from mnist_lab.comparing import families
from mnist_lab.config import recipes
from mnist_lab.errors import MnistLabError
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.run import Run
from mnist_lab.store.runs import DEFAULT_MODEL
from mnist_lab.ui import resources
from mnist_lab.ui.words import plain


def choose_model() -> Run:
    """A choice among the runs that can predict; what is chosen stays chosen on other pages."""
    models = resources.models()
    run_id = st.selectbox(
        "Model",
        list(models),
        format_func=labels(models).__getitem__,
        key="model",
        persist_state="session",
    )
    st.caption(card(models[run_id]))
    return models[_that_answers(run_id, models)]


def predictors(run_ids: Iterable[str]) -> dict[str, Predictor]:
    """The models of runs, by their ids; says on the page which of them cannot be asked."""
    found = {}
    for run_id in run_ids:
        try:
            found[run_id] = resources.predictor(run_id)
        except MnistLabError as error:
            st.warning(plain(error))
    return found


def _that_answers(run_id: str, models: Mapping[str, Run]) -> str:
    """The run that is chosen, or the lab's own default where its model cannot be asked, and then say so."""
    if run_id in predictors([run_id]):
        return run_id
    st.caption(f"{plain(models[DEFAULT_MODEL].name)} answers in its place.")
    return DEFAULT_MODEL


def card(run: Run) -> str:
    """What a model is and what it was trained on, in a few words."""
    config, recipe = run.config, recipes.RECIPES.get(run.asked.recipe or "")
    images = f"the first {config.train_images:,} images" if config.train_images else "all training images"
    data = f"{images} of {'MNIST' if config.dataset == 'mnist' else 'the 8 x 8 digits'}"
    if config.pens:
        data += f" and on pen digits, those of {config.held_out_writers} writers held out"
    if config.dirt != "none":
        data += ", and on a soiled copy of every second"
    varied = ", each varied differently in every epoch" if config.augment else ""
    size = f"{run.summary.parameters:,} parameters. " if run.summary else ""
    return f"{recipe.summary if recipe else ''} {size}Trained on {data}{varied}."


def labels(models: Mapping[str, Run]) -> dict[str, str]:
    """For each of several models, by id, its name among them and what it reached: "small-cnn · 99.1 % on MNIST"."""
    return {run_id: f"{name}{_reached(models[run_id])}" for run_id, name in families.labels(models.values()).items()}


def _reached(run: Run) -> str:
    where = "MNIST" if run.config.dataset == "mnist" else "8 x 8 digits"
    return f" · {run.summary.test_accuracy:.1%} on {where}" if run.summary else ""
