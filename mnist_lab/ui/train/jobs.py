"""The trainings under way, live, the line of those that wait, and those that have just ended."""

import time
from collections.abc import Callable

import streamlit as st

from mnist_lab.comparing.families import labels
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.fair_queue import line
from mnist_lab.engine.liveness import STALE_SECONDS
from mnist_lab.errors import MnistLabError
from mnist_lab.store.run import Run, RunState
from mnist_lab.store.ticks import Tick
from mnist_lab.ui import crowd, resources
from mnist_lab.ui.train.changing import render_changes
from mnist_lab.ui.train.hints import render_hint
from mnist_lab.ui.train.outcomes import render_outcomes
from mnist_lab.ui.train.run_curves import render_curves
from mnist_lab.ui.train.weights import render_weights
from mnist_lab.ui.visitor import is_mine, may_stop
from mnist_lab.ui.words import duration, plain


def render_jobs(drawn: TrainConfig) -> None:
    """All jobs; `drawn` is the network of the page. Polls while there is something to wait for, and only then."""
    runs = resources.listing(fresh=True).runs
    busy = any(not run.state.is_over for run in runs)
    st.session_state["jobs_not_over"] = {run.id for run in runs if not run.state.is_over}
    with st.container(key="jobs"):
        pause = crowd.pause() if busy else None
        st.fragment(_poll, run_every=pause)(pause, drawn)
        outcomes = render_outcomes(runs)
        if not busy and not outcomes:
            st.info("Nothing is training. Turn the knobs and press **Train**; you can go on drawing meanwhile.")


def _poll(pause: float | None, drawn: TrainConfig) -> None:
    runs = resources.listing().runs
    not_over = {run.id for run in runs if not run.state.is_over}
    if st.session_state.get("jobs_not_over", not_over) != not_over or crowd.has_changed(pause):
        st.rerun()
    if problem := resources.engine().problem:
        st.error(plain(problem), icon=":material/cloud_off:")
    waiting, names = line(runs), labels(runs)
    under_way = [run for run in runs if run.id in not_over - {one.id for one in waiting}]
    render_weights(under_way, drawn, names)
    for run in sorted(under_way, key=lambda run: run.status.started or time.time()):
        with st.container(border=True, key=f"job-{run.id}"):
            _render_job(run, names[run.id])
    if waiting:
        with st.container(border=True, key="line"):
            first: dict[str | None, str] = {}
            for place, run in enumerate(waiting):
                is_first = first.setdefault(run.asked.owner, run.id) == run.id
                _render_waiting(run, names[run.id], place, is_first)


def _render_waiting(run: Run, name: str, place: int, is_first: bool) -> None:
    """A place in the line, the first of its owner's or not; everybody sees it, its owner can change it."""
    mine = is_mine(run.asked.owner)
    with st.container(horizontal=True, vertical_alignment="center", key=f"waiting-{run.id}"):
        whose = " · yours" if mine and run.asked.owner else ""
        st.markdown(f"**{plain(name)}** · {_place_in_words(place)}{whose}", width="stretch")
        if mine and not is_first:
            st.button(
                "Move up",
                key=f"up-{run.id}",
                icon=":material/vertical_align_top:",
                help="Ahead of your other runs that wait. Everybody's turn stays as it is.",
                on_click=_ask,
                args=(resources.store().move_to_front, run.id),
            )
        if mine:
            st.button(
                "Delete",
                key=f"delete-{run.id}",
                icon=":material/delete:",
                on_click=_ask,
                args=(resources.engine().remove, run.id),
            )


def _ask(call: Callable[[str], None], run_id: str) -> None:
    """Ask something of a run, which may have ended or gone since the page was drawn."""
    try:
        call(run_id)
    except MnistLabError as error:
        st.toast(plain(error), icon=":material/error:")


def _place_in_words(place: int) -> str:
    ordinal = {0: "next", 1: "2nd", 2: "3rd"}.get(place, f"{place + 1}th")
    return f"{ordinal} in line"


def _render_job(run: Run, name: str) -> None:
    ticks = resources.ticks(run)
    words, stop = st.columns([4, 1], vertical_alignment="center")
    words.markdown(f"**{plain(name)}** · {plain(_state_in_words(run))}")
    if may_stop(run.asked.owner):
        stop.button(
            "Stop",
            key=f"stop-{run.id}",
            on_click=_ask,
            args=(resources.engine().stop, run.id),
            disabled=run.state is RunState.STOPPING and resources.engine().is_trained(run),
            width="stretch",
        )
    if run.state is not RunState.QUEUED and not run.asked.damage:
        st.progress(min(_position(ticks) / run.config.rounds, 1.0), text=_progress_in_words(run, ticks))
    if ticks:
        if run.state is RunState.RUNNING and may_stop(run.asked.owner):
            render_changes(run, ticks)
        render_hint(run, ticks)
        render_curves(run, name, ticks)


def _position(ticks: list[Tick]) -> float:
    return ticks[-1].position if ticks else 0.0


def _state_in_words(run: Run) -> str:
    if run.state is RunState.QUEUED:
        return "going to a worker"
    if run.state is RunState.STOPPING:
        return "stopping"
    silent = time.time() - (run.status.heartbeat or time.time())
    if silent > STALE_SECONDS:
        return f"no sign of life for {duration(silent)}; it goes on from its last checkpoint, or fails with the reason"
    return run.status.phase or str(run.state)


def _progress_in_words(run: Run, ticks: list[Tick]) -> str:
    elapsed, position = time.time() - (run.status.started or time.time()), _position(ticks)
    words = f"epoch {min(int(position) + 1, run.config.rounds)} of {run.config.rounds} · {duration(elapsed)} elapsed"
    if 0 < position < run.config.rounds:
        left = ticks[-1].seconds / position * (run.config.rounds - position)
        words += f" · about {duration(left)} to go"
    return words
