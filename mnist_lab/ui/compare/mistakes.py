"""What the picked runs mistake for what."""

import numpy as np
import streamlit as st

from mnist_lab.errors import MnistLabError
from mnist_lab.plots.matrices import confusion_figure
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.runs import Run
from mnist_lab.ui import resources
from mnist_lab.ui.compare.naming import labels


def render(runs: list[Run]) -> None:
    """Their confusion matrices side by side, on one scale of colours."""
    names = labels(runs)
    matrices = {}
    for run in runs:
        try:
            matrices[run.id] = resources.store().evaluation(run.id).confusion_matrix
        except MnistLabError as error:
            st.info(f"{names[run.id]}: {error}")
    most = max((int((matrix - np.diag(matrix.diagonal())).max()) for matrix in matrices.values()), default=1)
    for start in range(0, len(matrices), 2):
        row = list(matrices.items())[start : start + 2]
        for column, (run_id, matrix) in zip(st.columns(2), row, strict=False):
            figure = confusion_figure(matrix, names[run_id], most=max(most, 1))
            column.plotly_chart(figure, key=f"confusion-{run_id}", config=NO_TOOLBAR)
