"""Bets of a class on a lesson's question: alone, and again after a talk with the neighbour.

Who commits first alone, then talks, then commits again learns most (Mazur 1997, "Peer Instruction"). So nobody, the
teacher included, is told what was bet until the bets are closed.
"""

from collections import Counter
from collections.abc import Mapping
from enum import IntEnum
from typing import NamedTuple

from mnist_lab.store.rooms import RoomChoice, Stage


class Phase(IntEnum):
    """How far it is, in this order; only in FIRST and SECOND bets are taken."""

    FIRST = 0
    TALK = 1
    SECOND = 2
    OVER = 3

    @property
    def turn(self) -> int:
        """The turn whose bets are under way or were closed last: 0 or 1."""
        return int(self >= Phase.SECOND)

    @property
    def takes_bets(self) -> bool:
        """Whether bets can be placed and changed."""
        return self in (Phase.FIRST, Phase.SECOND)


def phase_of(stage: Stage, step: int) -> Phase:
    """How far the bets of that step are."""
    return Phase(min(stage.phase(step), Phase.OVER))


class Bets(NamedTuple):
    """What may be told: for each option how many bet on it first and then, None where that is not closed.

    `several` have bet in the turn under way. `switched` counts who went from one option to another, both in 0...
    """

    several: int
    first: list[int] | None
    second: list[int] | None
    switched: dict[tuple[int, int], int]


def told(placed: Mapping[str, RoomChoice], phase: Phase, options: int) -> Bets:
    """What may be told of bets, by `<pupil>-<turn>`, in that phase, on a question with so many options."""
    turns: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for name, one in placed.items():
        who, _, turn = name.partition("-")
        if turn in ("0", "1") and one.choice < options:
            turns[int(turn)][who] = one.choice
    tallies = [[[*bets.values()].count(option) for option in range(options)] for bets in turns]
    both = [(turns[0][who], choice) for who, choice in turns[1].items() if who in turns[0]]
    return Bets(
        len(turns[phase.turn]),
        tallies[0] if phase >= Phase.TALK else None,
        tallies[1] if phase >= Phase.OVER else None,
        dict(Counter(pair for pair in both if pair[0] != pair[1])) if phase >= Phase.OVER else {},
    )
