"""A teacher opens a class, paces it, and erases it."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from mnist_lab.classroom.activities import BetActivity, DrawActivity, ReadActivity, Step, activities, lessons, step_of
from mnist_lab.classroom.addresses import VARIABLE, is_for_this_machine_only, join_address
from mnist_lab.classroom.bets import phase_of
from mnist_lab.errors import MnistLabError, RoomError
from mnist_lab.store.rooms import Room, Stage
from mnist_lab.ui import presenting
from mnist_lab.ui.room.betting import NEXT as BET_NEXT
from mnist_lab.ui.room.reading import NEXT as READ_NEXT
from mnist_lab.ui.room.wall import render_wall
from mnist_lab.ui.rooms import erase, rooms
from mnist_lab.ui.shell import PAGES
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import plain

PROBLEM, ERASING = "class_problem", "class_erasing"
LEAD = "lead"  # in the address: a code and a key by which one more device leads the class
BETWEEN_LOOKS = 2.0  # seconds: what another device of the teacher's changed
KEPT = """
**Kept while the class lasts:** the digits that pupils draw, stroke by stroke, for which activity, an animal drawn by
lot for each phone, and when a phone asked last. There is no account and no field for a name or a text. A class knows a
phone again by a salted hash of a cookie, and two phones at one address by a salted hash of that.

**Where:** in one folder of the machine that runs this page. Nothing is sent anywhere else.

