"""Answers of a worker inside a view: a spinner there, while all else goes on."""

from concurrent.futures import Future, wait
from functools import lru_cache

import streamlit as st

from mnist_lab.errors import ClusterLost, MnistLabError
from mnist_lab.exploring.findings import FindingT
from mnist_lab.exploring.questions import Answers, Question, read
from mnist_lab.ui import resources
from mnist_lab.ui.allowed import limits
from mnist_lab.ui.visitor import visitor
from mnist_lab.ui.words import plain

SECONDS_BETWEEN_LOOKS = 0.2  # whether the visitor has gone on to something else meanwhile


@lru_cache(maxsize=1)
def answers() -> Answers:
    """The answers that this server has, for all visitors."""
    return Answers(resources.store(), lambda question: resources.engine().ask(question))


def begin(question: Question) -> Future[bytes]:
    """Have a worker look for the answer; `ask` waits for it.

    Raises LimitReached where too many of theirs wait, and ConfigError where the limits cannot be read.
    """
    its = limits()
    return answers().ask(question, visitor(), its and its.questions)


def ask(kind: type[FindingT], question: Question, doing: str) -> FindingT | None:
    """The finding; a spinner says what is being done until it is there. None, and the reason, where there is none."""
    try:
        answer = begin(question)
    except MnistLabError as error:
        st.info(plain(error), icon=":material/hourglass:")
        return None
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
