"""What one visitor of a server may have at once, so that nobody's thousand runs keep the others from theirs."""

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from mnist_lab.config import TrainConfig
from mnist_lab.errors import ConfigError, LimitReached
from mnist_lab.forecast import forecasts
from mnist_lab.networks.shapes import SLOTS, count_parameters, training_memory
from mnist_lab.runs import Run

VARIABLE = "MNIST_LAB_LIMITS"
NONE = "none"
GB = 1_000_000_000
FLOAT = 4  # bytes
AT_REST = 850_000_000  # bytes of a worker that trains nothing, on Linux with TensorFlow 2
BESIDE = 2_000_000  # bytes of a run's answers and ticks, about
RAISE = f"Whoever runs the server can allow more ({VARIABLE})."


class Allowance(NamedTuple):
    """The limits for each visitor.

    `runs` wait or are under way, the trials to come of searches among them, and take `hours` of training by their
    forecast; all runs that a visitor keeps have models of `gigabytes`, and `imports` of them came from elsewhere;
    `questions` wait for a worker; `uploads` is in megabytes of files that are in the server's memory.
    """

    runs: int = 200
    hours: int = 12
    gigabytes: int = 10
    imports: int = 200
    questions: int = 16
    uploads: int = 500


def allowance(environment: Mapping[str, str] = os.environ) -> Allowance | None:
    """What `MNIST_LAB_LIMITS` says, such as "runs=50 hours=2"; None where it says "none". Raises ConfigError."""
    text = environment.get(VARIABLE, "").strip()
    if text == NONE:
        return None
    given: dict[str, int] = {}
    for part in re.split(r"[\s,]+", text) if text else []:
        name, _, number = part.partition("=")
        if name not in Allowance._fields or not re.fullmatch(r"\d{1,9}", number, re.ASCII):
            known = " ".join(f"{field}={value}" for field, value in Allowance()._asdict().items())
            raise ConfigError(f"{VARIABLE} has {part!r}; it takes some of {known}, or {NONE}.")
        given[name] = int(number)
    return Allowance(**given)


def check_trainings(
    limits: Allowance, owner: str, configs: Sequence[TrainConfig], runs: Iterable[Run], to_come: int
) -> None:
    """Raises LimitReached, with what to do, where an owner cannot have these trainings besides the `runs` there are.

    `to_come` is how many trials the owner's searches will still ask for.
    """
    every = [*runs]
    own = [run for run in every if run.asked.owner == owner]
    waiting = [run.config for run in own if not run.state.is_over]
    several = len(waiting) + to_come + len(configs)
    if several > limits.runs:
        raise LimitReached(
            f"That would make {several} runs of yours that wait or train; the server takes {limits.runs} from each "
            f"visitor. Wait for some, or remove some from the queue. {RAISE}"
        )
    hours = sum(seconds or 0.0 for seconds in forecasts([*waiting, *configs], every)) / 3600
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
    for config in configs:
        needed = training_memory(config) + AT_REST
        if memory and needed > memory:
            raise ConfigError(
                f"To train this network takes about {needed / GB:.1f} GB of memory; a worker has {memory / GB:.1f}. "
                "Try fewer or smaller layers, or a smaller batch."
            )


def check_import(limits: Allowance, owner: str, several: int, runs: Iterable[Run]) -> None:
    """Raises LimitReached where an owner cannot have so many more runs from elsewhere."""
    had = sum(run.asked.owner == owner and run.is_from_elsewhere for run in runs)
    if had + several > limits.imports:
        raise LimitReached(
            f"You have {had} runs that came in zip files; the server keeps {limits.imports} for each visitor. "
            f"Delete some first. {RAISE}"
        )


def kept_bytes(config: TrainConfig) -> int:
    """About what a run takes on the disk: its two models, the optimizer's numbers in one of them, and the rest."""
    return FLOAT * count_parameters(config) * (2 + SLOTS[config.optimizer]) + BESIDE
