"""What people note about runs: another name, a note, tags, a star. Everybody who shares the store sees it.

A run's own files never change once it is over, and the lab's own runs are read-only, so this is kept next to them:
<root>/.annotations/<run id>.json.
"""

import re
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from mnist_lab.errors import DAMAGE, ConfigError
from mnist_lab.store.folders import Folder

PLACE = ".annotations"
MOST_BYTES = 100_000  # of a file
MOST_TAGS = 20
LONGEST_NAME, LONGEST_NOTE, LONGEST_TAG = 80, 2000, 30

Tag = Annotated[str, Field(min_length=1, max_length=LONGEST_TAG)]


class Annotation(BaseModel):
    """What is noted about one run. `name` takes the place of the one it was given; tags are in order, each once."""

    model_config = ConfigDict(frozen=True, str_strip_whitespace=True)

    name: Annotated[str, AfterValidator(lambda name: " ".join(name.split()))] = Field("", max_length=LONGEST_NAME)
    note: str = Field("", max_length=LONGEST_NOTE)
    tags: Annotated[tuple[Tag, ...], AfterValidator(lambda tags: tuple(sorted(set(tags))))] = Field(
        (), max_length=MOST_TAGS
    )
    starred: bool = False


NOTHING = Annotation()


class Annotations:
    """What is noted about the runs below one folder; a file is read again only where it has changed."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._read: dict[str, tuple[str, Annotation]] = {}  # by file: its stamp and content

    def all(self) -> dict[str, Annotation]:
        """What is noted, by the run's id; a damaged file says nothing."""
        stamps = self._folder.stamps(PLACE)
        self._read = {
            name: self._read[name] if self._read.get(name, ("",))[0] == stamp else (stamp, self._parse(name))
            for name, stamp in stamps.items()
            if name.endswith(".json")
        }
        return {name.removesuffix(".json"): annotation for name, (_, annotation) in self._read.items()}

    def get(self, run_id: str) -> Annotation:
        """What is noted about one run."""
        return self._parse(f"{run_id}.json")

    def change(self, run_id: str, **changes: Any) -> Annotation:
        """Note something else about a run. Raises ConfigError where it is too long."""
        before = self.get(run_id)
        try:
            after = Annotation.model_validate({**before.model_dump(), **changes})
        except ValidationError as error:
            raise ConfigError(_explained(error)) from error
        if after == NOTHING:
            self.delete(run_id)
        elif after != before:
            self._folder.write(f"{PLACE}/{run_id}.json", after.model_dump_json().encode())
        return after

    def delete(self, run_id: str) -> None:
        """Forget what is noted about a run."""
        self._folder.delete(f"{PLACE}/{run_id}.json")

    def _parse(self, name: str) -> Annotation:
        try:
            return Annotation.model_validate_json(self._folder.read(f"{PLACE}/{name}", MOST_BYTES))
        except DAMAGE:
            return NOTHING


def tags_in(text: str) -> tuple[str, ...]:
    """The tags in a text, separated by commas: "lesson 3, best"."""
    return tuple(tag for tag in (re.sub(r"\s+", " ", part).strip() for part in text.split(",")) if tag)


def tags_of(annotations: Iterable[Annotation]) -> list[str]:
    """All tags that are in use, in order."""
    return sorted({tag for annotation in annotations for tag in annotation.tags})


def _explained(error: ValidationError) -> str:
    limits = {
        "name": f"A name has {LONGEST_NAME} letters at most.",
        "note": f"A note has {LONGEST_NOTE:,} letters at most.",
        "tags": f"A run has {MOST_TAGS} tags at most, each of {LONGEST_TAG} letters at most.",
    }
    return limits[str(error.errors()[0]["loc"][0])]
