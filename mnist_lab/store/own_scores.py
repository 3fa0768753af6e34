"""Which of their own drawings each run reads as a person labelled them, kept so that a table needs no model.

<root>/<owner>/scores/<run id>.json holds the ids of the drawings, and whether the run is right. Neither a drawing nor
the model of a run ever changes, so what was once answered stays. Answered are they where a model is at hand: on the
Draw page, and by the worker that has trained the run.
"""

import json
from collections.abc import Sequence

import numpy as np
from pydantic import TypeAdapter

from mnist_lab.errors import DAMAGE
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.own_drawings import OwnDrawing, OwnSet, arrays

PLACE = "scores"
MOST_BYTES = 1_000_000  # of a file
ANSWERS = TypeAdapter(dict[str, bool])


class OwnScores:
    """The scores of runs on one owner's drawings."""

    def __init__(self, own: OwnSet) -> None:
        self._own = own

    def answer(self, run_id: str, predictor: Predictor, drawings: Sequence[OwnDrawing]) -> dict[str, bool]:
        """Whether a run reads each of these drawings right, by their ids; asks the model only what is not known."""
        known = self._known(run_id)
        new = [(drawing.id, *arrays([drawing])) for drawing in drawings if drawing.id not in known]
        inked = [(drawing_id, images[0], labels[0]) for drawing_id, images, labels in new if len(labels)]
        if inked:
            answers = predictor.probabilities(np.stack([image for _, image, _ in inked])).argmax(axis=1)
            known |= {
                drawing_id: bool(answer == label) for (drawing_id, _, label), answer in zip(inked, answers, strict=True)
            }
            self._own.folder.write(f"{PLACE}/{run_id}.json", json.dumps(known).encode())
        return {drawing.id: known[drawing.id] for drawing in drawings if drawing.id in known}

    def all(self) -> dict[str, float]:
        """The share of right answers, in [0, 1], by run: of those that have answered every drawing there is."""
        ids = set(self._own.ids())
        if not ids:
            return {}
        stamps = self._own.folder.stamps(PLACE)
        known = {name.removesuffix(".json"): self._known(name.removesuffix(".json")) for name in stamps}
        return {
            run_id: sum(answers[drawing_id] for drawing_id in ids) / len(ids)
            for run_id, answers in known.items()
            if ids <= set(answers)
        }

    def _known(self, run_id: str) -> dict[str, bool]:
        try:
            return ANSWERS.validate_json(self._own.folder.read(f"{PLACE}/{run_id}.json", MOST_BYTES))
        except DAMAGE:  # there is none, or a damaged one, and it is answered again
            return {}
