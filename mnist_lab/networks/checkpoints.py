"""The weights and the optimizer's memory that a training can go on from, as one file."""

import logging
from pathlib import Path

import keras

log = logging.getLogger(__name__)


def save(model: keras.Model, checkpoint: Path) -> None:
    """Write the checkpoint whole: nobody ever finds half of one."""
    partial = checkpoint.with_name("partial.weights.h5")
    model.save_weights(partial)
    partial.replace(checkpoint)


def load(model: keras.Model, checkpoint: Path | None) -> bool:
    """Set the model, its optimizer built, as the checkpoint keeps it.

    False where there is none; one that is damaged is deleted, and is as good as none, but the model is then to be built
    anew.
    """
    if not checkpoint or not checkpoint.exists():
        return False
    try:
        model.load_weights(checkpoint)
    except (OSError, ValueError, KeyError) as error:
        log.warning("The checkpoint is damaged, so the training starts anew: %s", error)
        checkpoint.unlink()
        return False
    return True
