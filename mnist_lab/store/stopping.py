"""When to stop early: pure functions of the losses so far."""

import math
from collections.abc import Sequence

from mnist_lab.errors import Diverged


def best_epoch(losses: Sequence[float]) -> int:
    """The epoch, counted from 1, with the lowest validation loss; of equal ones the first; 0 where there is none."""
    return min(range(len(losses)), key=losses.__getitem__) + 1 if losses else 0


def is_over(losses: Sequence[float], patience: int) -> bool:
    """Whether `patience` epochs in a row brought no lower validation loss. A patience of 0 never ends."""
    return 0 < patience <= len(losses) - best_epoch(losses)


def check_loss(loss: float, epoch: int) -> None:
    """Raise Diverged where the loss is no number any more, in that epoch, counted from 1."""
    if not math.isfinite(loss):
        raise Diverged(
            f"The loss became {loss} in epoch {epoch}: the steps were too large. Try a smaller learning rate."
        )
