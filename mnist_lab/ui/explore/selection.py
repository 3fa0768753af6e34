"""What all views of the Explore page look at."""

from collections.abc import Callable
from typing import NamedTuple

from mnist_lab.images.preprocessing import FloatImage
from mnist_lab.store.run import Run


class Selection(NamedTuple):
    """A run and an image: float32 (28, 28) in [0, 1], ink bright, as every network takes it.

    There always is one: before anything is drawn, it is an example. `label` is the true digit where it is known, and
    `source` says in a few words where the image is from.
    """

    run: Run
    image: FloatImage
    label: int | None
    source: str


class View(NamedTuple):
    """One view of a selection, and the question that it answers.

    A `live` one is quick enough to be redrawn while a stroke grows; one that `has_image` shows the image itself.
    """

    render: Callable[[Selection], None]
    question: str
    live: bool = False
    has_image: bool = False
