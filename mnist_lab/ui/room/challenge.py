"""The challenge on the wall: a board of all entries, as HTML."""

from collections.abc import Mapping
from html import escape

from mnist_lab.classroom.activities import ChallengeActivity
from mnist_lab.classroom.challenge import Entry, front, ranked
from mnist_lab.comparing.formatting import percent
from mnist_lab.config.recipes import describe

NEXT = "Close it, and let the test set speak"
WIDTH, HEIGHT, EDGE = 600.0, 240.0, 8.0  # of the board, in units of its picture
SHOWN = 10


def written(activity: ChallengeActivity, found: list[Entry], is_over: bool, names: Mapping[str, str]) -> str:
    """The question, who is on the front, the best; `names` are those to show, by pupil."""
    best, under_way = ranked(found), sum(one.is_under_way for one in found)
    count = f"{len(best)} of {len(found)} entries are trained" + (f", {under_way} to come." if under_way else ".")
    rule = f"below {activity.parameters:,} parameters, in {activity.seconds} seconds of training"
    head = f"<h2>The best accuracy in validation, {rule}</h2><p>{count}</p>"
    if not best:
        return head
    ending = _ending(best) if is_over else ""
    rows = "".join(_row(place, one, is_over, names) for place, one in enumerate(best[:SHOWN], 1))
    tested, whose = ["test"] if is_over else [], ["by"] if names else []
    columns = ("", "validation", *tested, "parameters", "network", *whose, "")
    titles = "".join(f"<th>{column}</th>" for column in columns)
    return f'{head}{ending}{_board(activity, best)}<table class="entries"><tr>{titles}</tr>{rows}</table>'


def _ending(best: list[Entry]) -> str:
    first = best[0]
    if not (first.run and first.run.summary):
        return ""
    test, validation = first.run.summary.test_accuracy, first.accuracy or 0.0
    return (
        f"<p>The winner reads <b>{percent(test)}</b> of the test set, which this board has kept back; in validation it "
        f"was {percent(validation)}. Who tries often and keeps the best has chosen by luck, too: that is why there is "
        "a test set.</p>"
    )


def _board(activity: ChallengeActivity, best: list[Entry]) -> str:
    """Parameters across, accuracy upwards, a step line along those than which none is both smaller and better."""
    accuracies = [one.accuracy or 0.0 for one in best]
    low = min(0.9, int(20 * min(accuracies)) / 20)

    def at(one: Entry) -> tuple[float, float]:
        across = EDGE + (WIDTH - 2 * EDGE) * one.parameters / activity.parameters
        return across, EDGE + (HEIGHT - 2 * EDGE) * (1 - (one.accuracy or 0.0)) / (1 - low)

    corners, height = [], HEIGHT
    for one in front(best):
        x, y = at(one)
        corners += [(x, height), (x, y)]
        height = y
    corners.append((WIDTH, height))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5"/>' for x, y in map(at, best))
    about = "Each entry by its parameters and its accuracy in validation"
    return (
        f'<svg class="curves board" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{about}">'
        f'<polyline class="ours" points="{line}"/>{dots}</svg>'
        f"<p>Across: 0 to {activity.parameters:,} parameters. Upwards: {100 * low:.0f} % to 100 % in validation. The "
        "line joins those than which none is both smaller and better.</p>"
    )


def _row(place: int, one: Entry, is_over: bool, names: Mapping[str, str]) -> str:
    test = one.run.summary.test_accuracy if one.run and one.run.summary else 0.0
    link = f'<a href="explore?run={escape(one.run.id)}" target="_blank">open</a>' if one.run else ""
    cells = (
        f"{place}",
        percent(one.accuracy or 0.0),
        *([percent(test)] if is_over else []),
        f"{one.parameters:,}",
        f"<span>{escape(describe(one.config))}</span>",
        *([escape(names.get(one.pupil, ""))] if names else []),
        link,
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
