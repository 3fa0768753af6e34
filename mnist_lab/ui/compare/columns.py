"""How the columns of the table of runs look."""

from typing import Any

import streamlit as st

from mnist_lab.comparing.listing import SETTINGS
from mnist_lab.config.train_config import TrainConfig

PERCENT, COUNT = "%.2f %%", "localized"

NUMBERS: dict[str, tuple[str, str, str]] = {
    "test accuracy": ("Test", PERCENT, "Accuracy on its dataset's test set, which no training ever sees"),
    "own drawings": ("Own drawings", PERCENT, "Accuracy on the drawings you kept on the Draw page"),
    "class digits": (
        "Your class",
        PERCENT,
        "Accuracy on the digits that your class has drawn; none for what has learnt from them",
    ),
    "pen digits": (
        "Pen digits",
        PERCENT,
        "Accuracy on 500 digits drawn with a pen by eight people it never learnt from",
    ),
    "train accuracy": ("Training", PERCENT, "Accuracy on the images it was trained on, after training"),
    "best validation": (
        "Validation, best epoch",
        PERCENT,
        "Accuracy on held-back images after the best epoch, the one with the lowest validation loss",
    ),
    "best epoch": (
        "Best epoch (by loss)",
        COUNT,
        "The epoch with the lowest validation loss, whose weights early stopping keeps; another one's accuracy may be "
        "higher",
    ),
    "last validation": ("Validation, last", PERCENT, "Accuracy on held-back images after the last epoch"),
    "epochs": ("Epochs", COUNT, "Epochs that were trained"),
    "parameters": ("Parameters", COUNT, "Numbers that training found"),
    "size": ("Size", "%.0f kB", "The model that answers, on disk"),
    "training time": ("Training time", "%.1f s", "Seconds of training, without loading and evaluation"),
    "prediction time": ("Prediction", "%.3f ms", "One image on one core of the machine that trained it"),
}
TITLES = {"star": "Star", "changed": "Changed later", SETTINGS: "Settings"}
TITLES |= {name: title for name, (title, _, _) in NUMBERS.items()}


def label(column: str) -> str:
    """What a column is called on the page."""
    if column in TrainConfig.model_fields:
        return TrainConfig.model_fields[column].title or column
    return TITLES.get(column, column.capitalize())


def config_of(column: str) -> Any:
    """How Streamlit is to show a column."""
    columns = st.column_config
    if column in NUMBERS:
        title, shape, about = NUMBERS[column]
        return columns.NumberColumn(title, format=shape, help=about)
    if column == "star":
        return columns.TextColumn("★", width=36, pinned=True)
    if column == "name":
        return columns.TextColumn("Name", width="medium", pinned=True)
    if column == "tags":
        return columns.ListColumn("Tags", width="medium")
    if column == "made":
        return columns.DatetimeColumn("Made", format="distance")
    if column == SETTINGS:
        return columns.TextColumn("Settings", width="large", help="Those that are neither usual nor equal everywhere")
    return columns.TextColumn(label(column))
