"""A teacher opens a class, paces it, and erases it."""

from collections.abc import Callable
from functools import partial

import streamlit as st

from mnist_lab.classroom.activities import (
    BetActivity,
    ChallengeActivity,
    DrawActivity,
    ReadActivity,
    Step,
    TrainActivity,
    activities,
    lessons,
    step_of,
)
from mnist_lab.classroom.addresses import VARIABLE, is_for_this_machine_only, join_address, lab_address
from mnist_lab.classroom.bets import phase_of
from mnist_lab.classroom.reading import pictures
from mnist_lab.classroom.training import begin, check
from mnist_lab.errors import MnistLabError, UnknownRoom
from mnist_lab.store.rooms import Room, Stage
from mnist_lab.ui import presenting, resources
from mnist_lab.ui.allowed import may_train
from mnist_lab.ui.room.betting import NEXT as BET_NEXT
from mnist_lab.ui.room.challenge import NEXT as CHALLENGE_NEXT
from mnist_lab.ui.room.reading import NEXT as READ_NEXT
from mnist_lab.ui.room.training import NEXT as TRAIN_NEXT
from mnist_lab.ui.room.wall import render_wall
from mnist_lab.ui.rooms import erase, rooms
from mnist_lab.ui.shell import PAGES
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import plain

CODE, PROBLEM = "class_code", "class_problem"  # of the class that this tab leads; of what was pressed last
LEAD = "lead"  # in the address: a code and a key by which one more device leads the class
BETWEEN_LOOKS = 2.0  # seconds: what another device of the teacher's changed
KEPT = """
**Kept while the class lasts:** the digits that pupils draw, stroke by stroke, networks that have learnt from them, what
pupils bet, read and enter, an animal drawn by lot for each phone, and when a phone asked last. There is no account and
no field for a name or a text. A class knows a phone again by a salted hash of a cookie, and two phones at one address
by a salted hash of that.

**Where:** in one folder of the machine that runs this page. Nothing is sent anywhere else.

**For how long:** until whoever leads the class presses *Erase the class*, or 24 hours after anybody used it last. Then
the folder is deleted, what the server has in its memory, and the networks that have learnt from the digits; a phone
deletes what it had not sent yet when it asks next. What stays is what the teacher took away: images of digits with
their labels, in an order that tells of nobody.
"""


def render_class() -> None:
    _take_link()
    try:
        room = _led()
        if room:
            room.sign()
            _render_room(room)
        else:
            _render_opening()
    except MnistLabError as error:  # erased meanwhile, or a full disk
        st.error(plain(error))
    if not presenting.is_on():
        with st.expander("What is kept, where, and for how long"):
            st.markdown(KEPT)


def _led() -> Room | None:
    """The class that this tab leads: the one that was opened or taken here, else the last that the visitor leads."""
    try:
        room = rooms().room(st.session_state.get(CODE, ""))
        return room if room.is_led_by(visitor()) else None
    except UnknownRoom:
        found = rooms().led_by(visitor())
        st.session_state[CODE] = found.code if found else ""
        return found


def _render_opening() -> None:
    st.markdown(
        "Open a class, and put this page on the wall. Phones join with a code of five letters or the camera; each gets "
        "an animal for a name. You start what all do, and what they draw appears here as they draw it, with what the "
        "network reads."
    )
    if st.button("Open a class", type="primary", icon=":material/groups:"):
        st.session_state[CODE] = (rooms().led_by(visitor()) or rooms().open(visitor())).code  # in another tab, maybe
        st.rerun()


def _render_room(room: Room) -> None:
    address = join_address(st.context.url or "", room.code)
    if is_for_this_machine_only(address):
        st.warning(
            f"Phones cannot reach {plain(address)}: this machine is in no network. Connect it to the one that the "
            f"phones are in, or set {VARIABLE} to the address by which they reach it."
        )
    if presenting.is_on():
        render_wall(room.code, address, is_presented=True)
        return
    controls, wall = st.columns([270, 810], gap="large")
    with controls:
        _render_controls(room)
    with wall:
        render_wall(room.code, address)


@st.fragment(run_every=BETWEEN_LOOKS)
def _render_controls(room: Room) -> None:
    if not room.exists():
        st.rerun()
    stage = room.stage()
    if step := step_of(stage.step(stage.current)):
        st.markdown(f"**Now: {step.activity.title}**")
        _render_pace(room, stage, step)
    if problem := st.session_state.pop(PROBLEM, None):
        st.error(plain(problem))
    _render_start(room, stage)
    with st.expander("The class", icon=":material/groups:"):
        _render_class(room, stage)


def _render_start(room: Room, stage: Stage) -> None:
    """What to do next; what has been done already comes last."""
    found, several = activities(), len(stage.steps)
    done = {words.partition(" ")[0] for words in stage.steps}
    names = sorted(found, key=lambda name: name in done)
    with st.container(border=True):
        name = st.selectbox(
            "Next activity", names, format_func=lambda one: found[one].title, key=f"class-activity-{several}"
        )
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
            args=(_start, room, f"{name} {about}".strip(), several),
        )


