"""All lessons as cards: what each asks, what the visitor has done there, and how long it takes."""

from collections.abc import Callable
from html import escape

from mnist_lab.lessons.lesson import Lesson
from mnist_lab.lessons.library import Library
from mnist_lab.lessons.running import is_done, seconds_to_go, standing
from mnist_lab.store.run import Run
from mnist_lab.ui import resources
from mnist_lab.ui.cards import Card, render_cards
from mnist_lab.ui.lessons.answers import bets_on
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import about


def render_overview(found: Library, take: Callable[[str], None]) -> None:
    """`take` is a callback that is told the lesson that is chosen."""
    runs = resources.listing().runs
    cards = [
        Card(lesson.id, f"{place}. {lesson.title}", _body(lesson, runs))
        for place, lesson in enumerate(found.lessons.values(), start=1)
    ]
    render_cards(cards, take)


def _body(lesson: Lesson, runs: list[Run]) -> str:
    bet = bets_on(lesson).of(visitor())
    is_there = all(map(is_done, standing(lesson, runs).values()))
    done = f'<b class="done">You bet on {escape(bet)}</b>' if bet in lesson.choices else ""
    return f"<p>{escape(lesson.question)}</p>{done}<em>{'answered at once' if is_there else _time(lesson, runs)}</em>"


def _time(lesson: Lesson, runs: list[Run]) -> str:
    seconds = seconds_to_go(lesson, runs)
    return "its networks are to be trained" if seconds is None else f"trains {about(seconds)}"
