"""All runs in a table; two or more of them side by side."""

import streamlit as st

from mnist_lab.ui import resources
from mnist_lab.ui.comparing import (
    choose_group,
    render_curves,
    render_grid,
    render_matrices,
    render_table,
    render_verdict,
)
from mnist_lab.ui.shell import open_page

open_page("Compare", "Pick two or more runs: which one is better, where, and is it luck?")

listing = resources.store().listing()
for run_id, problem in listing.problems.items():
    st.warning(f"The run **{run_id}** is left out: {problem}", icon=":material/folder_off:")
group = choose_group(listing.runs)
picked = [run for run in render_table(group or listing.runs, all_picked=bool(group)) if run.summary]
if len(picked) < 2:
    st.info("Tick two or more finished runs in the table.")
if group:
    render_grid(picked)
if len(picked) == 2:
    render_verdict(picked)
if picked:
    st.subheader("Curves", anchor=False)
    render_curves(picked)
    st.subheader("Confusion matrices", anchor=False)
    render_matrices(picked)
