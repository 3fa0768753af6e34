"""What a training tells while it goes on: `metrics.jsonl`, one tick a line."""

import json
import threading
from collections.abc import Iterable, Iterator
from itertools import groupby
from math import inf
from typing import NamedTuple

from mnist_lab.config.knobs import knob
from mnist_lab.config.limits import MOST
from mnist_lab.datasets.arrays import MB
from mnist_lab.errors import DAMAGE

SECONDS_BETWEEN_TICKS = 0.25  # while an epoch lasts; its end has a tick of its own
TICKS_AN_EPOCH = 20  # at least, where it has as many steps: the curve of a short training has to show how it learnt
MOST_EPOCHS = int(max(knob(field).bounds[1] for field in ("epochs", "max_iterations")))
MOST_IMAGES = 10**6  # of an epoch, and so steps
MOST_LOSS, FASTEST = 1e300, 1e3
LONGEST_LINE = 1000  # bytes of a tick
MOST_KNOWN = 16  # runs whose ticks are kept in memory
LARGEST_KNOWN = 4 * MB  # of the lines of one run


class Tick(NamedTuple):
    """One line of `metrics.jsonl`.

    `epoch` counts from 1 and `step` from 1 to `steps` within it. Loss and accuracy are means over the epoch so far,
    which are so many `images`; the validation's are there at the end of an epoch only. `seconds` of training, since its
    start. Runs of an earlier lab do not say how many images they are. `new_rate` and `new_dropout` are what somebody
    set the learning rate and the dropout to, from the next step on.
    """

    epoch: int
    step: int
    steps: int
    loss: float
    accuracy: float
    learning_rate: float
    seconds: float
    val_loss: float | None = None
    val_accuracy: float | None = None
    images: int | None = None
    new_rate: float | None = None
    new_dropout: float | None = None

    @property
    def position(self) -> float:
        """How many epochs are behind: 1.5 in the middle of the second."""
        return self.epoch - 1 + self.step / self.steps

    @property
    def ends_epoch(self) -> bool:
        """Whether this is the last tick of its epoch."""
        return self.step == self.steps

    @property
    def can_be(self) -> bool:
        """Whether a training can have written it. Raises TypeError where what it holds are no numbers.

        A loss that is no number ends a training before its tick; that of a validation does not.
        """
        epoch, step, steps, loss, accuracy, rate, seconds, val_loss, val_accuracy, images, new_rate, new_dropout = self
        return (
            type(epoch) is type(step) is type(steps) is int
            and 1 <= epoch <= MOST_EPOCHS
            and 1 <= step <= steps <= MOST_IMAGES
            and (images is None or (type(images) is int and 1 <= images <= MOST_IMAGES))
            and 0 <= loss <= MOST_LOSS
            and 0 <= accuracy <= 1
            and 0 <= rate <= FASTEST
            and 0 <= seconds <= MOST
            and (val_loss is None or 0 <= val_loss <= MOST_LOSS or val_loss == inf or val_loss != val_loss)
            and (val_accuracy is None or 0 <= val_accuracy <= 1)
            and (new_rate is None or within("learning_rate", new_rate))
            and (new_dropout is None or within("dropout", new_dropout))
        )


def within(field: str, number: float) -> bool:
    """Whether a number is one that the setting takes."""
    low, high = knob(field).bounds
    return low <= number <= high


def steps_told(steps: int) -> frozenset[int]:
    """Of an epoch's steps, counted from 1, those after which a tick is due however little time has passed."""
    return frozenset(-(-steps * part // TICKS_AN_EPOCH) for part in range(1, TICKS_AN_EPOCH + 1))


def lines_of(ticks: Iterable[Tick]) -> bytes:
    """Ticks as lines of `metrics.jsonl`."""
    lines = [{key: value for key, value in tick._asdict().items() if value is not None} for tick in ticks]
    return "".join(f"{json.dumps(line)}\n" for line in lines).encode()


def ticks_in(lines: Iterable[bytes]) -> Iterator[Tick]:
    """The ticks in lines of `metrics.jsonl`; a line that is torn, or that no training can have written, is skipped."""
    for line in lines:
        if len(line) > LONGEST_LINE:
            continue
        try:
            tick = Tick(**json.loads(line))
            if tick.can_be:
                yield tick
        except DAMAGE:
            continue


def in_order(ticks: Iterable[Tick]) -> list[Tick]:
    """The ticks without those that a resumed run did again."""
    kept: list[Tick] = []
    for tick in ticks:
        while kept and kept[-1].position >= tick.position:
            kept.pop()
        kept.append(tick)
    return kept


def epochs_in(content: bytes) -> list[Tick]:
    """The ticks in a `metrics.jsonl` that end an epoch; few of the other lines are parsed.

    A resumed run begins with a whole epoch, so the first and the last line of each show what it did twice.
    """
    epochs = (list(lines) for _, lines in groupby(content.splitlines(), lambda line: line.partition(b",")[0]))
    ends = (line for lines in epochs for line in (lines[:1] if len(lines) == 1 else (lines[0], lines[-1])))
    return [tick for tick in in_order(ticks_in(ends)) if tick.ends_epoch]


class KnownTicks:
    """The ticks of the runs that were read last: of a file that has grown, only the new lines are parsed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[bytes, list[Tick]]] = {}  # whole lines and what they say, by run
        self._lock = threading.Lock()

    def of(self, run_id: str, content: bytes) -> list[Tick]:
        """The ticks in the run's `metrics.jsonl`, in order."""
        with self._lock:
            known, ticks = self._known.pop(run_id, (b"", []))
        if not content.startswith(known):
            known, ticks = b"", []
        whole = content[: content.rfind(b"\n") + 1]
        ticks = [*ticks, *ticks_in(whole[len(known) :].splitlines())]
        with self._lock:
            if len(whole) < LARGEST_KNOWN:
                self._known[run_id] = whole, ticks
            while len(self._known) > MOST_KNOWN:
                del self._known[next(iter(self._known))]
        return in_order([*ticks, *ticks_in(content[len(whole) :].splitlines())])