def _start(room: Room, words: str, after: int) -> None:
    """Begin a step, once all that it needs is there."""
    step = step_of(words)
    if step and isinstance(step.activity, ReadActivity):
        pictures(step.activity.pictures, resources.store())
    if step and isinstance(step.activity, TrainActivity):
        check(room, step.activity, resources.store())
    room.start(words, after)


def _render_pace(room: Room, stage: Stage, step: Step) -> None:
    """Lead the step under way on, pause it, show more or less of it, go back to one before."""
    number = stage.current
    phase = stage.phase(number)
    label = READ_NEXT if isinstance(step.activity, ReadActivity) and not phase else ""
    if isinstance(step.activity, ChallengeActivity) and not phase:
        label = CHALLENGE_NEXT
    if step.lesson:
        label = BET_NEXT.get(phase_of(stage, number), "")
    if label:
        on, key = (room.go_on, number, phase + 1), f"phase-{number}-{phase}"  # so that a double click is one
        st.button(label, key=key, type="primary", width="stretch", on_click=_do, args=on)
    elif step.lesson:
        words = {"lesson": step.lesson.id}
        label, icon = "Let the networks answer", ":material/arrow_forward:"
        st.page_link(PAGES / "lessons.py", label=label, icon=icon, query_params=words)
    if isinstance(step.activity, TrainActivity):
        _render_training(room, number, step.activity)
    _turn(room, "is_paused", stage.is_paused, "Go on", "Pause the phones")
    if isinstance(step.activity, DrawActivity):
        said = stage.shows_answers
        _turn(room, "shows_answers", said, "Hide what the network says", "Show what the network says")
    if isinstance(step.activity, DrawActivity | TrainActivity | ChallengeActivity):
        _turn(room, "shows_animals", stage.shows_animals, "Hide whose each is", "Show whose each is")
    if len(stage.steps) > 1:
        with st.container(horizontal=True, vertical_alignment="center"):
            _go(room, "Back", number - 1, number > 1)
            _go(room, "Next", number + 1, number < len(stage.steps))
            st.caption(f"Step {number} of {len(stage.steps)}", width="content")


def _render_training(room: Room, number: int, activity: TrainActivity) -> None:
    """Begin to train; once that is done, ways to the network that has learnt from all."""
    training = room.training(number)
    if training is None:
        on = (begin, room, number, activity, resources.engine(), visitor(), may_train)
        st.button(TRAIN_NEXT, key=f"train-{number}", type="primary", width="stretch", on_click=_do, args=on)
    elif any(run.id == training.whole and run.summary for run in resources.listing().runs):
        words, icon = {"model": training.whole}, ":material/draw:"
        st.page_link(PAGES / "draw.py", label="Draw with your network", icon=icon, query_params=words)
        words = {"runs": f"{training.whole},{training.control}"}
        icon = ":material/compare_arrows:"
        st.page_link(PAGES / "compare.py", label="Compare it", icon=icon, query_params=words)


def _render_class(room: Room, stage: Stage) -> None:
    """The door, another device, what to take away, and the end."""
    link, erasing = f"class_link_{room.code}", f"class_erasing_{room.code}"
    _turn(room, "is_closed", stage.is_closed, "Open the door", "Close the door")
    st.button("Lead it from another device", key="new-key", width="stretch", on_click=_do, args=(_link, room, link))
    if link in st.session_state:
        st.caption("Open this once on the other device, and nobody else's:")
        st.code(st.session_state[link], language=None, wrap_lines=True)
    st.link_button("Take the digits away", f"room/{room.code}/digits", width="stretch", icon=":material/download:")
    ask, icon = st.session_state.__setitem__, ":material/delete:"
    st.button("Erase the class", key="erase", width="stretch", icon=icon, on_click=ask, args=(erasing, True))
    if st.session_state.get(erasing):
        st.warning("All drawings, bets, animals and phones of this class go for good, and what has learnt from them.")
        with st.container(horizontal=True):
            st.button("Erase", key="erase-now", type="primary", on_click=_do, args=(erase, room.code))
            st.button("Keep it", key="keep", on_click=ask, args=(erasing, False))


def _link(room: Room, place: str) -> None:
    """A new link for another device, kept at that place of the session."""
    st.session_state[place] = f"{lab_address(st.context.url or '')}/class?{LEAD}={room.code}.{room.new_key()}"


def _turn(room: Room, field: str, now: bool, if_on: str, if_off: str) -> None:
    """A button that turns something of the stage on and off."""
    label, change = if_on if now else if_off, partial(room.show, **{field: not now})
    st.button(label, key=f"turn-{field}", width="stretch", on_click=_do, args=(change,))


def _go(room: Room, label: str, step: int, possible: bool) -> None:
    change = partial(room.show, current=step)
    st.button(label, key=f"step-{label}", disabled=not possible, on_click=_do, args=(change,))


def _do(change: Callable[..., object], *given: object) -> None:
    """Change the class; why that cannot be is said among the controls."""
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
        room = rooms().room(code)
        room.take_key(key, visitor())
        st.session_state[CODE] = room.code
    except MnistLabError:  # whether there is such a class is told to nobody
        st.error("This link was used already, or its class is over. Make a new one on the first device.")
