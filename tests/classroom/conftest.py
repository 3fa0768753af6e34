from typing import TypeVar

import pytest

from mnist_lab.classroom.activities import Activity, activities
from mnist_lab.store.runs import RunStore

Kind = TypeVar("Kind", bound=Activity)


@pytest.fixture
def store(tmp_path):
    """A store with the bundled runs alone."""
    return RunStore(tmp_path)


def shipped(kind: type[Kind], **changes: object) -> Kind:
    """The activity of that kind that comes with the lab, with some of it changed."""
    (found,) = [one for one in activities().values() if isinstance(one, kind)]
    return found.model_copy(update=changes)
