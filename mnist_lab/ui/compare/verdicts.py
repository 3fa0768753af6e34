"""Which of the picked runs is better, in a sentence, and how sure that is."""

import html
from collections.abc import Mapping, Sequence

import streamlit as st

from mnist_lab.comparing.doubtful import doubts, without_doubtful
from mnist_lab.comparing.rankings import Ranking, leader, rank
from mnist_lab.comparing.verdicts import Interval, Verdict, images, judge, percent, sentence
from mnist_lab.errors import MnistLabError
from mnist_lab.evaluation import Evaluation
from mnist_lab.plots.matrices import ranking_figure
from mnist_lab.plots.style import NO_TOOLBAR
from mnist_lab.runs import Run
from mnist_lab.ui import resources
from mnist_lab.ui.compare.naming import labels

DATASETS = {"mnist": "MNIST's test images", "digits": "the 8 x 8 digits"}


def render(runs: list[Run]) -> None:
    """The verdict on two runs, or who beats whom among more; runs tested on other images stand apart."""
    names = labels(runs)
    groups = tested_alike(runs)
    if not any(len(group) > 1 for group in groups):
        if len(groups) > 1:
            st.info("These were tested on different images, so their scores say nothing about which is better.")
        else:
            st.info("Tick two or more finished runs in the table.")
        return
    for group in sorted(groups, key=len, reverse=True):
        if len(groups) > 1:
            _say_apart(runs, group, names)
        if len(group) == 2:
            _render_two(group, names)
        elif len(group) > 2:
            _render_many(group, names)


def answered(runs: list[Run]) -> dict[str, Evaluation]:
    """The evaluations of the runs by id; a run that has none is named and left out."""
    found = {}
    for run in runs:
        try:
            found[run.id] = resources.evaluation(run.id)
        except MnistLabError as error:
            st.info(f"{run.name} is left out: {error}")
    return found


def tested_alike(runs: list[Run]) -> list[dict[str, Evaluation]]:
    """The runs' evaluations by id, those of the same test images together."""
    groups: dict[str, dict[str, Evaluation]] = {}
    for run_id, evaluation in answered(runs).items():
        groups.setdefault(evaluation.test_set, {})[run_id] = evaluation
    return list(groups.values())


def _say_apart(runs: list[Run], group: Mapping[str, Evaluation], names: Mapping[str, str]) -> None:
    dataset = next(DATASETS[run.config.dataset] for run in runs if run.id in group)
    if len(group) > 1:
        st.caption(f"Tested on {dataset}:")
    else:
        (only,) = group
        st.info(f"{names[only]} was tested on other images ({dataset}), so it cannot be compared with the others.")


def _render_two(group: Mapping[str, Evaluation], names: Mapping[str, str]) -> None:
    first, second = group
    found = judge(group[first], group[second], first, second)
    st.html(f'<div class="sentence">{html.escape(sentence(found, names[first], names[second]))}</div>')
    with st.container(horizontal=True, vertical_alignment="center"):
        intervals = {names[first]: found.first_interval, names[second]: found.second_interval}
        st.html(_intervals([found.first_accuracy, found.second_accuracy], intervals))
        with st.popover("How sure is this?", width="content"):
            st.markdown(_how_sure(found, names[first], names[second]))
            if doubts(group[first]):
                st.markdown(_without(*group.values(), *(names[run_id] for run_id in group)))


def _how_sure(found: Verdict, first: str, second: str) -> str:
    return (
        f"Of {found.images:,} test images, **{found.fixed:,}** are read right by {second} alone and "
        f"**{found.broken:,}** by {first} alone. If the two were equally good, each of these would be the toss of a "
        f"coin. Tosses come out at least this uneven with a probability of **{_p(found.p_value)}** "
        "(exact McNemar test).\n\n"
        "The bars are 95 % intervals (Wilson): where the accuracy may lie on all such images. The test looks at the "
        "same images for both, so it can part runs whose bars overlap.\n\n"
        "**Not covered:** training again with another seed may turn it round. Train both with a few seeds to see."
    )


def _without(one: Evaluation, two: Evaluation, first: str, second: str) -> str:
    kept = [without_doubtful(evaluation) for evaluation in (one, two)]
    return (
        f"Without the {len(doubts(one))} test images whose labels people doubt: "
        f"{first} {percent(kept[0].accuracy)}, {second} {percent(kept[1].accuracy)}."
    )


def _render_many(group: Mapping[str, Evaluation], names: Mapping[str, str]) -> None:
    ranking = rank(group)
    st.html(f'<div class="sentence">{html.escape(leader(ranking, names))}</div>')
    left, right = st.columns([5, 6], gap="large")
    ordered = [names[run_id] for run_id in ranking.runs]
    left.html(_intervals(ranking.accuracies, dict(zip(ordered, ranking.intervals, strict=True))))
    left.caption(_how_many_tests(ranking))
    right.plotly_chart(ranking_figure(ranking, ordered), key=f"ranking-{ranking.runs[0]}", config=NO_TOOLBAR)


def _how_many_tests(ranking: Ranking) -> str:
    return (
        f"Bars: 95 % intervals (Wilson). Colour: better or worse beyond luck, by exact McNemar tests of all "
        f"{ranking.pairs} pairs on {images(ranking.images)}, with Holm's correction for so many tests. Other seeds may "
        "turn it round."
    )


def _intervals(accuracies: Sequence[float], intervals: Mapping[str, Interval]) -> str:
    """A row a run: its name, its 95 % interval as a bar with a mark at the accuracy, and the accuracy."""
    lowest, highest = min(end.low for end in intervals.values()), max(end.high for end in intervals.values())
    scale = 100 / max(highest - lowest, 1e-9)
    rows = [
        f'<span>{html.escape(name)}</span><i title="{percent(end.low)} to {percent(end.high)}">'
        f'<b style="left:{scale * (end.low - lowest):.1f}%;width:{scale * (end.high - end.low):.1f}%"></b>'
        f'<u style="left:{scale * (accuracy - lowest):.1f}%"></u></i>'
        f"<em>{percent(accuracy)}</em>"
        for accuracy, (name, end) in zip(accuracies, intervals.items(), strict=True)
    ]
    return f'<div class="intervals">{"".join(rows)}</div>'


def _p(p_value: float) -> str:
    return "less than 1 in a million" if p_value < 1e-6 else f"{p_value:.2g}"
