"""Bets on the wall, as HTML."""

from html import escape

from mnist_lab.classroom.bets import Bets, Phase
from mnist_lab.lessons.lesson import Lesson

WORDS = {
    Phase.FIRST: "Bet alone, on your phone. {several} have bet.",
    Phase.TALK: "Talk with your neighbour: why did you bet so?",
    Phase.SECOND: "Bet again. {several} have bet again.",
    Phase.OVER: "This is what you bet. Now let the networks answer.",
}
LEGEND = '<p class="legend"><i class="first"></i>first <i class="second"></i>after the talk</p>'
NEXT = {Phase.FIRST: "Close the bets", Phase.TALK: "Let them bet again", Phase.SECOND: "Close the second bets"}


def written(lesson: Lesson, bets: Bets, phase: Phase) -> str:
    """The question, the options with their bars once bets are closed, and who switched."""
    most = max([1, *(bets.first or []), *(bets.second or [])])
    tallies = [(kind, tally) for kind, tally in (("first", bets.first), ("second", bets.second)) if tally]
    rows = [
        f"<li><b>{escape(option)}</b>{''.join(_bar(tally[place], most, kind) for kind, tally in tallies)}</li>"
        for place, option in enumerate(lesson.choices)
    ]
    switches = [
        f"<li>{several} went from <b>{escape(lesson.choices[one])}</b> to <b>{escape(lesson.choices[other])}</b></li>"
        for (one, other), several in sorted(bets.switched.items(), key=lambda each: -each[1])
    ]
    nobody = "<li>Nobody changed their mind.</li>" if bets.second and any(bets.second) and not switches else ""
    legend = LEGEND if bets.second else ""
    return (
        f'<div class="bets"><h2>{escape(lesson.question)}</h2><p>{WORDS[phase].format(several=bets.several)}</p>'
        f'<ul class="options">{"".join(rows)}</ul>{legend}<ul class="switches">{"".join(switches)}{nobody}</ul></div>'
    )


def _bar(several: int, most: int, kind: str) -> str:
    return f'<span class="{kind}"><i style="width: {90 * several / most:.1f}%"></i>{several}</span>'
