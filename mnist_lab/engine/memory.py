"""How much memory there is here, and whether it does for a worker."""

import os
from pathlib import Path, PurePosixPath

from mnist_lab.errors import ConfigError

GB = 1_000_000_000
MB = 1_000_000
LAB = 500_000_000  # bytes of the web process, or of a command, beside the workers
AT_REST = 850_000_000  # bytes of a worker that trains nothing, on Linux with TensorFlow 2
LEAST = AT_REST + 50_000_000  # bytes of one that trains a small network
SHARE = 0.8  # of the memory here, for all workers together

CGROUPS = {"": ("/sys/fs/cgroup", "memory.max"), "memory": ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")}


def memory_here(own_groups: Path = Path("/proc/self/cgroup")) -> int:
    """The bytes that this process and its workers may use: the machine's, or its container's or service's limit."""
    from distributed.system import MEMORY_LIMIT

    try:
        lines = own_groups.read_text("ascii").splitlines()
    except OSError:  # no Linux
        return MEMORY_LIMIT
    limits = [MEMORY_LIMIT]
    for _, controllers, path in (line.split(":", 2) for line in lines):
        for controller in set(controllers.split(",")) & CGROUPS.keys():
            root, name = CGROUPS[controller]
            places = [PurePosixPath(path), *PurePosixPath(path).parents]
            limits += [_limit(Path(f"{root}{place}", name)) or MEMORY_LIMIT for place in places]
    return min(limits)


def _limit(file: Path) -> int | None:
    """The bytes in a file of a control group; None where it sets no limit."""
    try:
        text = file.read_text("ascii").strip()
    except OSError:
        return None
    return int(text) if text.isdecimal() else None


def memory_of_workers() -> int:
    """The bytes that all workers here may use together."""
    here = memory_here()
    return max(0, min(int(here * SHARE), here - LAB))


def check_room(memory: int) -> None:
    """Raises ConfigError, with what to do, where so many bytes are too few for any worker."""
    if memory < LEAST:
        asked = [name for name in ("MNIST_LAB_MEMORY", "MNIST_LAB_WORKERS") if os.environ.get(name)]
        remedy = f"change {' or '.join(asked)}" if asked else "use a machine with 2 GB"
        raise ConfigError(
            f"There is too little memory here to train: a worker takes {LEAST / MB:.0f} MB beside the lab itself, and "
            f"has {memory / MB:.0f} MB. Drawing, comparing and exploring work all the same, but for what takes a "
            f"network's gradients. To train, {remedy}, or use workers elsewhere (MNIST_LAB_SCHEDULER)."
        )
