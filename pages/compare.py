"""What the picked runs do differently, one view at a time; all runs in a table, folded away until it is asked for."""

import streamlit as st

from mnist_lab.ui import resources
from mnist_lab.ui.compare import (
    address,
    confidence,
    cost,
    curves,
    digits,
    mistakes,
    picks,
    robustness,
    selection,
    settings,
    table,
    takeaway,
    verdicts,
    writers,
)
from mnist_lab.ui.shell import open_page
from mnist_lab.ui.words import plain

VIEWS = {
    "Curves": curves.render,
    "Mistakes": mistakes.render,
    "Digits": digits.render,
    "Writers": writers.render,
    "Robustness": robustness.render,
    "Confidence": confidence.render,
    "Cost": cost.render,
    "Settings": settings.render,
}

open_page("Compare", "Pick two or more runs: which one is better, where, and is it luck?")

listing = resources.listing(fresh=True)
for run_id, problem in listing.problems.items():
    st.warning(f"The run **{plain(run_id)}** is left out: {plain(problem)}", icon=":material/folder_off:")
address.open_address(listing.runs, list(VIEWS))
bar = st.container()  # its place; what it shows is known once the table is
if selection.is_table_open():
    table.render(listing.runs)
else:
    table.pick_at_first(listing.runs)
with bar:
    picks.render(listing.runs)
picked = [run for run in selection.picked(listing.runs) if run.summary]
verdicts.render(picked)
if picked:
    view = address.choose_view(list(VIEWS))
    VIEWS[view](picked)
    takeaway.render_report(picked)
address.write_address()
settings.warm_up()
