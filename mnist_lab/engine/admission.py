"""Whether a training may begin: within what its owner may have, and in what a worker has."""

from collections.abc import Iterable, Sequence

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.forecast import forecasts
from mnist_lab.engine.memory import AT_REST, GB, check_room
from mnist_lab.errors import ConfigError, LimitReached
from mnist_lab.networks.shapes import FLOAT, SLOTS, count_parameters, training_memory
from mnist_lab.store.allowances import RAISE, Allowance
from mnist_lab.store.run import Run

BESIDE = 2_000_000  # bytes of a run's answers and ticks, about


def check_trainings(
    limits: Allowance, owner: str, configs: Sequence[TrainConfig], runs: Iterable[Run], to_come: int
) -> None:
    """Raises LimitReached, with what to do, where an owner cannot have these trainings besides the `runs` there are.

    `to_come` is how many trials the owner's searches will still ask for.
    """
    every = [*runs]
    own = [run for run in every if run.asked.owner == owner]
    waiting = [run for run in own if not run.state.is_over]
    several = len(waiting) + to_come + len(configs)
    if several > limits.runs:
        raise LimitReached(
            f"That would make {several} runs of yours that wait or train; the server takes {limits.runs} from each "
            f"visitor. Wait for some, or remove some from the queue. {RAISE}"
        )
    trained = [run.config for run in own if not (run.state.is_over or run.asked.damage)]
    hours = sum(seconds or 0.0 for seconds in forecasts([*trained, *configs], every)) / 3600
    if hours > limits.hours:
        raise LimitReached(
            f"Your trainings would take roughly {hours:.1f} hours; the server takes {limits.hours} at once from each "
            f"visitor. Ask for fewer or shorter ones: fewer epochs or images, smaller layers. {RAISE}"
        )
    kept = sum(kept_bytes(config) for config in [*(run.config for run in own), *configs]) / GB
    if kept > limits.gigabytes:
        raise LimitReached(
            f"Your runs would take roughly {kept:.1f} GB of the server's disk; each visitor has {limits.gigabytes}. "
            f"Delete some on Compare, or make the layers smaller. {RAISE}"
        )


def check_memory(configs: Iterable[TrainConfig], memory: int | None) -> None:
    """Raises ConfigError for a network that cannot be trained in so many bytes; None: not known."""
    if memory is None:
        return
    for config in configs:
        check_room(memory)
        needed = training_memory(config) + AT_REST
        if needed > memory:
            raise ConfigError(
                f"To train this network takes about {needed / GB:.1f} GB of memory; a worker has {memory / GB:.1f}. "
                "Try fewer or smaller layers, or a smaller batch."
            )


def kept_bytes(config: TrainConfig) -> int:
    """About what a run takes on the disk: its two models, the optimizer's numbers in one of them, and the rest."""
    return FLOAT * count_parameters(config) * (2 + SLOTS[config.optimizer]) + BESIDE
