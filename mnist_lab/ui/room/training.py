"""A network that learns from a class, on the wall, as HTML."""

from collections.abc import Mapping
from html import escape

import numpy as np

from mnist_lab.classroom import board
from mnist_lab.classroom.activities import TrainActivity
from mnist_lab.classroom.training import Outcome, outcome
from mnist_lab.comparing.formatting import decimal, difference, percent
from mnist_lab.comparing.learning import Line, line
from mnist_lab.errors import RoomError, RunError
from mnist_lab.store.rooms import Room, RoomTraining
from mnist_lab.store.run import Run
from mnist_lab.ui import resources

NEXT = "Let it learn from us"
WIDTH, HEIGHT = 600.0, 220.0  # of the curves, in units of their picture


def written(room: Room, step: int, activity: TrainActivity, names: Mapping[str, str]) -> str:
    """What there is to learn from, then how it is learnt, then how everybody is read before and after.

    `names` are those to show, by pupil.
    """
    training = room.training(step)
    if training is None:
        return _before(room, activity)
    head = f"<h2>{escape(activity.title)}</h2>"
    try:
        found = outcome(room, step, training, resources.store())
        runs = [] if found else [resources.store().get(run_id) for run_id in training.runs]
    except (RoomError, RunError) as error:
        return f"{head}<p>This did not work: {escape(str(error))} Start the activity again.</p>"
    if found is None:
        return head + _meanwhile(runs, training, activity)
    return head + _result(found, activity, [names.get(pupil, "") for pupil in training.pupils])


def _before(room: Room, activity: TrainActivity) -> str:
    several, people = board.how_many(room)
    return (
        f"<h2>Will it read you better once it has learnt from you?</h2><p><b>{escape(activity.run)}</b> has learnt "
        "from MNIST alone: digits that census employees and students wrote, more than thirty years ago. Here are "
        f"<b>{several}</b> digits by <b>{people}</b> of you. How much better, if at all, will it read somebody whom it "
        "has not seen? Say it before you see it.</p>"
    )


def _meanwhile(runs: list[Run], training: RoomTraining, activity: TrainActivity) -> str:
    """How far each training is, and the curves of all."""
    several, parts = len(training.pupils), len(training.folds)
    how = f"part by part, in {parts} parts" if parts < several else "one by one"
    lines = {run.id: found for run in runs if (found := line(resources.ticks(run), "accuracy", "epochs"))}
    low = int(10 * min([0.9, *(float(each.y.min()) for each in lines.values())])) / 10
    kinds = {run.id: "control" if run.id == training.control else "ours" for run in runs}
    rows = "".join(_row(run, lines.get(run.id), activity.epochs, kinds[run.id]) for run in runs)
    curves = "".join(_curve(each, activity.epochs, low, kinds[run_id]) for run_id, each in lines.items())
    return (
        f"<p>You are left out {how}: each network learns from all others of you, beside {activity.images:,} images of "
        f'MNIST, and will read those whom it has not seen.</p><ul class="tracks">{rows}</ul>'
        f'<svg class="curves" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" '
        f'aria-label="Accuracy of each training so far">{curves}</svg>'
        '<p class="legend"><i class="ours"></i>with your digits <i class="control"></i>MNIST alone</p>'
        f"<p>Accuracy on what each learns from, from {100 * low:.0f} % to 100 %, over {activity.epochs} epochs.</p>"
    )


def _row(run: Run, found: Line | None, epochs: int, kind: str) -> str:
    """How far one training is."""
    done = 1.0 if run.state.is_over else float(found.x[-1]) / epochs if found else 0.0
    words = "done" if run.state.is_over else "learns" if found else "starts" if run.status.sent else "waits"
    track = f'<i class="{kind}"><u style="width: {done:.0%}"></u></i>'
    return f"<li><span>{escape(run.name)}</span>{track}<em>{words}</em></li>"


def _curve(found: Line, epochs: int, low: float, kind: str) -> str:
    """The accuracy of one training on what it learns from, from `low` to 1, as a line."""
    x, y = WIDTH * found.x / epochs, HEIGHT * (1 - found.y) / (1 - low)
    points = " ".join(f"{across:.1f},{down:.1f}" for across, down in zip(x, y, strict=True))
    return f'<polyline class="{kind}" points="{points}"/>'


def _result(found: Outcome, activity: TrainActivity, names: list[str]) -> str:
    before, control, after = (found.share(right) for right in (found.before, found.control, found.after))
    more = float(difference(100 * after, 100 * before, 1))
    interval = (
        f" On other people, the difference may be between {decimal(100 * found.interval.low, 1, plus=True)} and "
        f"{decimal(100 * found.interval.high, 1, plus=True)} points (95 % interval, by resampling you)."
        if found.interval
        else " You are too few to say how far that holds for others."
    )
    order = sorted(range(len(names)), key=lambda one: (found.before[one] / found.digits[one], found.after[one]))
    low = int(10 * np.min([found.before, found.after] / found.digits)) / 10
    low = min(low, 0.9)
    rows = "".join(_pupil(found, one, names[one], low) for one in order)
    return (
        f'<div class="figures"><div><b>{percent(before, 1)}</b><span>of your digits before</span></div>'
        f"<div><b>{percent(after, 1)}</b><span>after, by networks that have not seen whom they read</span></div>"
        f"<div><b>{decimal(more, 1, plus=True)}</b><span>points</span></div></div>"
        f"<p>{interval.strip()} With {activity.epochs} more epochs of MNIST alone it is {percent(control, 1)}.</p>"
        '<p class="legend"><i class="control"></i>before <i class="ours"></i>after; each line is one '
        f"of you, from {100 * low:.0f} % to 100 % of their digits</p>"
        f'<ul class="slopes">{rows}</ul>'
    )


def _pupil(found: Outcome, one: int, name: str, low: float) -> str:
    """One pupil's way from before to after, on a scale from a share of `low` to all of their digits."""
    several, before, after = (int(numbers[one]) for numbers in (found.digits, found.before, found.after))
    first, then = (100 * (right / several - low) / (1 - low) for right in (before, after))
    return (
        f"<li><span>{escape(name)}</span>"
        f'<i style="--first: {first:.1f}%; --then: {then:.1f}%"><u></u><s></s><b></b></i>'
        f"<em>{before} → {after} of {several}</em></li>"
    )
