"""All lessons as cards: what each asks, what the visitor has done there, and how long it takes."""

from collections.abc import Callable
from html import escape

from mnist_lab.lessons.lesson import Lesson
from mnist_lab.lessons.library import Library
from mnist_lab.lessons.running import all_seconds_to_go
from mnist_lab.ui import resources
from mnist_lab.ui.cards import Card, render_cards
from mnist_lab.ui.lessons.answers import bets_on
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import about


def render_overview(found: Library, take: Callable[[str], None]) -> None:
    """`take` is a callback that is told the lesson that is chosen."""
    lessons = found.lessons.values()
    times = all_seconds_to_go(lessons, resources.listing().runs)
    cards = [
        Card(lesson.id, f"{place}. {lesson.title}", _body(lesson, seconds))
        for place, (lesson, seconds) in enumerate(zip(lessons, times, strict=True), start=1)
    ]
    render_cards(cards, take)


def in_fives(seconds: float) -> int:
    """Seconds of a lesson's trainings as they are told: a forecast is not known to the second."""
    return max(5, 5 * round(seconds / 5))


def _body(lesson: Lesson, seconds: float | None) -> str:
    bet = bets_on(lesson).of(visitor())
    done = f'<b class="done">You bet on {escape(bet)}</b>' if bet in lesson.choices else ""
    return f"<p>{escape(lesson.question)}</p>{done}<em>{_time(seconds)}</em>"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "its networks are to be trained"
    return f"trains {about(in_fives(seconds))}" if seconds else "answered at once"
