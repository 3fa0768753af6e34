"""The grids and searches under way, and those that have just ended: each as one, with what it has found so far."""

import time

import pandas as pd
import streamlit as st

from mnist_lab.comparing.families import labels
from mnist_lab.config.knobs import said
from mnist_lab.config.search import TRIALS
from mnist_lab.errors import MnistLabError
from mnist_lab.lessons.running import GROUP as OF_A_LESSON
from mnist_lab.plots.groups import search_figure
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.store.run import Run, RunState
from mnist_lab.store.studies import Study, Trial, points, slug
from mnist_lab.ui import crowd, resources
from mnist_lab.ui.allowed import may_search
from mnist_lab.ui.numbers import ask_whole, read_whole
from mnist_lab.ui.shell import PAGES
from mnist_lab.ui.train import forms
from mnist_lab.ui.visitor import may_stop
from mnist_lab.ui.words import plain

RECENT_SECONDS = 900
RECENT = 3
PERCENT = st.column_config.NumberColumn(format="%.2f %%")


def render_groups() -> None:
    """All of them; polls while one is under way, and only then."""
    polls = any(map(_under_way, _groups()))
    st.fragment(_poll, run_every=crowd.pause() if polls else None)(polls)


def _poll(polls: bool) -> None:
    groups = _groups()
    if polls != any(map(_under_way, groups)):
        st.rerun()
    shown = _shown(groups)
    earlier = [_name(group) for group in groups if _name(group) not in map(_name, shown)]
    if earlier:
        picked = st.selectbox(
            "Earlier grids and searches", earlier, index=None, key="earlier_group", placeholder="None"
        )
        shown += [group for group in groups if _name(group) == picked]
    for group in shown:
        with st.container(border=True, key=f"group-{slug(_name(group))}"):
            if isinstance(group, Study):
                _render_search(group)
            else:
                _render_grid(group)


def _groups() -> list["Study | list[Run]"]:
    """The newest first; those under way before the others."""
    by_name: dict[str, list[Run]] = {}
    for run in resources.listing().runs:
        if run.asked.group and not run.bundled and not run.asked.group.startswith(OF_A_LESSON):
            by_name.setdefault(run.asked.group, []).insert(0, run)
    studies = {name: resources.studies().study(name) for name in resources.studies().names()}
    groups = [studies.get(name) or by_name[name] for name in {**studies, **by_name}]
    return sorted(groups, key=lambda group: (_under_way(group), _begun(group)), reverse=True)


def _shown(groups: list["Study | list[Run]"]) -> list["Study | list[Run]"]:
    """All that are under way, and a few that have just ended."""
    recent = [_name(group) for group in groups if abs(time.time() - _last_sign(group)) < RECENT_SECONDS][:RECENT]
    return [group for group in groups if _under_way(group) or _name(group) in recent]


def _name(group: "Study | list[Run]") -> str:
    return group.search.name if isinstance(group, Study) else group[0].asked.group or ""


def _runs(group: "Study | list[Run]") -> list[Run]:
    return [trial.run for trial in group.trials] if isinstance(group, Study) else group


def _under_way(group: "Study | list[Run]") -> bool:
    waits = isinstance(group, Study) and group.over is None
    return waits or not all(run.state.is_over for run in _runs(group))


def _begun(group: "Study | list[Run]") -> float:
    return group.search.created if isinstance(group, Study) else group[0].asked.created


def _last_sign(group: "Study | list[Run]") -> float:
    return max((run.status.ended or run.asked.created for run in _runs(group)), default=_begun(group))


def _render_grid(runs: list[Run]) -> None:
    name = _name(runs)
    done = sum(run.state.is_over for run in runs)
    st.markdown(f"**{plain(name)}** · a grid of {len(runs)} runs")
    st.progress(done / len(runs), text=f"{done} of {len(runs)} done")
    best = max((run for run in runs if run.summary), key=_test_accuracy, default=None)
    if best:
        st.markdown(f"Best on the test set so far: **{plain(labels(runs)[best.id])}**, {_test_accuracy(best):.2%}")
    left, right = st.columns(2)
    if done < len(runs) and may_stop(runs[0].asked.owner):
        left.button("Stop all", key=f"stop-{name}", on_click=_stop, args=(runs,), width="stretch")
    _render_compare(right, name, runs)


