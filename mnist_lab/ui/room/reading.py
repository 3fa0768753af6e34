"""What a class reads of test images, on the wall, as HTML."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mnist_lab.classroom.activities import ReadActivity
from mnist_lab.classroom.reading import Picture, Readings, accuracy_with, pictures, readings, relabelled
from mnist_lab.plots.pictures import data_url
from mnist_lab.store.rooms import RoomChoice
from mnist_lab.store.runs import DEFAULT_MODEL
from mnist_lab.ui import resources

NEXT = "Show the answers"


def written(activity: ReadActivity, placed: Mapping[str, RoomChoice], is_shown: bool) -> str:
    """How many have read how much; once it is shown, what they read beside the labels and the network's answers."""
    shown = pictures(activity.pictures, resources.store())
    found = readings(placed, shown)
    total = int(found.votes.sum())
    count = f"Answers: {total}, to {len(shown)} images, from {found.several} of the phones."
    head = f"<h2>{activity.prompt}</h2><p>{count}</p>"
    if not is_shown or not total:
        return head
    figures = "".join(_figure(picture, votes) for picture, votes in zip(shown, found.votes, strict=True))
    summary = _against(found) if activity.pictures == "hard" else _relabelled(found, shown)
    return f'{head}{summary}<div class="pictures">{figures}</div>'


def _figure(picture: Picture, votes: NDArray[np.int64]) -> str:
    total = int(votes.sum())
    most = int(votes.argmax())
    said = f"you: <b>{most}</b> ({votes[most] / total:.0%})" if total else "you: nobody"
    differs = ' class="differs"' if total and most != picture.label else ""
    source = data_url(picture.image / 255)
    return (
        f'<figure{differs}><img src="{source}" alt="Test image {picture.place}"><figcaption>label: '
        f"<b>{picture.label}</b><br>{said}<br>network: <b>{picture.answer}</b></figcaption></figure>"
    )


def _against(found: Readings) -> str:
    """Who reads more as labelled, and two confusion matrices."""
    people, network = (np.trace(matrix) / matrix.sum() for matrix in (found.people, found.network))
    sentence = f"Of your answers, <b>{people:.0%}</b> are as labelled; of {DEFAULT_MODEL}'s, <b>{network:.0%}</b>."
    matrices = _matrix(found.people, "You") + _matrix(found.network, DEFAULT_MODEL)
    how = "Three other networks found these the hardest of the test set."
    return f'<p>{sentence} {how}</p><div class="matrices">{matrices}</div>'


def _relabelled(found: Readings, shown: tuple[Picture, ...]) -> str:
    """How far people agree, with each other and with the labels, and what their labels would change."""
    store = resources.store()
    labels = relabelled(found, shown)
    changed = sum(label != picture.label for label, picture in zip(labels, shown, strict=True))
    seen = found.votes[found.votes.sum(axis=1) > 0]
    agreement = float((seen.max(axis=1) / seen.sum(axis=1)).mean())
    before, after = (accuracy_with(one, shown, store) for one in ([picture.label for picture in shown], labels))
    return (
        f"<p>On an image, <b>{agreement:.0%}</b> of you say the same on average. In <b>{changed}</b> of {len(shown)}, "
        f"more than half of you see another digit than MNIST's label. With your labels, {DEFAULT_MODEL} would read "
        f"<b>{after:.2%}</b> of the test set as labelled, and not {before:.2%}.</p>"
    )


def _matrix(counts: NDArray[np.int64], title: str) -> str:
    """A confusion matrix: a row for each label, a column for each digit that was read."""
    most = max(int(counts.max()), 1)
    digits = range(len(counts))
    rows = [
        f"<tr><th>{label}</th>"
        + "".join(
            f'<td class="{"right" if label == read else "wrong"}" style="--share: {counts[label, read] / most:.2f}">'
            f"{counts[label, read] or ''}</td>"
            for read in digits
        )
        + "</tr>"
        for label in digits
    ]
    head = "".join(f"<th>{digit}</th>" for digit in digits)
    caption = f"<caption>{title}: rows are labels, columns what was read</caption>"
    return f"<table>{caption}<tr><th></th>{head}</tr>{''.join(rows)}</table>"
