"""Whose handwriting the picked runs misread."""

from collections.abc import Mapping, Sequence

import streamlit as st

from mnist_lab.comparing import writers
from mnist_lab.comparing.formatting import percent
from mnist_lab.comparing.verdicts import Interval, interval
from mnist_lab.comparing.writers import Writer
from mnist_lab.errors import DatasetError
from mnist_lab.plots.style import colors
from mnist_lab.plots.writers import held_figure, kinds_figure
from mnist_lab.store.run import Run
from mnist_lab.ui.compare.gallery import render_gallery
from mnist_lab.ui.compare.takeaway import show
from mnist_lab.ui.compare.tested import Tested, choose_group
from mnist_lab.ui.words import plain

NAMED = 6  # people


@st.fragment
def render(runs: list[Run]) -> None:
    """Who holds the mistakes, two kinds of people, intervals that resample people, and what one person wrote."""
    group = choose_group(runs, key="writers-group")
    if not group:
        return
    if not group[0].evaluation.is_of_mnist:
        st.info("It is not known who wrote these images. Pick runs that were tested on MNIST.")
        return
    try:
        found = {each.name: writers.by_writer(each.evaluation) for each in group}
    except DatasetError as error:
        st.warning(plain(error))
        return
    of_run = colors(run.id for run in runs)
    its_color = {each.name: of_run[each.run.id] for each in group}
    st.caption(
        f"{len(found[group[0].name])} people wrote MNIST's test images, and none of them wrote a training image: "
        "it tests whether a network can read strangers."
    )
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Who holds the mistakes?", anchor=False)
        show(held_figure(found, its_color), "writers-held")
    with right:
        st.subheader("Who is easier to read?", anchor=False)
        kinds = {each.name: writers.by_kind(each.evaluation) for each in group}
        show(kinds_figure(kinds, its_color), "writers-kinds")
    _render_numbers(group, found)
    _render_person(group)


def _render_numbers(group: Sequence[Tested], found: Mapping[str, list[Writer]]) -> None:
    rows = [
        {
            "run": each.name,
            "never misread": writers.never_misread(found[each.name]),
            "half the mistakes": writers.holding_half(found[each.name]),
            "accuracy": 100 * each.evaluation.accuracy,
            "images": _between(interval(each.evaluation)),
            "people": _between(writers.accuracy_interval(each.evaluation)),
        }
        for each in group
    ]
    column = st.column_config.Column
    columns = {
        "never misread": column("people never misread"),
        "half the mistakes": column("people who hold half of the mistakes"),
        "accuracy": st.column_config.NumberColumn("accuracy", format="%.2f %%"),
        "images": column("on other images", help="95 % interval, as if each image had a writer of its own (Wilson)"),
        "people": column("by other people", help="95 % interval: people are resampled with all that they wrote"),
    }
    st.dataframe(rows, hide_index=True, column_config=columns, width="content", key="writers-numbers")


def _between(ends: Interval) -> str:
    return f"{100 * ends.low:.2f} to {percent(ends.high)}"


def _render_person(group: Sequence[Tested]) -> None:
    """The people most often misread, and all that the chosen one wrote."""
    evaluations = [each.evaluation for each in group]
    worst = {writer.number: writer for writer in writers.by_writer(*evaluations)[:NAMED]}
    st.subheader("Whose handwriting is it?", anchor=False)
    chosen = st.pills(
        "Those most often misread, and all that they wrote",
        list(worst),
        format_func=lambda number: _in_words(worst[number]),
        default=next(iter(worst)),
        required=True,
        key=f"writers-person-{'-'.join(each.run.id for each in group)}",
    )
    found = writers.places(chosen, *evaluations)
    render_gallery(found, group, f"writers-{chosen}-{'-'.join(each.run.id for each in group)}")


def _in_words(writer: Writer) -> str:
    return f"{writer.name}: {writer.mistakes} mistake{'' if writer.mistakes == 1 else 's'}"
