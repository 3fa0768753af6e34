"""One lesson at a time: its text, the bet, the runs while they train, and the answer."""

import streamlit as st

from mnist_lab.config.addresses import Address
from mnist_lab.errors import MnistLabError
from mnist_lab.lessons.lesson import Lesson
from mnist_lab.lessons.library import Library
from mnist_lab.lessons.running import Standing, is_done, is_under_way, missing, seconds_to_go, standing, submit
from mnist_lab.plots.curves import curves, curves_figure
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.store.run import RunState
from mnist_lab.ui import crowd, resources
from mnist_lab.ui.address import is_older, render_problems, turned
from mnist_lab.ui.allowed import may_train
from mnist_lab.ui.glossary import found_in, term
from mnist_lab.ui.lessons.answers import bets_on, render_answer
from mnist_lab.ui.lessons.charts import render_image
from mnist_lab.ui.lessons.moving import render_figure
from mnist_lab.ui.lessons.overview import in_fives, render_overview
from mnist_lab.ui.turns import turn
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import plain

CHOSEN, SEEN, IN_ADDRESS = "chosen_lesson", "lesson_address", "lesson"
TO_TOP = "lesson_to_top"
SCROLL = "<script>document.querySelector('[data-testid=stMain]').scrollTo(0, 0)</script>"


def choose_lesson(found: Library) -> Lesson | None:
    """What is wrong with files that cannot be used, and the lesson that is chosen, kept in the page's address.

    Until one is, all are shown.
    """
    for name, problem in found.problems.items():
        lines = "\n".join(f"- {plain(line)}" for line in problem.splitlines())
        st.warning(f"**{plain(name)}** is left out:\n\n{lines}", icon=":material/edit_off:")
    here = st.query_params.get(IN_ADDRESS)
    if not is_older() and (CHOSEN not in st.session_state or here != st.session_state.get(SEEN)):
        address = Address(st.query_params.to_dict())
        st.session_state[CHOSEN] = address.word(IN_ADDRESS, found.lessons, "the name of a lesson that is here")
        render_problems(address.problems)
    lesson = found.lessons.get(st.session_state.get(CHOSEN) or "")
    with turn("one" if lesson else "all", ("one", "all")):
        if lesson is None:
            render_overview(found, _go)
        else:
            st.button("All lessons", key="lesson-all", icon=":material/grid_view:", on_click=_go, args=(None,))
    if lesson:
        st.query_params[IN_ADDRESS] = lesson.id
    elif IN_ADDRESS in st.query_params:
        del st.query_params[IN_ADDRESS]
    st.session_state[SEEN] = lesson.id if lesson else None
    return lesson


def render_lesson(lesson: Lesson) -> None:
    """The text and the question; then, after the bet, the button, the trainings, and the answer."""
    with st.container(key="lesson"):
        st.header(plain(lesson.title), anchor=False)
        if st.session_state.pop(TO_TOP, None):
            st.html(SCROLL, unsafe_allow_javascript=True)
        st.markdown(lesson.text)
        if terms := found_in(f"{lesson.text} {lesson.question}"):
            st.html(f'<div class="terms">{"".join(map(term, terms))}</div>')
        if lesson.figure:
            render_figure(lesson.figure)
        if lesson.image is not None:
            render_image(lesson.runs[0].config.dataset, lesson.image, lesson.corruption)
        bet = _render_bet(lesson)
        now = standing(lesson, resources.listing(fresh=True).runs)
        if not _is_open(lesson):
            _render_start(lesson, now, bet)
        elif all(map(is_done, now.values())):
            render_answer(lesson, now, bet)
            st.button("Bet again", key="lesson-again", icon=":material/replay:", on_click=_again, args=(lesson,))
        elif any(map(is_under_way, now.values())):
            pause = crowd.pause()
            st.fragment(_watch, run_every=pause)(lesson, pause)
        else:
            _render_failures(now)
            _render_start(lesson, now, bet)


def render_way_on(found: Library, lesson: Lesson) -> None:
    """Buttons to the lesson before and the one after."""
    ids = list(found.lessons)
    place = ids.index(lesson.id)
    left, right = st.columns(2)
    if place > 0:
        left.button("Back", key="lesson-back", icon=":material/arrow_back:", on_click=_go, args=(ids[place - 1],))
    if place + 1 < len(ids):
        after = found.lessons[ids[place + 1]]
        with right.container(horizontal=True, horizontal_alignment="right"):
            st.button(f"Next: {plain(after.title)}", key="lesson-next", on_click=_go, args=(after.id,))


