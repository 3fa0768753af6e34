"""A whole class puts its own handwriting into a network: phones draw, the wall shows."""

from mnist_lab.ui.room.page import render_class
from mnist_lab.ui.shell import open_page

open_page("Class", "Phones draw, this page shows it to all. No accounts, no names, no app.")
render_class()