def _render_search(study: Study) -> None:
    search = study.search
    st.markdown(f"**{plain(search.name)}** · a search with {search.trials} trials")
    done = study.asked - len(study.under_way)
    st.progress(min(done / search.trials, 1.0), text=_counts_in_words(study, done))
    if study.over:
        st.info(plain(study.over))
    if study.best:
        _render_best(study, study.best)
    if seen := points(study):
        st.plotly_chart(search_figure(seen), key=f"search-{search.name}", config=NO_TOOLBAR)
    if study.trials:
        with st.expander("All trials"):
            st.dataframe(trials_frame(study), hide_index=True, column_config={"validation": PERCENT})
    _render_search_buttons(study)


def trials_frame(study: Study) -> pd.DataFrame:
    """One row a trial: its number, its settings, its state and what it reached, in percent."""
    rows = []
    for trial in study.trials:
        settings = {field.replace("_", " "): said(getattr(trial.run.config, field)) for field in study.search.fields}
        reached = {
            "validation": None if trial.value is None else 100 * trial.value,
            "state": "pruned" if trial.is_pruned else str(trial.run.state),
            **({"why": trial.run.status.reason} if trial.run.state is RunState.FAILED else {}),
        }
        rows.append({"trial": trial.number, **settings, **reached})
    return pd.DataFrame(rows)


def _counts_in_words(study: Study, done: int) -> str:
    running, failed = len(study.under_way), study.count(RunState.FAILED)
    words = [f"{done} of {study.search.trials} done"]
    words += [f"{running} under way"] * bool(running)
    words += [f"{study.pruned} pruned"] * bool(study.pruned)
    words += [f"{failed} failed"] * bool(failed)
    return " · ".join(words)


def _render_best(study: Study, best: Trial) -> None:
    scored = f", {_test_accuracy(best.run):.2%} on the test set" if study.over is not None else ""
    words, button = st.columns([3, 2], vertical_alignment="center")
    words.markdown(f"Trial {best.number}: **{plain(best.run.name)}**  \n{best.value:.2%} in validation{scored}")
    if button.button(
        "Put into the form", key=f"use-{study.search.name}", on_click=_use, args=(best.run,), width="stretch"
    ):
        st.rerun()


def _render_search_buttons(study: Study) -> None:
    name = study.search.name
    theirs = not may_stop(study.search.owner)
    left, middle, right = st.columns(3, vertical_alignment="bottom")
    if study.over is None:
        stop = resources.searcher().stop
        left.button(
            "Stop the search", key=f"stop-{name}", on_click=stop, args=(name,), width="stretch", disabled=theirs
        )
    elif study.under_way:
        left.button("Stopping", key=f"stopping-{name}", disabled=True, width="stretch")
    else:
        missing = study.search.trials - study.asked
        key = f"more-{name}"
        with middle:
            more = ask_whole(*TRIALS, missing if missing > 0 else 10, label="More trials", key=key)
        possible = more is not None and not theirs
        left.button(
            "Go on", key=f"go-on-{name}", on_click=_go_on, args=(study, key), width="stretch", disabled=not possible
        )
    _render_compare(right, name, _runs(study))


def _render_compare(column: "st.delta_generator.DeltaGenerator", name: str, runs: list[Run]) -> None:
    if any(run.summary for run in runs) and column.button("Compare", key=f"compare-{name}", width="stretch"):
        st.switch_page(PAGES / "compare.py", query_params={"group": name})


def _stop(runs: list[Run]) -> None:
    for run in runs:
        if not run.state.is_over:
            resources.engine().stop(run.id)


def _go_on(study: Study, key: str) -> None:
    """What the field of that key contains now counts; it may be newer than the button."""
    try:
        more = read_whole(*TRIALS, st.session_state[key])
        may_search(study.search, more)
        resources.searcher().go_on(study.search.name, study.asked + more)
    except MnistLabError as error:
        st.error(plain(error))


def _use(run: Run) -> None:
    forms.fill(run.config)


def _test_accuracy(run: Run) -> float:
    return run.summary.test_accuracy if run.summary else 0.0
