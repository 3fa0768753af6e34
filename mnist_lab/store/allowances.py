"""What one visitor of a server may have at once, so that one visitor's thousand runs do not keep others waiting."""

import os
import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from mnist_lab.errors import ConfigError, LimitReached
from mnist_lab.store.run import Run

VARIABLE = "MNIST_LAB_LIMITS"
NONE = "none"
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


def check_import(limits: Allowance, owner: str, several: int, runs: Iterable[Run]) -> None:
    """Raises LimitReached where an owner cannot have so many more runs from elsewhere."""
    had = sum(run.asked.owner == owner and run.is_from_elsewhere for run in runs)
    if had + several > limits.imports:
        raise LimitReached(
            f"You have {had} runs that came in zip files; the server keeps {limits.imports} for each visitor. "
            f"Delete some first. {RAISE}"
        )
