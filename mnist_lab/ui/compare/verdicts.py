"""Which run is better."""

import streamlit as st

from mnist_lab.comparing.verdicts import sentence, verdict
from mnist_lab.errors import MnistLabError
from mnist_lab.runs import Run
from mnist_lab.ui import resources
from mnist_lab.ui.compare.naming import labels


def render(runs: list[Run]) -> None:
    """Which of two runs is better, in one sentence."""
    if len(runs) != 2:
        st.info("Tick two or more finished runs in the table." if len(runs) < 2 else "Tick just two for a verdict.")
        return
    first, second = runs
    names = labels(runs)
    try:
        result = verdict(first, second, resources.store())
    except MnistLabError as error:
        st.info(str(error))
        return
    st.html(f'<div class="sentence">{sentence(result, names[first.id], names[second.id])}</div>')
    st.caption(
        f"Exact McNemar test on the {result.images:,} test images: p = {result.p_value:.2g}. "
        "It says nothing about what another seed would do."
    )
