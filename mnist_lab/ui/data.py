"""Is MNIST on this machine? If not, fetch it in the background, and say what happens."""

import threading
from dataclasses import dataclass
from functools import lru_cache

import streamlit as st

from mnist_lab.datasets.mnist import find_mnist, load
from mnist_lab.errors import DatasetError, DatasetUnavailable
from mnist_lab.ui.words import plain

LABELS = {"mnist": "MNIST (60,000 images)", "digits": "8 x 8 digits (1,437 images)"}


@dataclass
class Download:
    """A download of MNIST under way: the share in [0, 1] that is there, and why it failed if it did."""

    share: float = 0.0
    problem: str | None = None

    def run(self) -> None:
        """Fetch MNIST, check it and keep it."""
        try:
            load("mnist", on_progress=self._progress)
        except DatasetError as error:
            self.problem = str(error)

    def _progress(self, share: float) -> None:
        self.share = share


@lru_cache(maxsize=1)
def _download() -> Download:
    download = Download()
    threading.Thread(target=download.run, name="download-mnist", daemon=True).start()
    return download


def render_data_status() -> dict[str, str]:
    """Say so where MNIST is missing; the datasets that can be trained on now, with the words to show for each."""
    problem = None
    try:
        if find_mnist():
            return LABELS
        problem = _download().problem
    except DatasetUnavailable as error:
        problem = str(error)
    if problem:
        st.warning(f"{plain(problem)} Until then the lab trains on scikit-learn's small 8 x 8 digits.")
        st.button("Try again", on_click=_download.cache_clear)
    else:
        st.fragment(_render_progress, run_every=1.0)()
    return {"digits": LABELS["digits"]}


def _render_progress() -> None:
    download = _download()
    if download.problem or find_mnist():
        st.rerun()
    st.progress(download.share, text="Downloading MNIST (11 MB). The 8 x 8 digits can be trained on meanwhile.")