def _go(lesson_id: str | None) -> None:
    turned()
    st.session_state[CHOSEN] = lesson_id
    st.session_state[TO_TOP] = lesson_id


def _is_open(lesson: Lesson) -> bool:
    """Whether this visitor has asked for the answer."""
    return bool(st.session_state.get(f"open-{lesson.id}"))


def _render_bet(lesson: Lesson) -> str | None:
    """The question with its options; the bet is kept. Once the answer is asked for, it can no longer change."""
    key = f"bet-{lesson.id}"
    if key not in st.session_state:
        st.session_state[key] = bets_on(lesson).of(visitor())
    if st.session_state[key] not in lesson.choices:
        st.session_state[key] = None
    st.subheader(plain(lesson.question), anchor=False)
    with st.container(key="lesson-options"):
        return st.pills(
            lesson.question,
            lesson.choices,
            format_func=plain,
            key=key,
            label_visibility="collapsed",
            on_change=_place,
            args=(lesson, key),
            disabled=_is_open(lesson),
            persist_state="session",
        )


def _place(lesson: Lesson, key: str) -> None:
    try:
        if option := st.session_state[key]:
            bets_on(lesson).place(visitor(), option)
        else:
            bets_on(lesson).withdraw(visitor())
    except MnistLabError as error:
        st.warning(f"Your bet counts here, but could not be kept for the tally. {plain(error)}")


def _render_start(lesson: Lesson, now: Standing, bet: str | None) -> None:
    """The button that trains what is missing, or shows the answer where all is there."""
    missing = [planned for planned in lesson.runs if not is_done(now[planned.name])]
    label = f"Train {_networks(len(missing))}{_forecast(lesson)}" if missing else "Show the answer"
    st.button(
        label,
        key="lesson-run",
        type="primary",
        icon=":material/play_arrow:",
        disabled=not bet,
        on_click=_start,
        args=(lesson,),
    )
    if not bet:
        st.caption("Bet first. Then the networks answer.")


def _networks(number: int) -> str:
    return "the network" if number == 1 else f"the {number} networks"


def _forecast(lesson: Lesson) -> str:
    seconds = seconds_to_go(lesson, resources.listing().runs)
    return f" · about {in_fives(seconds)} s" if seconds else ""


def _start(lesson: Lesson) -> None:
    try:
        may_train([planned.config for planned in missing(lesson, resources.listing().runs)])
        submit(lesson, resources.engine(), visitor())
        st.session_state[f"open-{lesson.id}"] = True
    except MnistLabError as error:
        st.error(plain(error))


def _watch(lesson: Lesson, pause: float) -> None:
    """The runs while they wait and train; runs the page again once none does."""
    now = standing(lesson, resources.listing().runs)
    if not any(map(is_under_way, now.values())) or crowd.has_changed(pause):
        st.rerun()
    if problem := resources.engine().problem:
        st.error(plain(problem))
    done = sum(map(is_done, now.values()))
    ticks = {name: resources.ticks(run) for name, run in now.items() if run}
    seen = {name: its_ticks for name, its_ticks in ticks.items() if its_ticks}
    rounds = {name: run.config.rounds for name, run in now.items() if run}
    half = sum(its_ticks[-1].position / rounds[name] for name, its_ticks in seen.items() if not is_done(now[name]))
    st.progress(min((done + half) / len(now), 1.0), text=f"{done} of {len(now)} done · {plain(_phase(now))}")
    if seen:
        figure = curves_figure({name: curves(name, seen.get(name, [])) for name in now}, height=400)
        st.plotly_chart(figure, key=f"lesson-live-{lesson.id}", config=NO_TOOLBAR)


def _phase(now: Standing) -> str:
    for name, run in now.items():
        if run and run.state is RunState.RUNNING:
            return f"{name}: {run.status.phase or 'training'}"
    return "waiting for a worker"


def _render_failures(now: Standing) -> None:
    for name, run in now.items():
        if run and run.state is RunState.FAILED:
            st.error(f"**{plain(name)}** failed. {plain(run.status.reason)}", icon=":material/error:")


def _again(lesson: Lesson) -> None:
    st.session_state[f"open-{lesson.id}"] = False
    st.session_state[f"bet-{lesson.id}"] = None
    bets_on(lesson).withdraw(visitor())
