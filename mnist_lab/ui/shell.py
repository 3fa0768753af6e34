"""What all pages share: the navigation, the look, and the way in."""

from pathlib import Path
from typing import NamedTuple

import streamlit as st

from mnist_lab.ui import resources

HERE = Path(__file__).parent
PAGES = HERE.parents[1] / "pages"


class PageEntry(NamedTuple):
    """A page in the navigation: its file in pages/ without the ending, and its title."""

    file: str
    title: str


ENTRIES = (
    PageEntry("draw", "Draw"),
    PageEntry("train", "Train"),
    PageEntry("compare", "Compare"),
)


def main() -> None:
    """Set up the browser tab and run the page that was asked for."""
    st.set_page_config(page_title="MNIST Lab", page_icon=str(HERE / "icon.png"), layout="wide")
    st.session_state["came_through_app"] = True
    resources.start_engine_soon()
    pages = [
        st.Page(PAGES / f"{entry.file}.py", title=entry.title, default=number == 0)
        for number, entry in enumerate(ENTRIES)
    ]
    st.html(HERE / "style.css")
    st.navigation(pages, position="top").run()


def open_page(title: str, lead: str) -> None:
    """The head of a page.

    A folder named pages/ makes a fresh server run the page of a deep link alone, without app.py; running once more
    brings the visitor in through app.py, as every later visitor comes.
    """
    if "came_through_app" not in st.session_state:
        st.rerun()
    st.title(title, anchor=False)
    st.caption(lead)
