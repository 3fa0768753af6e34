"""What the visitor's class has drawn, on the map of the test images."""

from collections.abc import Sequence

import numpy as np
import streamlit as st

from mnist_lab.classroom.board import digits
from mnist_lab.datasets.mnist import sha256
from mnist_lab.exploring.spaces import Space, among, features
from mnist_lab.networks.stages import Array, Stage
from mnist_lab.store.rooms import Room
from mnist_lab.ui.explore.points import Others
from mnist_lab.ui.rooms import own_class

KEY, FOUND = "map_class", "map_class_places"  # in the session


def choose_class() -> Room | None:
    """The class whose digits are to be shown, for who leads one that has drawn something."""
    own = own_class()
    return own.room if own and st.toggle("Your class", key=KEY, persist_state="session") else None


def others(
    room: Room, run_id: str, stages: Sequence[Stage], number: int, space: Space, flat: Array | None, step: int
) -> Others:
    """Where the class's digits lie: by the two directions of the `space`, or among every `step`-th of its points on a
    `flat` map.
    """
    found, pupils = digits(room)
    if not pupils:  # all that is drawn is blank to a network
        return Others(np.empty((0, 2), np.float32), found.labels)
    about = run_id, number, sha256(found.images, found.labels)
    known = st.session_state.get(FOUND, (None, None))
    if known[0] != about:
        known = st.session_state[FOUND] = about, space.place(features(stages, number, found.images))
    places = known[1]
    if flat is None:
        return Others(places[:, :2], found.labels)
    points = space.places[::step]
    return Others(np.stack([among(points, flat, place) for place in places]), found.labels)
