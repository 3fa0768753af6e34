"""Write into the ticks of bundled runs how many images they are means over: python -m benchmarks.count_images [RUN…]

Runs of an earlier lab do not say. An epoch of theirs was one pass through the images, batch after batch, the last one
with what is left; so a tick at step s is the mean over s batches. Two of them were trained when Keras still went in
executions of 1,024 images and ran on, at the end of an epoch, to the end of its last execution: the next epoch then
began where that ended, in the middle of a pass, and the tick at the end of an epoch is the mean over more batches than
it has steps. Which rule holds is checked, not believed: a mean accuracy times its images is a whole number.
"""

import sys
from collections.abc import Callable, Sequence

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.mnist import load
from mnist_lab.datasets.splits import split
from mnist_lab.store.runs import BUNDLED, RunStore
from mnist_lab.store.ticks import Tick, lines_of

AT_ONCE = 1024  # images in an execution
SINGLE = 2.0**-23  # the relative distance of two numbers in float32, which means were kept in

Count = Callable[[Tick], int]


def one_pass(images: int, config: TrainConfig) -> Count:
    """How many images are behind a tick where each epoch is one pass."""
    return lambda tick: min(tick.step * config.batch_size, images)


def whole_executions(images: int, config: TrainConfig) -> Count:
    """How many images are behind a tick where each epoch goes on to the end of its last execution."""
    at_once = max(1, AT_ONCE // config.batch_size)

    def count(tick: Tick) -> int:
        taken = -(-tick.steps // at_once) * at_once
        first = (tick.epoch - 1) * taken
        return behind(first + (taken if tick.ends_epoch else tick.step), tick.steps) - behind(first, tick.steps)

    def behind(batches: int, steps: int) -> int:
        return batches // steps * images + min(batches % steps * config.batch_size, images)

    return count


def counted(ticks: Sequence[Tick], config: TrainConfig) -> list[Tick]:
    """The ticks with their images, by the rule that makes whole numbers of right answers. Raises ValueError."""
    images = len(split(load(config.dataset), config).x_train)
    for rule in (one_pass, whole_executions):
        count = rule(images, config)
        found = [tick._replace(images=count(tick)) for tick in ticks]
        if all(map(is_whole, found)):
            print(f"{rule.__name__}, {images:,} images")
            return found
    raise ValueError("there are ticks that are no means by any rule")


def is_whole(tick: Tick) -> bool:
    """Whether the accuracy can be that of so many images: a whole number of right answers, but for rounding."""
    assert tick.images
    right = tick.accuracy * tick.images
    return abs(right - round(right)) <= SINGLE * tick.images


def main(runs: Sequence[str]) -> None:
    """Count the images of these bundled runs, or of all."""
    store = RunStore(BUNDLED, bundled=None)
    for run_id in runs or sorted(store.folder.names()):
        ticks, config = store.metrics(run_id), store.get(run_id).config
        if config.network == "logistic":  # an iteration sees all images
            config = config.model_copy(update={"batch_size": 60_000})
        print(run_id, end=": ")
        store.write(run_id, "metrics.jsonl", lines_of(counted(ticks, config)))


if __name__ == "__main__":
    main(sys.argv[1:])
