"""Which of the picked runs is better, in a sentence, and how sure that is."""

import html
from collections.abc import Mapping, Sequence

import streamlit as st

from mnist_lab.comparing.doubtful import doubts, without_doubtful
from mnist_lab.comparing.families import LETTERS
from mnist_lab.comparing.formatting import decimal, p_value, percent
from mnist_lab.comparing.rankings import Ranking, leader, rank
from mnist_lab.comparing.verdicts import Interval, Verdict, images, judge, sentence
from mnist_lab.comparing.writers import difference_interval
from mnist_lab.errors import DatasetError
from mnist_lab.plots.matrices import RANKING, ranking_figure
from mnist_lab.plots.style import colors
from mnist_lab.store.run import Run
from mnist_lab.ui.compare.takeaway import show
from mnist_lab.ui.compare.tested import Tested, tested_alike
from mnist_lab.ui.shell import PAGES
from mnist_lab.ui.words import plain


def render(runs: list[Run]) -> None:
    """The verdict on two runs, or who beats whom among more; runs tested on other images are shown separately."""
    groups = tested_alike(runs, say=True)
    if len(groups) > 1 and len(groups[0]) == 1:
        st.info("These were tested on different images, so their scores do not say which is better.")
    elif not groups or len(groups[0]) == 1:
        st.info("Choose a second finished run, or tick more among all runs.")
    else:
        its_color = colors(run.id for run in runs)
        for group in groups:
            _render_group(group, its_color, alone=len(groups) == 1)
        for each in (one for group in groups for one in group if one.run.deviations):
            st.caption(
                f"{plain(each.name)} is not quite what its settings say: {plain('; '.join(each.run.deviations))}."
            )


def _render_group(group: list[Tested], its_color: Mapping[str, str], alone: bool) -> None:
    if len(group) == 1:
        one = group[0]
        st.info(f"{plain(one.name)} was tested on {one.images}, so it cannot be compared with the others.")
        return
    if not alone:
        st.caption(f"Tested on {group[0].images}:")
    (_render_two if len(group) == 2 else _render_many)(group, its_color)


def _render_two(group: list[Tested], its_color: Mapping[str, str]) -> None:
    first, second = group
    found = judge(first.evaluation, second.evaluation, first.run.id, second.run.id)
    st.html(f'<div class="sentence">{html.escape(sentence(found, first.name, second.name))}</div>')
    with st.container(horizontal=True, vertical_alignment="center"):
        intervals = {first.name: found.first_interval, second.name: found.second_interval}
        accuracies, shades = [found.first_accuracy, found.second_accuracy], [its_color[each.run.id] for each in group]
        st.html(_intervals(accuracies, intervals, shades), width="content")
        with st.popover("How sure is this?", width="content"):
            st.markdown(_how_sure(found, plain(first.name), plain(second.name)))
            if doubts(first.evaluation):
                st.markdown(_without_doubtful(first, second))
                st.markdown(_by_others(first, second))
        if len(its_color) == len(group):  # no others are picked, so the two have letters
            inside = f"See inside {LETTERS[0]}"
            st.page_link(
                PAGES / "explore.py", label=inside, icon=":material/travel_explore:", query_params={"run": first.run.id}
            )


def _how_sure(found: Verdict, first: str, second: str) -> str:
    return (
        f"Of {found.images:,} test images, **{found.fixed:,}** are read right by {second} alone and "
        f"**{found.broken:,}** by {first} alone. If the two were equally good, each of these would be the toss of a "
        f"coin, and tosses would come out at least this uneven with a probability of **{_p(found.p_value)}** "
        "(exact McNemar test).\n\n"
        "The bars are 95 % intervals (Wilson): where the accuracy may lie on all such images. The test looks at the "
        "same images for both, so it can part runs whose bars overlap.\n\n"
        "**Not covered:** another seed. Trained again, either may come out better or worse; a few seeds of each tell."
    )


def _without_doubtful(first: Tested, second: Tested) -> str:
    scores = [f"{plain(each.name)} {percent(without_doubtful(each.evaluation).accuracy)}" for each in (first, second)]
    number = len(doubts(first.evaluation))
    return f"Without the {number} test images whose labels people doubt: {', '.join(scores)}."


def _by_others(first: Tested, second: Tested) -> str:
    try:
        ends = difference_interval(first.evaluation, second.evaluation)
    except DatasetError as error:
        return plain(error)
    low, high = (decimal(100 * end, plus=True) for end in ends)
    return (
        f"Images by one hand are alike. If other people had written them, {plain(second.name)} would lie {low} to "
        f"{high} points ahead of {plain(first.name)} (95 % interval, people resampled with all that they wrote)."
    )


def _render_many(group: list[Tested], its_color: Mapping[str, str]) -> None:
    ranking = rank({each.run.id: each.evaluation for each in group})
    names = {each.run.id: each.name for each in group}
    st.html(f'<div class="sentence">{html.escape(leader(ranking, names))}</div>')
    left, right = st.columns([5, 6], gap="large")
    ordered = [names[run_id] for run_id in ranking.runs]
    intervals = dict(zip(ordered, ranking.intervals, strict=True))
    left.html(_intervals(ranking.accuracies, intervals, [its_color[run_id] for run_id in ranking.runs]))
    left.caption(_how_many_tests(ranking))
    with right:
        show(ranking_figure(ranking, ordered, its_color), f"ranking-{ranking.runs[0]}", name="ranking")


def _how_many_tests(ranking: Ranking) -> str:
    return (
        f"Bars: 95 % intervals (Wilson), in the runs' colours. {RANKING} Luck is judged by exact McNemar tests of all "
        f"{ranking.pairs} pairs on {images(ranking.images)}, with Holm's correction for so many tests. Other seeds may "
        "turn it round."
    )


def _intervals(accuracies: Sequence[float], intervals: Mapping[str, Interval], colors: Sequence[str]) -> str:
    """A row a run: its name, its 95 % interval as a bar in its colour with a mark at the accuracy, and the accuracy."""
    lowest, highest = min(end.low for end in intervals.values()), max(end.high for end in intervals.values())
    scale = 100 / max(highest - lowest, 1e-9)
    rows = [
        f"<span>{html.escape(name)}</span>"
        f'<i title="{percent(end.low)} to {percent(end.high)}" style="--lab-ink:{color}">'
        f'<b style="left:{scale * (end.low - lowest):.1f}%;width:{scale * (end.high - end.low):.1f}%"></b>'
        f'<u style="left:{scale * (accuracy - lowest):.1f}%"></u></i>'
        f"<em>{percent(accuracy)}</em>"
        for accuracy, (name, end), color in zip(accuracies, intervals.items(), colors, strict=True)
    ]
    return f'<div class="intervals">{"".join(rows)}</div>'


def _p(chance: float) -> str:
    return "less than 1 in a million" if chance < 1e-6 else p_value(chance)
