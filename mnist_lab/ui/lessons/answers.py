"""The answer to a lesson: what was measured, everybody's bets, and the way to the Train page."""

import html

import streamlit as st

from mnist_lab.config import links
from mnist_lab.errors import MnistLabError, RunError
from mnist_lab.lessons.lesson import Lesson
from mnist_lab.lessons.measures import Result
from mnist_lab.lessons.running import Standing, results
from mnist_lab.store.bets import Bets
from mnist_lab.ui import resources
from mnist_lab.ui.lessons.charts import render_charts
from mnist_lab.ui.shell import PAGES
from mnist_lab.ui.words import plain


def bets_on(lesson: Lesson) -> Bets:
    """The bets on a lesson, of all visitors of this server."""
    return Bets(resources.store().folder, lesson.id)


def render_answer(lesson: Lesson, now: Standing, bet: str | None) -> None:
    """The answer that the numbers give, the bet against it, and the comparison to see it in."""
    try:
        _render_found(lesson, results(lesson, resources.store(), now), bet)
    except RunError as error:
        st.error(f"{plain(error)} Delete that run on the Compare page, and this lesson trains it again.")
    except MnistLabError as error:
        st.error(plain(error))


def _render_found(lesson: Lesson, found: list[Result], bet: str | None) -> None:
    answer, seen, why = lesson.answered(found), lesson.filled(lesson.seen, found), lesson.filled(lesson.why, found)
    with st.container(key="lesson-answer", border=True):
        st.caption("The answer")
        st.header(plain(answer.option), anchor=False)
        if bet:
            st.markdown("You bet on it." if bet == answer.option else f"You bet on **{plain(bet)}**.")
        st.markdown(f"{answer.sentence} {seen}")
        if lesson.expected not in (None, answer.option):
            st.markdown(
                f"This lesson was written for **{plain(lesson.expected)}**, and this time it came out otherwise. "
                "Training begins at random, so small differences can turn round with another seed."
            )
    _render_tally(lesson, answer.option)
    render_charts(lesson, found)
    st.subheader("Why", anchor=False)
    st.markdown(why)
    _render_try(lesson)


def _render_tally(lesson: Lesson, answer: str) -> None:
    """What everybody bet on, where there is more than one bet."""
    tally = bets_on(lesson).tally(lesson.choices)
    total = sum(tally.values())
    if total > 1:
        st.caption(f"{tally.get(answer, 0)} of {total} bets on this server were right.")
        st.html("".join(_tally_row(option, count, total) for option, count in tally.items() if count))


def _tally_row(option: str, count: int, total: int) -> str:
    share = f'<i><b style="width:{count / total:.0%}"></b></i>'
    return f'<div class="tally"><span>{html.escape(option)}</span>{share}<em>{count}</em></div>'


def _render_try(lesson: Lesson) -> None:
    """Links that open the Train page with the settings of a run."""
    st.subheader("Try it yourself", anchor=False)
    st.caption("Each opens the Train page with its settings. Change one and see what happens.")
    with st.container(horizontal=True, vertical_alignment="center", key="lesson-try"):
        for planned in lesson.runs:
            st.page_link(
                PAGES / "train.py",
                label=plain(planned.name),
                icon=":material/tune:",
                query_params=links.write(planned.config),
                width="content",
            )
