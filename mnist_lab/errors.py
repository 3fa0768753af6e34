"""Every error that the lab raises on purpose; the message is written for the person who reads it.

MnistLabError
├── ArchiveError         a zip file that is no run, or may not be taken in
├── ClusterLost          no worker is there to train
├── ConfigError          a value out of bounds, an unknown setting
│   └── UnknownRecipe
├── DatasetError         data that is not what it says, or not where it should be
├── ImageError           a file that is no image
├── LessonError          a lesson's file that cannot be used
├── LimitReached         a visitor asks for more than the server takes from one
├── RoomError            what a class does not take
│   └── UnknownRoom
├── RunError             one run cannot be read or used
│   ├── UnknownRun
│   └── Superseded
├── StoreError           the folder of runs, or a file that was asked for, cannot be read or written
├── TooFewRuns           runs that say nothing about the settings
└── TrainingError        a training that cannot go on
    └── Diverged
"""

import errno
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

DAMAGE = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError, SyntaxError),
    *(TypeError, ValueError, struct.error, tokenize.TokenError, zipfile.BadZipFile, zlib.error),
)
"""What Python and its libraries raise for a file that is damaged, torn, another one, nested too deep, or made to harm.

Every reader turns these, all of them, into an error of the lab, or goes on without what it could not read.
"""


def demand(condition: Any, reason: str) -> None:
    """For a reader of what may be damaged: raises ValueError, with the reason, unless the condition holds."""
    if not condition:
        raise ValueError(reason)


class MnistLabError(Exception):
    """Base of every error the lab raises on purpose."""


class ArchiveError(MnistLabError):
    """A zip file that cannot be taken in as runs."""


class ClusterLost(MnistLabError):
    """The scheduler of the training workers does not answer."""


class ConfigError(MnistLabError):
    """A setting is unknown, out of its bounds, or excluded by the others; `problems` has why, by field."""

    def __init__(self, message: str, problems: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.problems = dict(problems or {})


class UnknownRecipe(ConfigError):
    """No recipe has this name."""


class DatasetError(MnistLabError):
    """A data file exists but cannot be used."""


class ImageError(MnistLabError):
    """A file or an array that cannot be read as an image."""


class LessonError(MnistLabError):
    """A lesson's file that cannot be used."""


class LimitReached(MnistLabError):
    """A visitor asks for more than the server takes from each of them."""


class RoomError(MnistLabError):
    """What somebody asks of a class, and what it does not take from them, or not now."""


class UnknownRoom(RoomError):
    """No class has this code, or has it any longer."""


class RunError(MnistLabError):
    """A run's folder is damaged or incomplete."""


class UnknownRun(RunError):
    """No run has this id."""


class Superseded(RunError):
    """Another worker has taken the run over."""


class StoreError(MnistLabError):
    """The folder of runs, or a file that was asked for, cannot be read or written."""


class TooFewRuns(MnistLabError):
    """The runs are too few, or too much alike, to say what a setting does."""


class TrainingError(MnistLabError):
    """A training that cannot go on."""


TOO_LARGE = "the steps were too large"  # in what every Diverged says


class Diverged(TrainingError):
    """The loss is no longer a number."""


def reason_of(error: BaseException) -> str:
    """Why a run failed, or a question has no answer, in a sentence for the person who asked for it."""
    if isinstance(error, MnistLabError):
        return str(error)
    if isinstance(error, MemoryError):
        return "The machine ran out of memory. Try smaller layers or a smaller batch."
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "The disk is full; free some space and train again."
    if isinstance(error, KeyboardInterrupt):
        return "Interrupted."
    return f"{type(error).__name__}: {error}"
