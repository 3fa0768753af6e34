"""Files are written whole or not at all."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mnist_lab.errors import StoreError
from mnist_lab.store.folders import Folder

ROOT = Path(__file__).parents[2]
WRITE_BEYOND_A_LIMIT = """
import resource, sys
from mnist_lab.errors import StoreError
from mnist_lab.store.folders import Folder
resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))
try:
    Folder(sys.argv[1]).write("run/model", b"new" * 10_000)
except StoreError as error:
    print("refused:", error)
"""


@pytest.fixture(params=["local", "memory"])
def folder(request, tmp_path):
    folder = Folder(tmp_path / "files" if request.param == "local" else f"memory://{tmp_path.name}")
    yield folder
    folder.delete("")


def test_what_is_written_is_read(folder):
    folder.write("run/status.json", b"one")
    folder.write("run/status.json", b"two")
    assert folder.read("run/status.json") == b"two"
    assert folder.size("run/status.json") == 3
    assert folder.names() == ["run"]


def test_nothing_there_is_no_error_but_reading_it_is(folder):
    assert folder.names() == []
    assert not folder.exists("run")
    folder.delete("run")
    with pytest.raises(FileNotFoundError):
        folder.read("run/status.json")


def test_lines_are_appended(folder):
    folder.write("run/config.json", b"")
    for line in (b"one\n", b"two\n"):
        folder.append("run/metrics.jsonl", line)
    assert folder.read("run/metrics.jsonl") == b"one\ntwo\n"


def test_names_are_sorted_and_leave_out_hidden_ones(folder):
    for name in ("b/x", "a/x", ".engines/x"):
        folder.write(name, b"")
    assert folder.names() == ["a", "b"]


def test_a_folder_is_deleted_with_all_in_it(folder):
    folder.write("run/checkpoint/weights", b"w")
    folder.delete("run")
    assert not folder.exists("run/checkpoint/weights")
    assert folder.names() == []


def test_a_folder_is_published_with_all_its_files(folder):
    folder.publish({"config.json": b"c", "status.json": b"s"}, "run")
    assert folder.names() == ["run"]
    assert (folder.read("run/config.json"), folder.read("run/status.json")) == (b"c", b"s")


@pytest.mark.parametrize("name", ["annotations", "trash", "studies", "bets", "explored", "engines"])
def test_what_is_published_replaces_nothing_whatever_its_name(folder, name):
    folder.write(f".{name}/everybodys", b"1")
    folder.publish({"config.json": b"c"}, name)
    assert folder.read(f".{name}/everybodys") == b"1"
    assert folder.read(f"{name}/config.json") == b"c"


def test_a_name_that_is_taken_is_published_over_by_nobody(tmp_path):
    folder = Folder(tmp_path)
    folder.publish({"config.json": b"first"}, "run")
    with pytest.raises(StoreError):
        folder.publish({"config.json": b"second"}, "run")
    assert folder.read("run/config.json") == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_a_file_is_created_once(folder):
    folder.write("run/config.json", b"")
    assert folder.create("run/adopted")
    assert not folder.create("run/adopted")


def test_of_many_callers_only_one_creates(tmp_path):
    folder = Folder(tmp_path)
    start = threading.Barrier(16)

    def create(_):
        start.wait()
        return folder.create("adopted")

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(create, range(16))) == 1


def test_a_reader_never_sees_half_a_file(tmp_path):
    folder = Folder(tmp_path)
    contents = {b"a" * 300_000, b"b" * 200_000}
    folder.write("file", b"a" * 300_000)
    seen = set()

    def write():
        for _ in range(100):
            for content in contents:
                folder.write("file", content)

    with ThreadPoolExecutor(1) as pool:
        writer = pool.submit(write)
        while not writer.done():
            seen.add(folder.read("file"))
    assert writer.exception() is None
    assert seen == contents


def test_a_write_that_fails_half_way_leaves_the_old_file(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "model").write_bytes(b"old")
    command = [sys.executable, "-c", WRITE_BEYOND_A_LIMIT, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "refused: The folder" in done.stdout
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["model"]
    assert (tmp_path / "run" / "model").read_bytes() == b"old"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has /dev/full")
def test_a_full_disk_is_told_as_such(tmp_path):
    (tmp_path / "metrics.jsonl").symlink_to("/dev/full")
    with pytest.raises(StoreError, match="the disk is full"):
        Folder(tmp_path).append("metrics.jsonl", b"line\n")


def test_a_file_in_the_folders_place_is_told(tmp_path):
    (tmp_path / "runs").write_bytes(b"")
    with pytest.raises(StoreError, match="it is not a folder; choose another one with MNIST_LAB_RUNS"):
        Folder(tmp_path / "runs").write("run/config.json", b"")


def test_a_file_that_is_gone_while_a_folder_is_read_hides_no_other(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "kept").write_text("here")
    (tmp_path / "notes" / "gone").symlink_to(tmp_path / "nowhere")
    assert [*Folder(tmp_path).stamps("notes")] == ["kept"]


def test_who_interrupts_while_something_is_looked_for_is_heard(folder, monkeypatch):
    folder.write("there", b"x")

    def interrupted(path, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(folder._fs, "info", interrupted)
    with pytest.raises(KeyboardInterrupt):
        folder.exists("there")