**For how long:** until whoever leads the class presses *Erase the class*, or 24 hours after anybody used it last. Then
the folder is deleted, and what the server has in its memory; a phone deletes what it had not sent yet when it asks
next. What stays is what the teacher took away: images of digits with their labels, in an order that tells of nobody.
"""


def render_class() -> None:
    _take_link()
    room = rooms().led_by(visitor())
    if room is None:
        _render_opening()
        return
    room.sign()
    if presenting.is_on():
        render_wall(room.code, _address(room))
        return
    controls, wall = st.columns([270, 810], gap="large")
    with controls:
        _render_controls(room)
    with wall:
        render_wall(room.code, _address(room))
    _render_kept()


def _render_opening() -> None:
    st.markdown(
        "Open a class, and put this page on the wall. Phones join with a code of five letters or the camera; each gets "
        "an animal for a name. You start what all do, and what they draw appears here as they draw it, with what the "
        "network reads."
    )
    if st.button("Open a class", type="primary", icon=":material/groups:"):
        try:
            rooms().open(visitor())
        except MnistLabError as error:
            st.error(plain(error))
        else:
            st.rerun()
    _render_kept()


@st.fragment(run_every=BETWEEN_LOOKS)
def _render_controls(room: Room) -> None:
    if not room.exists():
        st.rerun()
    stage = room.stage()
    if step := step_of(stage.step(stage.current)):
        st.markdown(f"**Now: {step.activity.title}**")
        _render_pace(room, stage, step)
        if isinstance(step.activity, DrawActivity):
            said, whose = stage.shows_answers, stage.shows_animals
            _turn(room, "shows_answers", said, "Hide what the network says", "Show what the network says")
            _turn(room, "shows_animals", whose, "Hide whose each is", "Show whose each is")
    if problem := st.session_state.pop(PROBLEM, None):
        st.error(plain(problem))
    _render_start(room, stage)
    with st.expander("The class", icon=":material/groups:"):
        _render_class(room, stage)


def _render_class(room: Room, stage: Stage) -> None:
    """The door, another device, what to take away, and the end."""
    _turn(room, "is_closed", stage.is_closed, "Open the door", "Close the door")
    if st.button("Lead it from another device", key="new-key", width="stretch"):
        st.session_state[LEAD] = f"{room.code}.{room.new_key()}"
    if LEAD in st.session_state:
        st.caption("Open this once on the other device, and nobody else's:")
        st.code(_page_address(f"?{LEAD}={st.session_state[LEAD]}"), language=None, wrap_lines=True)
    st.link_button("Take the digits away", f"room/{room.code}/digits", width="stretch", icon=":material/download:")
    st.button("Erase the class", key="erase", width="stretch", icon=":material/delete:", on_click=_ask, args=(True,))
    if st.session_state.get(ERASING):
        st.warning("All drawings, bets, animals and phones of this class go, for good.")
        with st.container(horizontal=True):
            if st.button("Erase", key="erase-now", type="primary"):
                _ask(False)
                st.session_state.pop(LEAD, None)
                erase(room.code)
                st.rerun()
            st.button("Keep it", key="keep", on_click=_ask, args=(False,))


def _render_start(room: Room, stage: Stage) -> None:
    """What to do next; what has been done already comes last."""
    found = activities()
    done = {words.partition(" ")[0] for words in stage.steps}
    names = sorted(found, key=lambda name: name in done)
    with st.container(border=True):
        name = st.selectbox("Next activity", names, format_func=lambda one: found[one].title, key="class-activity")
        st.caption(found[name].lead)
        about = ""
        if isinstance(found[name], BetActivity):
            titles = {lesson_id: lesson.title for lesson_id, lesson in lessons().items()}
            about = st.selectbox("Lesson", list(titles), format_func=titles.__getitem__, key="class-lesson")
        st.button(
            "Start",
            key="class-start",
            type="secondary" if stage.current else "primary",
            icon=":material/play_arrow:",
            width="stretch",
            on_click=_do,
            args=(room.start, f"{name} {about}".strip()),
        )


def _render_pace(room: Room, stage: Stage, step: Step) -> None:
    """Lead the step under way on, pause it, go back to one before."""
    number = stage.current
    phase = stage.phase(number)
    label = READ_NEXT if isinstance(step.activity, ReadActivity) and not phase else ""
    if step.lesson:
        label = BET_NEXT.get(phase_of(stage, number), "")
    if label:
        on = (room.go_on, number, phase + 1)
        st.button(label, key="phase", type="primary", width="stretch", on_click=_do, args=on)
    elif step.lesson:
        words = {"lesson": step.lesson.id}
        label, icon = "Let the networks answer", ":material/arrow_forward:"
        st.page_link(PAGES / "lessons.py", label=label, icon=icon, query_params=words)
    _turn(room, "is_paused", stage.is_paused, "Go on", "Pause the phones")
    if len(stage.steps) > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            _go(room, "Back", number - 1, number > 1)
            _go(room, "Next", number + 1, number < len(stage.steps))
            st.caption(f"Step {number} of {len(stage.steps)}", width="content")


def _ask(whether: bool) -> None:
    st.session_state[ERASING] = whether


def _turn(room: Room, field: str, now: bool, if_on: str, if_off: str) -> None:
    """A button that turns something of the stage on and off."""
    label, change = if_on if now else if_off, partial(room.show, **{field: not now})
    st.button(label, key=f"turn-{field}", width="stretch", on_click=_do, args=(change,))


def _go(room: Room, label: str, step: int, possible: bool) -> None:
    change = partial(room.show, current=step)
    st.button(label, key=f"step-{label}", disabled=not possible, on_click=_do, args=(change,))


def _do(change: Callable[..., object], *given: object) -> None:
    """Change what all see; why not is said above what the wall shows."""
    try:
        change(*given)
    except MnistLabError as error:
        st.session_state[PROBLEM] = str(error)


def _take_link() -> None:
    """Lead the class whose link was opened; the link goes out of the address, which may be on a wall."""
    if LEAD not in st.query_params:
        return
    code, _, key = st.query_params[LEAD].partition(".")
    del st.query_params[LEAD]
    try:
        rooms().room(code).take_key(key, visitor())
    except RoomError as error:
        st.error(plain(error))


def _address(room: Room) -> str:
    address = join_address(st.context.url or "", room.code)
    if is_for_this_machine_only(address):
        st.warning(
            f"Phones cannot reach {plain(address)}: this machine is in no network. Connect it to the one that the "
            f"phones are in, or set {VARIABLE} to the address by which they reach it."
        )
    return address


def _page_address(query: str) -> str:
    return f"{(st.context.url or '').partition('?')[0]}{query}"


def _render_kept() -> None:
    with st.expander("What is kept, where, and for how long"):
        st.markdown(KEPT)
