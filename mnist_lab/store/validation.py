"""What validation found while a run trained, and which of its epochs is the best: one answer for all of the lab.

The best epoch is the one with the lowest validation loss, since early stopping keeps that one's weights. Its accuracy
need not be the highest: a network that grows surer of its mistakes may still make fewer of them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.ticks import Tick


class Epoch(NamedTuple):
    """A whole epoch, counted from 1, by what validation found at its end."""

    number: int
    loss: float
    accuracy: float


def validations(ticks: Iterable[Tick]) -> list[Epoch]:
    """The epochs of a run at whose end it was validated, in their order; none where no images were held back."""
    return [
        Epoch(tick.epoch, tick.val_loss, tick.val_accuracy)
        for tick in ticks
        if tick.val_loss is not None and tick.val_accuracy is not None
    ]


def best_epoch(losses: Sequence[float]) -> int:
    """The epoch, counted from 1, with the lowest validation loss; of equal ones the first; 0 where there is none."""
    return min(range(len(losses)), key=losses.__getitem__) + 1 if losses else 0


def best(curve: Sequence[Epoch]) -> Epoch | None:
    """The epoch with the lowest validation loss; of equal ones the first."""
    return curve[best_epoch([epoch.loss for epoch in curve]) - 1] if curve else None


def kept(curve: Sequence[Epoch], config: TrainConfig) -> Epoch | None:
    """The epoch whose weights are kept: the best one with early stopping, otherwise the last."""
    return best(curve) if config.patience else curve[-1] if curve else None
