"""Choosing a model."""

import streamlit as st

from mnist_lab.runs import Run
from mnist_lab.ui import resources


def choose_model() -> Run:
    """A choice among the runs that can predict; what is chosen stays chosen on other pages."""
    models = resources.models()
    run_id = st.selectbox(
        "Model",
        list(models),
        format_func=lambda run_id: label(models[run_id]),
        key="model",
        persist_state="session",
    )
    return models[run_id]


def label(run: Run) -> str:
    """A run's name with what it reached: "small-cnn · 99.1 % on MNIST"."""
    where = "MNIST" if run.config.dataset == "mnist" else "8 x 8 digits"
    reached = f" · {run.summary.test_accuracy:.1%} on {where}" if run.summary else ""
    return f"{run.name}{reached}"
