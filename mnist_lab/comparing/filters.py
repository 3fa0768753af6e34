"""Which runs are to be seen."""

from collections.abc import Sequence
from typing import NamedTuple

from mnist_lab.comparing.queries import understand
from mnist_lab.store.run import Run


class Filter(NamedTuple):
    """What runs must have to be seen; nothing asks for nothing. Of several tags all, of the others any one will do.

    The text is a query: its words and facts must all be true of a run.
    """

    text: str = ""
    recipes: Sequence[str] = ()
    networks: Sequence[str] = ()
    states: Sequence[str] = ()
    tags: Sequence[str] = ()
    starred: bool = False

    def lets_through(self, run: Run) -> bool:
        """Whether a run is to be seen."""
        notes = run.annotation
        return (
            (not self.recipes or (run.asked.recipe or "") in self.recipes)
            and (not self.networks or run.config.network in self.networks)
            and (not self.states or str(run.state) in self.states)
            and set(self.tags) <= set(notes.tags)
            and (notes.starred or not self.starred)
            and understand(self.text).finds(run)
        )
