"""When to stop early: pure functions of the losses so far."""

import math
from collections.abc import Sequence

from mnist_lab.errors import TOO_LARGE, Diverged
from mnist_lab.store.validation import best_epoch


def is_over(losses: Sequence[float], patience: int) -> bool:
    """Whether `patience` epochs in a row brought no lower validation loss. A patience of 0 never ends."""
    return 0 < patience <= len(losses) - best_epoch(losses)


def check_loss(loss: float, epoch: int) -> None:
    """Raise Diverged where the loss is no number any more, in that epoch, counted from 1."""
    if not math.isfinite(loss):
        raise Diverged(f"The loss became {loss} in epoch {epoch}: {TOO_LARGE}. Try a smaller learning rate.")
