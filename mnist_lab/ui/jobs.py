"""The trainings under way, live, and those that have just ended."""

import time

import streamlit as st

from mnist_lab.plots import NO_TOOLBAR, curves, curves_figure
from mnist_lab.runs import Run, RunState
from mnist_lab.ui import resources

POLL_SECONDS = 1.0
RECENT_SECONDS = 900
RECENT = 4


def render_jobs() -> None:
    """All jobs; polls while there is something to wait for, and only then."""
    st.fragment(_poll, run_every=POLL_SECONDS if _under_way() else None)()


def _poll() -> None:
    under_way = _under_way()
    if st.session_state.get("jobs_under_way") and not under_way:
        st.session_state["jobs_under_way"] = False
        st.rerun()
    st.session_state["jobs_under_way"] = bool(under_way)
    with st.container(key="jobs"):
        if problem := resources.engine().problem:
            st.error(problem)
        for run in under_way:
            with st.container(border=True, key=f"job-{run.id}"):
                _render_job(run)
        for run in _recent():
            _render_outcome(run)
        if not under_way and not _recent():
            st.info("Nothing is training. Turn the knobs and press **Train**; you can go on drawing meanwhile.")


def _under_way() -> list[Run]:
    """Running jobs first, then the queue in its order."""
    runs = [run for run in resources.store().listing().runs if not run.state.is_over]
    return sorted(runs, key=lambda run: (run.state is RunState.QUEUED, run.asked.created))


def _recent() -> list[Run]:
    runs = [run for run in resources.store().listing().runs if run.state.is_over and not run.bundled]
    recent = [run for run in runs if time.time() - (run.status.ended or 0) < RECENT_SECONDS]
    return sorted(recent, key=lambda run: -(run.status.ended or 0))[:RECENT]


def _render_job(run: Run) -> None:
    ticks = resources.store().metrics(run.id)
    position = ticks[-1].position if ticks else 0.0
    name, stop = st.columns([4, 1], vertical_alignment="center")
    name.markdown(f"**{run.name}** · {_state_in_words(run)}")
    stop.button(
        "Stop",
        key=f"stop-{run.id}",
        on_click=resources.engine().stop,
        args=(run.id,),
        disabled=run.state is RunState.STOPPING,
        width="stretch",
    )
    if run.state is RunState.QUEUED:
        return
    st.progress(min(position / run.config.rounds, 1.0), text=_progress_in_words(run, position))
    if ticks:
        figure = curves_figure({run.name: curves(run.name, ticks)})
        st.plotly_chart(figure, key=f"curves-{run.id}", config=NO_TOOLBAR)


def _state_in_words(run: Run) -> str:
    if run.state is RunState.QUEUED:
        return "waiting for a worker"
    if run.state is RunState.STOPPING:
        return "stopping"
    return run.status.phase or str(run.state)


def _progress_in_words(run: Run, position: float) -> str:
    elapsed = time.time() - (run.status.started or time.time())
    words = f"epoch {min(int(position) + 1, run.config.rounds)} of {run.config.rounds} · {_duration(elapsed)} elapsed"
    ticks = resources.store().metrics(run.id)
    if ticks and 0 < position < run.config.rounds:
        left = ticks[-1].seconds / position * (run.config.rounds - position)
        words += f" · about {_duration(left)} to go"
    return words


def _render_outcome(run: Run) -> None:
    if run.state is RunState.FAILED:
        st.error(f"**{run.name}** failed. {run.status.reason}", icon=":material/error:")
    elif run.summary:
        done = "stopped" if run.state is RunState.STOPPED else "finished"
        st.success(
            f"**{run.name}** {done}: **{run.summary.test_accuracy:.2%}** on the test set, "
            f"{run.summary.train_accuracy:.2%} in training, {_duration(run.summary.seconds)}.",
            icon=":material/check_circle:",
        )
    else:
        st.info(f"**{run.name}** was stopped before it began.", icon=":material/block:")


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
