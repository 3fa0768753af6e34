"""What all pages share: the navigation, the look, and the way in."""

from pathlib import Path
from typing import Any, NamedTuple

import streamlit as st

from mnist_lab.ui import presenting, resources, rooms
from mnist_lab.ui.turns import turn

HERE = Path(__file__).parent
CSS = "\n".join((HERE / file).read_text("utf-8") for file in ("style.css", "explore.css", "lessons.css"))
PAGES = HERE.parents[1] / "pages"

# Whatever Streamlit shows has a place that a toast or an error of a fragment's callback may take; the head has none.
_style = st.components.v2.component(
    "mnist_lab_style",
    js="""export default function ({ data }) {
      document.documentElement.classList.toggle("presenting", data.presenting);
      const sheet = document.getElementById("mnist-lab") ?? document.createElement("style");
      if (sheet.textContent === data.css) return;
      Object.assign(sheet, { id: "mnist-lab", textContent: data.css });
      document.head.append(sheet);
    }""",
)


class PageEntry(NamedTuple):
    """A page in the navigation: its file in pages/ without the ending, and its title."""

    file: str
    title: str


ENTRIES = (
    PageEntry("draw", "Draw"),
    PageEntry("train", "Train"),
    PageEntry("compare", "Compare"),
    PageEntry("explore", "Explore"),
    PageEntry("lessons", "Lessons"),
    PageEntry("class", "Class"),
)


def main() -> None:
    """Set up the browser tab and run the page that was asked for."""
    st.set_page_config(page_title="MNIST Lab", page_icon=str(HERE / "icon.png"), layout="wide")
    st.logo(str(HERE / "logo.svg"), size="large")
    resources.warm_up()
    rooms.rooms()
    _style(key="style", data={"css": CSS, "presenting": presenting.is_on()}, height=1)
    presenting.write_address()
    asked = navigation()
    with turn(str(presenting.is_on()), ("True", "False")):  # charts know the size of type as they are made
        asked.run()


def open_page(title: str, lead: str) -> None:
    with st.container(horizontal=True, key="menu"):  # on a phone, whose bar has no room for it
        for entry in ENTRIES:
            st.page_link(PAGES / f"{entry.file}.py", label=entry.title, width="content")
    with st.container(horizontal=True, vertical_alignment="center", key="head"):
        st.title(title, anchor=False)
        presenting.render_button()
    with st.container(key="aside-lead"):
        st.caption(lead)


def navigation() -> Any:
    """Declare the pages; the one that was asked for."""
    first, *others = ENTRIES
    home = st.Page(PAGES / f"{first.file}.py", title=first.title, default=True, url_path="home")
    pages = [home, *(st.Page(PAGES / f"{entry.file}.py", title=entry.title) for entry in others)]
    # The first page lives at /, but its name is an address that people type.
    alias = st.Page(lambda: st.switch_page(home), url_path=first.file, visibility="hidden")
    return st.navigation([*pages, alias], position="top")
