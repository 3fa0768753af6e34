"""Labels of MNIST's test set that people doubt.

Northcutt, Athalye and Mueller 2021, "Pervasive Label Errors in Test Sets Destabilize Machine Learning Benchmarks"
(arXiv:2103.14749, labelerrors.com): confident learning proposed another label for 100 images, and five people each said
which of the two they see, or neither. Their answers are in `mturk/mnist_mturk.json` of github.com/cleanlab/label-errors
(commit 5457895eee26e49187de5c4d6617b9de6f172221). Here are the 15 images of which fewer than three of the five saw the
label, the paper's own count of errors in this test set.
"""

from typing import NamedTuple

import numpy as np

from mnist_lab.inference.evaluation import Evaluation

SOURCE = "https://labelerrors.com"
PEOPLE = 5


class Doubt(NamedTuple):
    """What five people saw in a test image: `label` as MNIST says, `proposed` instead, or neither of the two."""

    image: int
    label: int
    proposed: int
    saw_label: int
    saw_proposed: int

    @property
    def saw_neither(self) -> int:
        """How many saw neither of the two digits."""
        return PEOPLE - self.saw_label - self.saw_proposed


DOUBTFUL = {
    doubt.image: doubt
    for doubt in (
        Doubt(947, 8, 9, 0, 5),
        Doubt(1621, 0, 6, 2, 3),
        Doubt(1901, 9, 4, 2, 3),
        Doubt(2130, 4, 9, 2, 2),
        Doubt(2462, 2, 0, 0, 4),
        Doubt(2597, 5, 3, 0, 4),
        Doubt(2654, 6, 1, 0, 2),
        Doubt(3520, 6, 4, 2, 0),
        Doubt(3558, 5, 0, 1, 4),
        Doubt(5937, 5, 3, 1, 3),
        Doubt(6651, 0, 6, 0, 5),
        Doubt(6783, 1, 6, 2, 3),
        Doubt(8527, 4, 9, 2, 2),
        Doubt(9679, 6, 3, 2, 0),
        Doubt(9729, 5, 6, 2, 3),
    )
}
"""By the image's place in the test set."""


def doubts(evaluation: Evaluation) -> dict[int, Doubt]:
    """The doubtful labels of the test set that was answered, by image; none for one that is not MNIST's."""
    return DOUBTFUL if evaluation.is_of_mnist else {}


def without_doubtful(evaluation: Evaluation) -> Evaluation:
    """The same answers without the images whose labels are doubtful."""
    kept = np.ones(len(evaluation.labels), dtype=bool)
    kept[list(doubts(evaluation))] = False
    return Evaluation(evaluation.probabilities[kept], evaluation.labels[kept])
