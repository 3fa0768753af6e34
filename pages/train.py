"""Turn the knobs, train in the background and watch."""

import streamlit as st

from mnist_lab.ui.shell import open_page
from mnist_lab.ui.train.drawing import render_network
from mnist_lab.ui.train.forms import render_all_knobs, render_form
from mnist_lab.ui.train.groups import render_groups
from mnist_lab.ui.train.jobs import render_jobs
from mnist_lab.ui.train.starting import render_start

open_page(
    "Train", "Turn the knobs, press Train and watch. It trains in the background: draw meanwhile, or close the tab."
)

knobs, work = st.columns([370, 670], gap="large")
with knobs:
    draft = render_form()
    render_start(draft.config, draft.is_right)
    render_all_knobs(draft)
with work:
    render_network(draft)
    render_groups()
    render_jobs(draft.config)
