"""What is picked, as a bar: A and B, which can be exchanged, or all of more; and the way to the table of all runs."""

from collections.abc import Sequence
from html import escape

import streamlit as st

from mnist_lab.comparing.families import LETTERS, labels
from mnist_lab.plots.style import colors
from mnist_lab.store.run import Run
from mnist_lab.ui.address import turned
from mnist_lab.ui.compare import selection

MOST_NAMED = 6
WIDTH = 330  # pixels of a field


def render(runs: list[Run]) -> None:
    """The bar, for these runs, some of which are picked."""
    picked = selection.picked(runs)
    with st.container(horizontal=True, vertical_alignment="center", key="compare-picks"):
        if len(picked) > len(LETTERS):
            st.html(_named(picked), width="content")
        else:
            _choose_two(runs, picked)
        if before := selection.before():
            st.button("Back", icon=":material/undo:", on_click=selection.pick, args=(before,), help="What was picked")
        is_open = selection.is_table_open()
        st.button(
            "Fold the table" if is_open else "All runs",
            icon=":material/expand_less:" if is_open else ":material/table_rows:",
            on_click=_turn,
            args=(not is_open,),
            key="compare-table",
        )


def _choose_two(runs: Sequence[Run], picked: Sequence[Run]) -> None:
    names = labels(runs)
    of_run = {letter: run.id for letter, run in zip(LETTERS, picked, strict=False)}
    its_color = colors(of_run.values())
    choices = [run.id for run in runs if run.summary or run in picked]
    for letter in LETTERS:
        run_id = of_run.get(letter)
        color = f' style="--run:{its_color[run_id]}"' if run_id else ""
        with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width=WIDTH):
            st.html(f'<span class="letter"{color} aria-hidden="true">{letter}</span>', width="content")
            st.session_state[_key(letter)] = run_id
            st.selectbox(
                f"Run {letter}",
                choices,
                index=0 if run_id else None,  # what is chosen stands in the session
                format_func=names.__getitem__,
                key=_key(letter),
                placeholder="Choose a run",
                label_visibility="collapsed",
                on_change=_choose,
                args=(letter,),
            )
    if len(of_run) == len(LETTERS):
        st.button("Swap", icon=":material/swap_horiz:", key="compare-swap", on_click=_swap)


def _key(letter: str) -> str:
    return f"compare_run_{letter}"


def _choose(letter: str) -> None:
    """One of the two is another run; where it is what the other was, they change places."""
    turned()
    place, chosen, before = LETTERS.index(letter), st.session_state[_key(letter)], selection.picked_ids()
    if chosen is None:
        selection.remember(run_id for at, run_id in enumerate(before) if at != place)
    elif chosen in before:
        _swap()
    else:
        selection.remember([*before[:place], chosen, *before[place + 1 :]])


def _swap() -> None:
    turned()
    selection.remember(reversed(selection.picked_ids()))


def _turn(is_open: bool) -> None:
    turned()
    selection.turn_table(is_open)


def _named(picked: Sequence[Run]) -> str:
    names, its_color = labels(picked), colors(run.id for run in picked)
    shown = [
        f'<span><i style="background:{its_color[run.id]}"></i>{escape(names[run.id])}</span>'
        for run in picked[:MOST_NAMED]
    ]
    more = f"<span>and {len(picked) - MOST_NAMED} more</span>" if len(picked) > MOST_NAMED else ""
    return f'<div class="picks"><b>{len(picked)} runs</b>{"".join(shown)}{more}</div>'
