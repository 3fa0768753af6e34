"""How long a training will take on this machine, from how long others took."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.networks.shapes import count_operations
from mnist_lab.store.run import Run

IMAGES = {"mnist": 60_000, "digits": 1_437}
PENS = 7_494  # images of the pen digits' training part
SOILING = {"none": 0.0, "raw": 0.0003, "prepared": 0.0018}  # seconds an image, by `datasets.dirt.soiled` on one core
SHORTEST = 1e-3  # seconds; no training takes less
RECENT = 10  # own runs that tell how fast this machine is now


def forecast(config: TrainConfig, runs: Iterable[Run]) -> float | None:
    """Seconds of training, or None where no run of such a network is known."""
    return forecasts([config], runs)[0]


def forecasts(configs: Iterable[TrainConfig], runs: Iterable[Run]) -> list[float | None]:
    """Seconds of each training, with the soiling before it, or None where no run of such a network is known.

    A step takes a time of its own, and so does each operation for each image; both are fitted to the runs of networks
    of the same kind, by non-negative least squares of the relative error. Bundled runs were trained on another machine:
    the median of how much longer this machine's own runs took corrects for that.
    """
    known: defaultdict[tuple[str, bool], list[Run]] = defaultdict(list)
    for run in runs:
        if run.summary and run.summary.seconds >= SHORTEST and run.summary.epochs > 0 and not run.asked.damage:
            known[_kind(run.config)].append(run)
    costs: dict[tuple[str, bool], NDArray[np.float64]] = {}
    found: list[float | None] = []
    for config in configs:
        kind = _kind(config)
        if kind in known and kind not in costs:
            costs[kind] = _costs(known[kind])
        found.append(float(_work(config) @ costs[kind] * config.rounds) + _soiling(config) if kind in costs else None)
    return found


def _costs(runs: Sequence[Run]) -> NDArray[np.float64]:
    """Seconds that a step takes on this machine, and a thousand million operations."""
    costs = _fit(runs)
    own = [run for run in runs if not run.bundled][:RECENT]
    slower = median(_seconds(run) / max(float(_work(run.config) @ costs), 1e-9) for run in own) if own else 1.0
    return costs * slower


def training_images(config: TrainConfig) -> int:
    """How many images an epoch shows, soiled copies too, those held back not; pen digits by their rough number."""
    images = min(config.train_images or IMAGES[config.dataset], IMAGES[config.dataset])
    share = (1 - config.validation_share) * (10 - len(config.leave_out)) / 10
    copies = 0 if config.dirt == "none" else 0.5
    return round((images + (PENS if config.pens else 0)) * share * (1 + copies))


def _soiling(config: TrainConfig) -> float:
    """Seconds that it takes to make the soiled copies, a third of all images."""
    return training_images(config) / 3 * SOILING[config.dirt]


def _kind(config: TrainConfig) -> tuple[str, bool]:
    """Runs that are alike enough to tell about each other."""
    return config.network, config.augment


def _work(config: TrainConfig) -> NDArray[np.float64]:
    """What an epoch is made of: its steps, and operations, in thousand millions; lbfgs takes no steps."""
    images = training_images(config)
    steps = 1 if config.network == "logistic" else -(-images // config.batch_size)
    return np.array([steps, images * count_operations(config) / 1e9])


def _seconds(run: Run) -> float:
    assert run.summary
    return run.summary.seconds / run.summary.epochs


def _fit(runs: Sequence[Run]) -> NDArray[np.float64]:
    from scipy.optimize import nnls

    rows = np.array([_work(run.config) / _seconds(run) for run in runs])
    return np.asarray(nnls(rows, np.ones(len(runs)))[0])
