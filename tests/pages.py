"""The lab's pages without a browser."""

from streamlit.testing.v1 import AppTest

# What pages link to has to be declared, which an AppTest of pages/main.py itself could open the first page of only.
SCRIPT = """
import runpy
from mnist_lab.ui.shell import PAGES, navigation

navigation()
runpy.run_path(str(PAGES / "{name}.py"))
"""


def app_of(name: str) -> AppTest:
    """A page, which is not yet run."""
    return AppTest.from_string(SCRIPT.format(name=name))


def at(app: AppTest, **address: str) -> AppTest:
    """The page as it is at that address."""
    for word in list(app.query_params):
        del app.query_params[word]
    for word, value in address.items():
        app.query_params[word] = value
    app.run(timeout=60)
    assert not app.exception, app.exception[0].message[:500]
    return app
