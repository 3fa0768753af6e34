"""Which runs are to be seen."""

from collections.abc import Sequence
from typing import NamedTuple

from mnist_lab.config import changed
from mnist_lab.knobs import in_words
from mnist_lab.runs import Run


class Filter(NamedTuple):
    """What runs must have to be seen; nothing asks for nothing. Of several tags all, of the others any one will do."""

    text: str = ""
    recipes: Sequence[str] = ()
    networks: Sequence[str] = ()
    states: Sequence[str] = ()
    tags: Sequence[str] = ()
    starred: bool = False

    def lets_through(self, run: Run) -> bool:
        """Whether a run is to be seen. Each word of the text must be in its name, id, tags, note or settings."""
        notes = run.annotation
        return (
            (not self.recipes or (run.asked.recipe or "") in self.recipes)
            and (not self.networks or run.config.network in self.networks)
            and (not self.states or str(run.state) in self.states)
            and set(self.tags) <= set(notes.tags)
            and (notes.starred or not self.starred)
            and (not self.text or all(word in _text(run) for word in self.text.lower().split()))
        )


def _text(run: Run) -> str:
    """All that is said about a run, in lower case."""
    notes, asked = run.annotation, run.asked
    parts = (run.name, run.id, asked.name, asked.recipe or "", asked.group or "", notes.note, *notes.tags)
    return " ".join((*parts, run.config.network, in_words(run.config, changed(run.config)))).lower()
