"""Going on with a run that is over: a new run that begins with its model."""

from collections.abc import Mapping
from typing import Any

from mnist_lab.config.train_config import TrainConfig, differing, parse
from mnist_lab.errors import ConfigError, RunError
from mnist_lab.store.adjustments import adjusted
from mnist_lab.store.run import Run
from mnist_lab.store.runs import RunStore
from mnist_lab.store.ticks import Tick

NETWORK = (
    *("network", "filters", "kernel", "convolutions", "units", "activation", "batch_normalization", "initialization"),
    *("output", "scaling"),
)
CONTINUED = ", continued"


def continued(parent: Run, settings: Mapping[str, Any]) -> TrainConfig:
    """The configuration that goes on with a run: its last with `settings` laid over it; `epochs` are those to add.

    Raises ConfigError for what would make another network of it, RunError for a run that has no model to go on with.
    """
    if not parent.summary:
        raise RunError(f"The run {parent.name} has no model to go on with: it is {parent.state}.")
    if parent.asked.damage:
        raise RunError(f"{parent.name} is a damaged copy, which was never trained. Go on with the run it is a copy of.")
    if parent.config.network == "logistic":
        raise ConfigError("A logistic regression is fitted to its end and cannot go on. Train it with more iterations.")
    config = parse(settings, adjusted(parent.config, parent.adjustments))
    if fixed := [field for field in differing([parent.config, config]) if field in NETWORK]:
        raise ConfigError(
            f"{', '.join(fixed)}: a run that goes on keeps its network, so this stays as it was. What can change is "
            "how it trains, such as epochs, learning_rate or dropout. For another network, train from the start."
        )
    return config


def name_of(parent: Run) -> str:
    """What people see of the run that goes on with this one."""
    return f"{parent.name.removesuffix(CONTINUED)}{CONTINUED}"


def history(store: RunStore, run: Run) -> list[Tick]:
    """The ticks of the runs that this one goes on from, one behind the other, as far as their models saw them."""
    ticks: list[Tick] = []
    for ancestor in store.lineage(run):
        own = store.metrics(ancestor.id)
        whole = max((tick.epoch for tick in own if tick.ends_epoch), default=0)
        ticks += behind(ticks, [tick for tick in own if tick.epoch <= whole])
    return ticks


def behind(before: list[Tick], ticks: list[Tick]) -> list[Tick]:
    """The ticks, with their epochs counted on from those before."""
    epochs = before[-1].epoch if before else 0
    return [tick._replace(epoch=epochs + tick.epoch) for tick in ticks]
