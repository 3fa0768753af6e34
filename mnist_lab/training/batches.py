"""What each epoch shows a network, in which order, made ready a little ahead on a thread of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_lab.config.train_config import TrainConfig
from mnist_lab.datasets.augmentation import augment


class Chunk(NamedTuple):
    """Some batches of one epoch on end: the steps from `first` to before `stop`, counted from 0.

    `images` is uint8 (n, 28, 28) in 0..255, or float32 in [0, 1] where they are augmented; `labels` int32 (n,).
    """

    epoch: int
    first: int
    stop: int
    images: NDArray[Any]
    labels: NDArray[np.int32]


class Batches:
    """The batches of a training. The same seed gives the same order, and the same variants, in each epoch."""

    def __init__(self, images: NDArray[np.uint8], labels: NDArray[np.uint8], config: TrainConfig) -> None:
        self.steps = -(-len(images) // config.batch_size)
        self.dtype = np.float32 if config.augment else np.uint8
        self._images = images
        self._labels = labels.astype(np.int32)
        self._config = config

    def chunks(self, epochs: range, at_once: Callable[[], int]) -> Iterator[Chunk]:
        """All batches of these epochs, counted from 0, as many in a chunk as `at_once` says at the time."""
        with ThreadPoolExecutor(1, thread_name_prefix="batches") as ahead:
            upcoming: Future[Chunk] | None = None
            for epoch in epochs:
                order = np.random.default_rng((self._config.seed, epoch)).permutation(len(self._images))
                first = 0
                while first < self.steps:
                    stop = min(first + at_once(), self.steps)
                    ready, upcoming = upcoming, ahead.submit(self._chunk, epoch, order, first, stop)
                    if ready:
                        yield ready.result()
                    first = stop
            if upcoming:
                yield upcoming.result()

    def _chunk(self, epoch: int, order: NDArray[np.int64], first: int, stop: int) -> Chunk:
        size = self._config.batch_size
        chosen = order[first * size : stop * size]
        images: NDArray[Any] = self._images[chosen]
        if self._config.augment:
            variants = [
                augment(images[at : at + size], np.random.default_rng((self._config.seed, epoch, first + step)))
                for step, at in enumerate(range(0, len(images), size))
            ]
            images = np.concatenate(variants)
        return Chunk(epoch, first, stop, images, self._labels[chosen])
