"""How much memory there is, as its limits say, and where it is too little for a worker."""

import psutil
import pytest

from mnist_lab.config import recipes
from mnist_lab.engine import cluster, memory
from mnist_lab.engine.admission import check_memory
from mnist_lab.engine.engine import Engine
from mnist_lab.errors import ConfigError
from mnist_lab.store.runs import RunStore
from tests.conftest import wait_until

GB = 1_000_000_000


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Makes a file of a process's control groups, and those groups with their limits."""
    roots = {"": (str(tmp_path / "v2"), "memory.max"), "memory": (str(tmp_path / "v1"), "memory.limit_in_bytes")}
    monkeypatch.setattr(memory, "CGROUPS", roots)

    def made(lines, **limits):
        for path, limit in limits.items():
            version, _, group = path.partition("_")
            root, name = roots["" if version == "v2" else "memory"]
            folder = tmp_path.joinpath(root, *group.split("_"))
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(str(limit))
        own = tmp_path / "cgroup"
        own.write_text(lines)
        return own

    return made


def test_the_least_limit_of_the_own_groups_and_those_above_counts(groups):
    whole = memory.memory_here(groups("3:cpu,cpuacct:/a\n0::/lab.slice/lab\n"))
    assert whole <= psutil.virtual_memory().total
    own = groups("0::/lab/web\n", v2_lab=700_000_000, v2_lab_web="max")
    assert memory.memory_here(own) == 700_000_000
    old = groups("5:memory:/docker/abc\n1:cpu:/\n", v1_docker_abc=600_000_000, v1_docker=2**63 - 4096)
    assert memory.memory_here(old) == 600_000_000
    assert memory.memory_here(groups("").with_name("nowhere")) == whole


@pytest.mark.parametrize(
    ("here", "workers", "each"), [(1, 1, 0.5), (2.7, 1, 2.16), (4, 2, 1.6), (16, 2, 6.4), (0.3, 1, 0.0)]
)
def test_workers_share_what_the_lab_itself_leaves(here, workers, each, monkeypatch):
    monkeypatch.setattr(memory, "memory_here", lambda: int(here * GB))
    monkeypatch.setattr(psutil.Process, "cpu_affinity", lambda process: [0, 1])
    given = cluster.settings({})
    assert (given.workers, given.memory) == (workers, pytest.approx(each * GB))


def test_a_small_machine_has_room_for_every_recipe_and_a_tiny_one_for_none(monkeypatch):
    monkeypatch.delenv("MNIST_LAB_WORKERS", raising=False)
    configs = [recipe.config for recipe in recipes.RECIPES.values()]
    check_memory(configs, 2_160_000_000)
    check_memory([], 500_000_000)  # what is there already needs no worker
    with pytest.raises(ConfigError, match=r"takes 900 MB beside the lab itself, and has 500 MB.*use a machine"):
        check_memory([configs[0]], 500_000_000)


def test_where_there_is_no_room_no_worker_is_started_and_the_engine_says_why(tmp_path, monkeypatch):
    monkeypatch.delenv("MNIST_LAB_SCHEDULER", raising=False)
    monkeypatch.setenv("MNIST_LAB_MEMORY", "500MB")
    before = len(psutil.Process().children(recursive=True))
    engine = Engine(RunStore(tmp_path / "runs", bundled=None))
    try:
        wait_until(lambda: engine.problem)
        assert "has 500 MB" in engine.problem
        assert "change MNIST_LAB_MEMORY" in engine.problem
        assert len(psutil.Process().children(recursive=True)) <= before
    finally:
        engine.close()
