"""Answers of a worker inside a view: a spinner there, while all else goes on."""

from concurrent.futures import wait
from functools import lru_cache

import streamlit as st

from mnist_lab.errors import ClusterLost, MnistLabError
from mnist_lab.exploring.findings import FindingT
from mnist_lab.exploring.questions import Answers, Question, read
from mnist_lab.ui import resources
from mnist_lab.ui.words import plain

SECONDS_BETWEEN_LOOKS = 0.2  # whether somebody has gone on to something else meanwhile


@lru_cache(maxsize=1)
def answers() -> Answers:
    """The answers that this server has, for all visitors."""
    return Answers(resources.store(), resources.engine().ask)


def ask(kind: type[FindingT], question: Question, doing: str) -> FindingT | None:
    """The finding; a spinner says what is being done until it is there. None, and the reason, where there is none."""
    answer = answers().ask(question)
    place = st.empty()
    if not answer.done():
        with place, st.spinner(doing, show_time=True):
            while not answer.done():
                wait([answer], SECONDS_BETWEEN_LOOKS)
                st.session_state["asking"] = question.name
    try:
        return read(kind, answer)
    except ClusterLost as error:
        st.warning(f"No worker could answer ({plain(error)}). Try again in a moment.", icon=":material/cloud_off:")
    except MnistLabError as error:
        st.info(plain(error), icon=":material/info:")
    return None
