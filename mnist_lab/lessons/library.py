"""The lessons that come with the lab, and a teacher's own."""

import os
import re
from pathlib import Path
from typing import NamedTuple

from mnist_lab.errors import LessonError
from mnist_lab.lessons.lesson import Lesson, read

SHIPPED = Path(__file__).parent / "shipped"


class Library(NamedTuple):
    """The lessons by id, in their order, and for each file that cannot be used, why."""

    lessons: dict[str, Lesson]
    problems: dict[str, str]


def library() -> Library:
    """The lab's lessons, and behind them those in the folder `MNIST_LAB_LESSONS`; see `gather`."""
    own = os.environ.get("MNIST_LAB_LESSONS")
    return gather([SHIPPED, *([Path(own).expanduser()] if own else [])])


def gather(folders: list[Path]) -> Library:
    """The lessons in these folders, sorted by the names of their files.

    A file with the name of an earlier folder's, but for a number ahead, takes its place. A broken file is named among
    the problems and hides no other.
    """
    lessons: dict[str, Lesson] = {}
    problems: dict[str, str] = {}
    for folder in folders:
        if not folder.is_dir():
            problems[str(folder)] = "there is no such folder. Create it, or set MNIST_LAB_LESSONS to another one."
        for path in sorted(folder.glob("*.toml")):
            lesson_id = identifier(path)
            try:
                lessons[lesson_id] = read(path.read_text("utf-8"), lesson_id)
            except LessonError as error:
                problems[path.name] = str(error)
            except (OSError, UnicodeDecodeError) as error:
                problems[path.name] = f"it cannot be read ({error})."
    return Library(lessons, problems)


def identifier(path: Path) -> str:
    """What a lesson is called in an address: its file's name without its leading number, as lower-case words."""
    name = re.sub(r"^\d+[-_ ]*", "", path.stem) or path.stem
    return re.sub(r"[^\w]+", "-", name.lower()).strip("-") or "lesson"
