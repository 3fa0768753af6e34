import pytest

from mnist_lab.store.runs import RunStore


@pytest.fixture
def store(tmp_path):
    """A store with the bundled runs alone."""
    return RunStore(tmp_path)
