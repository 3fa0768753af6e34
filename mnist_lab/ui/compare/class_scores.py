"""How all runs read what the visitor's class has drawn."""

from collections.abc import Mapping

import streamlit as st

from mnist_lab.classroom.scores import score
from mnist_lab.errors import MnistLabError
from mnist_lab.store.rooms import Room, RoomScores
from mnist_lab.ui import resources
from mnist_lab.ui.rooms import own_class
from mnist_lab.ui.words import plain

NONE: Mapping[str, float] = {}


def class_scores() -> Mapping[str, float]:
    """The accuracy of runs, in [0, 1], by their ids; none where their class was not asked for."""
    own = own_class()
    known = own and own.room.scores()
    return known.accuracies if known else NONE


def render_class_scores() -> None:
    """A way to score all runs, for who leads a class that has drawn something."""
    own = own_class()
    if not own:
        return
    with st.popover("Your class", icon=":material/groups:"):
        st.markdown(f"**{own.several}** digits by **{own.people}** are there.")
        st.caption(_about(own.room.scores()))
        if st.button("Score every network on them", icon=":material/grading:", key="score-class"):
            _score(own.room)


def _about(known: RoomScores | None) -> str:
    if known is None:
        return "A column then tells how well each network reads them."
    return (
        f"The column *Your class* is of {known.several} digits by {known.pupils}. Networks that have learnt from them "
        "have none: that would be no test."
    )


def _score(room: Room) -> None:
    """Ask all networks, with what is done shown."""
    runs = [run for run in resources.listing(fresh=True).runs if run.summary]
    shown = st.progress(0.0)
    try:
        for number, run in enumerate(score(room, runs, resources.store())):
            shown.progress(number / len(runs), f"{plain(run.name)} reads them …")
    except MnistLabError as error:
        st.error(plain(error))
    else:
        st.rerun()
