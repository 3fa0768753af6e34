"""Turn the knobs, train in the background and watch."""

import streamlit as st

from mnist_lab import recipes
from mnist_lab.errors import MnistLabError
from mnist_lab.ui import resources
from mnist_lab.ui.data import render_data_status
from mnist_lab.ui.forms import render_form
from mnist_lab.ui.jobs import render_jobs
from mnist_lab.ui.network import render_network
from mnist_lab.ui.shell import open_page
from mnist_lab.ui.visitor import visitor

open_page(
    "Train", "Turn the knobs, press Train and watch. It trains in the background: draw meanwhile, or close the tab."
)

form, jobs = st.columns([420, 620], gap="large")
with form:
    config = render_form(render_data_status())
with jobs:
    if config:
        render_network(config)
    if st.button("Train", type="primary", width="stretch", icon=":material/play_arrow:", disabled=config is None):
        assert config
        try:
            name, recipe = recipes.describe(config), recipes.named(config)
            resources.engine().submit(config, name, recipe, owner=visitor())
        except MnistLabError as error:
            st.error(str(error))
    render_jobs()
