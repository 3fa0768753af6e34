"""What every trainer is given, whatever it trains, so that a run is watched, changed, stopped and gone on with in one
way."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from mnist_lab.store.adjustments import Adjustment, Wish
from mnist_lab.store.ticks import Tick

Report = Callable[[Tick], None]
ShouldStop = Callable[[], bool]
Weights = Callable[[], list[NDArray[Any]]]
Keep = Callable[[int, Weights], None]
Show = Callable[[Weights], None]
AskWish = Callable[[], Wish]


@dataclass(frozen=True)
class Contract:
    """Whom a training tells what, who may change or stop it, and where it begins.

    `report` gets ticks in each epoch and at its end, and a few times a second. `should_stop` is asked often; after it
    says yes the model is that of the last whole epoch, or of the moment where none was completed. `checkpoint` is
    written whole after an epoch, every few seconds at most, and gone on from where that file exists. `start` is a
    `model.keras` whose weights, and optimizer's memory, the training begins with. `keep` is told each epoch that is
    over, 0 before the first, and how to get its weights, in Keras's order; `show` is told often how to get those of the
    moment. `wish` is asked as often how to go on, and `adjusted` are the changes that were made before, where a
    checkpoint is gone on from.
    """

    report: Report
    should_stop: ShouldStop = lambda: False
    checkpoint: Path | None = None
    start: Path | None = None
    keep: Keep = lambda epoch, weights: None
    show: Show = lambda weights: None
    wish: AskWish = Wish
    adjusted: Sequence[Adjustment] = ()
