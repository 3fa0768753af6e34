"""A person's own labelled drawings: to score models on, to download, and to train on.

<root>/<owner>/<id>.json holds what is known of a drawing, <id>.png the canvas. The picture is written before
the record and deleted after it, so a process that sees a record finds its picture. An owner is a name that the
visitor's session made up; one owner's drawings are not shown to another.
"""

import csv
import io
import os
import re
import time
import uuid
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, FiniteFloat, ValidationError

from mnist_lab.config.limits import Moment, Text
from mnist_lab.errors import DAMAGE, ImageError, StoreError
from mnist_lab.images.preprocessing import SIDE, prepare, read_image
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.folders import Folder

MOST_DRAWINGS = 1000
MOST_BYTES = 1_000_000  # of a picture; a canvas has some 5,000
NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Record(BaseModel):
    """`<id>.json`: what is known of a drawing.

    `label` is the digit that its owner says it is, `answer` the one that `model` read, with `probability` in [0, 1].
    `strokes` are points (x, y) in canvas pixels; `created` is in seconds since 1970.
    """

    model_config = ConfigDict(frozen=True)

    label: int = Field(ge=0, le=9)
    strokes: list[list[tuple[FiniteFloat, FiniteFloat]]] = []
    answer: int | None = Field(default=None, ge=0, le=9)
    probability: float | None = Field(default=None, ge=0.0, le=1.0)
    model: Text = ""
    created: Moment


class OwnDrawing(NamedTuple):
    """One drawing: what is known of it, and its canvas as the bytes of a PNG file."""

    id: str
    record: Record
    png: bytes

    @property
    def label(self) -> int:
        """The digit that its owner says it is."""
        return self.record.label


class OwnListing(NamedTuple):
    """The drawings that can be read, oldest first, and why others cannot, by id."""

    drawings: list[OwnDrawing]
    problems: dict[str, str]


class OwnArrays(NamedTuple):
    """What models see of the drawings: float32 (n, 28, 28) in [0, 1], ink bright; labels, uint8 (n,) in 0..9."""

    images: NDArray[np.float32]
    labels: NDArray[np.uint8]


class OwnSet:
    """One owner's drawings below a folder or an fsspec URL. Raises StoreError where it cannot be written."""

    def __init__(self, root: str | Path, owner: str, clock: Callable[[], float] = time.time) -> None:
        if not NAME.fullmatch(owner):
            raise StoreError("An owner's name has 1 to 64 letters, digits, - and _.")
        self.folder = Folder(f"{str(root).rstrip('/')}/{owner}")
        self._clock = clock

    @classmethod
    def default(cls, owner: str) -> "OwnSet":
        """The set below `MNIST_LAB_MINE`, or below ./mine."""
        return cls(os.environ.get("MNIST_LAB_MINE") or "mine", owner)

    def add(
        self,
        label: int,
        png: bytes,
        strokes: Sequence[Sequence[tuple[float, float]]] = (),
        answer: int | None = None,
        probability: float | None = None,
        model: str = "",
    ) -> OwnDrawing:
        """Keep a drawing. Raises ImageError where its picture is none or blank, StoreError where it has no place."""
        if len(png) > MOST_BYTES or prepare(read_image(io.BytesIO(png))) is None:
            raise ImageError("There is nothing drawn that could be kept.")
        if len(self.folder.names(".json")) >= MOST_DRAWINGS:
            raise StoreError(f"The set is full: it holds {MOST_DRAWINGS} drawings. Delete some.")
        now = self._clock()
        try:
            record = Record(
                label=label,
                strokes=[list(stroke) for stroke in strokes],
                answer=answer,
                probability=probability,
                model=model,
                created=now,
            )
        except ValidationError as error:
            raise ImageError(f"The drawing cannot be kept: {error.errors()[0]['msg']}.") from error
        drawing_id = f"{int(now * 1000):013d}-{uuid.uuid4().hex[:6]}"
        self.folder.write(f"{drawing_id}.png", png)
        self.folder.write(f"{drawing_id}.json", record.model_dump_json().encode())
        return OwnDrawing(drawing_id, record, png)

    def listing(self) -> OwnListing:
        """Every drawing; a damaged one is named among the problems and hides no other."""
        drawings, problems = [], {}
        for name in self.folder.names(".json"):
            drawing_id = name.removesuffix(".json")
            try:
                record = Record.model_validate_json(self.folder.read(name, MOST_BYTES))
                png = self.folder.read(f"{drawing_id}.png", MOST_BYTES)
                read_image(io.BytesIO(png))
                drawings.append(OwnDrawing(drawing_id, record, png))
            except ValidationError as error:
                problems[drawing_id] = f"{name} is damaged ({error.errors(include_input=False)[0]['msg']})."
            except (ImageError, *DAMAGE) as error:
                if self.folder.exists(name):  # else it was deleted just now
                    problems[drawing_id] = f"{drawing_id}.png is missing or damaged ({error})."
        return OwnListing(drawings, problems)

    def ids(self) -> list[str]:
        """The ids of all drawings, oldest first."""
        return [name.removesuffix(".json") for name in self.folder.names(".json")]

    def delete(self, drawing_id: str) -> None:
        """Delete a drawing, damaged or not; nothing happens where there is none."""
        if NAME.fullmatch(drawing_id):
            self.folder.delete(f"{drawing_id}.json")
            self.folder.delete(f"{drawing_id}.png")

    def arrays(self) -> OwnArrays:
        """The drawings as models see them; (0, 28, 28) and (0,) where there are none."""
        return arrays(self.listing().drawings)

    def score(self, predictor: Predictor) -> float | None:
        """The share of the drawings that a model reads as their owner labelled them; None where there are none."""
        images, labels = self.arrays()
        return float((predictor.probabilities(images).argmax(axis=1) == labels).mean()) if len(labels) else None

    def zipped(self) -> bytes:
        """The drawings as a ZIP file to download: `labels.csv`, and each drawing's picture and record."""
        content, table = io.BytesIO(), io.StringIO(newline="")
        rows = csv.writer(table)
        rows.writerow(["file", "label", "answer", "probability", "model"])
        with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
            for drawing_id, record, png in self.listing().drawings:
                rows.writerow([f"{drawing_id}.png", record.label, record.answer, record.probability, record.model])
                archive.writestr(f"{drawing_id}.png", png)
                archive.writestr(f"{drawing_id}.json", record.model_dump_json())
            archive.writestr("labels.csv", table.getvalue())
        return content.getvalue()


def arrays(drawings: Sequence[OwnDrawing]) -> OwnArrays:
    """What models see of drawings; a blank one is left out."""
    seen = [(prepare(read_image(io.BytesIO(drawing.png))), drawing.label) for drawing in drawings]
    inked = [(image, label) for image, label in seen if image is not None]
    images = np.array([image for image, _ in inked], dtype=np.float32).reshape(-1, SIDE, SIDE)
    return OwnArrays(images, np.array([label for _, label in inked], dtype=np.uint8))
