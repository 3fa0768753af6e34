"""The trainings that have just ended, and going on with them."""

import time
from collections.abc import Mapping, Sequence
from html import escape
from math import isnan

import streamlit as st

from mnist_lab.comparing.families import differences, labels
from mnist_lab.comparing.formatting import decimal, difference
from mnist_lab.comparing.learning import since_last, thinned
from mnist_lab.engine.continuation import continued
from mnist_lab.errors import MnistLabError
from mnist_lab.plots.style import colors
from mnist_lab.plots.svg import svg
from mnist_lab.store.adjustments import adjusted
from mnist_lab.store.run import Run, RunState, Summary
from mnist_lab.store.ticks import Tick
from mnist_lab.ui import resources
from mnist_lab.ui.allowed import may_train
from mnist_lab.ui.numbers import ask_setting
from mnist_lab.ui.shell import PAGES
from mnist_lab.ui.train.hints import render_hint
from mnist_lab.ui.train.run_curves import render_together
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import duration, plain

RECENT_SECONDS = 900
RECENT = 4
SPARKLINE = (88, 34)  # pixels


def render_outcomes(runs: list[Run]) -> list[Run]:
    """What came out of the runs that ended a short while ago, a row each, and their curves; those runs."""
    ended = [run for run in runs if not run.bundled and abs(time.time() - (run.status.ended or 0)) < RECENT_SECONDS]
    recent = sorted(ended, key=lambda run: -(run.status.ended or 0))[:RECENT]
    names, its_color = labels(runs), colors(run.id for run in recent)
    for run in recent:
        with st.container(key=f"outcome-{run.id}"):
            _render_outcome(run, _before(run, runs), names, its_color[run.id])
            if run is recent[0]:
                render_hint(run, resources.ticks(run))
    if recent:
        with st.container(key="outcome-curves"):
            render_together(recent, names)
    return recent


def _before(run: Run, runs: Sequence[Run]) -> Run | None:
    """The run of the same person's, trained and scored on the same images before this one; of a copy the whole."""
    if run.asked.damage:
        return next((one for one in runs if one.id == run.asked.parent and one.summary), None)
    alike = (run.asked.owner, run.config.dataset)
    earlier = [
        one
        for one in runs
        if one.summary
        and (one.asked.owner, one.config.dataset) == alike
        and not (one.bundled or one.asked.damage)
        and (one.status.ended or 0) < (run.status.ended or 0)
    ]
    return max(earlier, key=lambda one: one.status.ended or 0, default=None)


def _render_outcome(run: Run, before: Run | None, names: Mapping[str, str], color: str) -> None:
    name = plain(names[run.id])
    if run.state is RunState.FAILED:
        st.error(f"**{name}** failed. {plain(run.status.reason)}", icon=":material/error:")
    elif run.summary:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.html(_row(run, run.summary, before, names, color), width="stretch")
            _render_ways(run, before)
            if run.config.network != "logistic" and not run.asked.damage:
                _render_continue(run)
    else:
        st.info(f"**{name}** was stopped before it began.", icon=":material/block:")


def _row(run: Run, summary: Summary, before: Run | None, names: Mapping[str, str], color: str) -> str:
    """A run on one line, as HTML: how it learned, what it is called and how it differs, and what came out."""
    done = "stopped" if run.state is RunState.STOPPED else "finished"
    changed = differences([run, before] if before else [run])[run.id]
    took = "" if run.asked.damage else duration(summary.seconds)
    facts = [changed, f"{summary.train_accuracy:.2%} in training", took, _lineage(run, names)]
    return (
        f'<div class="outcome">{_sparkline(resources.ticks(run), color)}<div>'
        f"<p><b>{escape(names[run.id])}</b> {done}: <b>{summary.test_accuracy:.2%}</b> on the test set"
        f"{_against(summary, before, names)}</p><small>{escape(' · '.join(filter(None, facts)))}</small></div></div>"
    )


def _sparkline(ticks: Sequence[Tick], color: str) -> str:
    """The training accuracy over the training, as an <img>."""
    values = [value for value in since_last(thinned(ticks), "accuracy") if not isnan(value)]
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    width, height = SPARKLINE
    points = " ".join(
        f"{width * place / (len(values) - 1):.1f},{height * (high - value) / max(high - low, 1e-9):.1f}"
        for place, value in enumerate(values)
    )
    style = f'fill="none" stroke="{color}" stroke-width="2.5" stroke-linejoin="round"'
    box, size = f"-2 -2 {width + 4} {height + 4}", f'width="{width}" height="{height}"'
    return svg(f'<polyline points="{points}"/>', box, style, size)


def _against(summary: Summary, before: Run | None, names: Mapping[str, str]) -> str:
    """How far the test accuracy is from that of the run before, as both are shown."""
    if not (before and before.summary):
        return ""
    more = float(difference(100 * summary.test_accuracy, 100 * before.summary.test_accuracy, 2))
    return f" ({decimal(more, 2, plus=True)} points against <b>{escape(names[before.id])}</b>)"


def _render_ways(run: Run, before: Run | None) -> None:
    """Buttons that take the run to the other pages."""
    if st.button("Draw with it", key=f"draw-with-{run.id}", icon=":material/draw:"):
        st.session_state["model"] = run.id
        st.switch_page(PAGES / "draw.py")
    if before and st.button("Compare with the last", key=f"compare-{run.id}", icon=":material/compare_arrows:"):
        st.switch_page(PAGES / "compare.py", query_params={"runs": f"{run.id},{before.id}"})


def _lineage(run: Run, names: Mapping[str, str]) -> str:
    ancestors = resources.store().lineage(run)
    if not ancestors or run.asked.damage:
        return ""
    epochs = [one.summary.epochs for one in (*ancestors, run) if one.summary]
    parent = names.get(ancestors[-1].id, ancestors[-1].name)
    return f"It went on from {parent}: {' + '.join(map(str, epochs))} epochs."


def _render_continue(run: Run) -> None:
    """A way to go on with the run's model, for more epochs or with another learning rate."""
    with st.popover("Continue", icon=":material/resume:"):
        epochs = ask_setting("epochs", run.config.epochs, label="More epochs", key=f"more-epochs-{run.id}")
        now = adjusted(run.config, run.adjustments).learning_rate
        rate = ask_setting("learning_rate", now, label="Learning rate", key=f"rate-{run.id}")
        settings = {"epochs": epochs, "learning_rate": rate}
        impossible = None in settings.values()
        if st.button("Go on", key=f"go-on-{run.id}", type="primary", width="stretch", disabled=impossible):
            try:
                may_train([continued(run, settings)])
                resources.engine().go_on(run, settings, owner=visitor())
                st.rerun()
            except MnistLabError as error:
                st.error(plain(error))
