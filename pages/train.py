"""train"""

from mnist_lab.ui.shell import open_page

open_page("Train", "x")
