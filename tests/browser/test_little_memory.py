"""On a machine with 1 GB: whoever draws, compares and explores is served, and training is refused with the reason."""

import os
import re
import resource
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Server, answer, at_rest, draw, serving, view

GB = 10**9
GROUPS = Path("/sys/fs/cgroup/memory")
NO_ROOM = re.compile("too little memory here to train")

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def limit() -> Iterator[Callable[[], None]]:
    """What limits a process: it is told that it has 1 GB, and has no more, where the tests may make control groups."""
    own = re.search(r"memory:(.*)", Path("/proc/self/cgroup").read_text())
    group = Path(f"{GROUPS}{own[1]}", f"mnist-lab-{os.getpid()}") if own else GROUPS / "nowhere"
    try:
        group.mkdir()
        (group / "memory.limit_in_bytes").write_text(str(GB))
    except OSError:
        yield lambda: resource.setrlimit(resource.RLIMIT_RSS, (GB, GB))
    else:
        yield lambda: (group / "cgroup.procs").write_text(str(os.getpid()))
        group.rmdir()


@pytest.fixture
def small_server(tmp_path: Path, limit: Callable[[], None]) -> Iterator[Server]:
    with serving(tmp_path, limit, MNIST_LAB_SCHEDULER="", MNIST_LAB_WORKERS="") as server:
        yield server


def test_with_one_gigabyte_all_works_that_takes_no_worker(small_server, open_tab):
    page = open_tab(small_server.url)
    draw(page, 3)
    expect(answer(page)).to_have_text(re.compile(r"^\s*3"))
    page.goto(f"{small_server.url}/compare?runs=small-cnn,dense-128-dropout")
    for name in ("Curves", "Mistakes", "Digits", "Writers", "Confidence", "Cost", "Settings", "Robustness"):
        view(page, name)
        expect(page.get_by_test_id("stException")).to_have_count(0)
    page.get_by_role("button", name=re.compile("^Measure")).click()
    expect(page.get_by_text(NO_ROOM).first).to_be_visible()
    page.goto(f"{small_server.url}/explore")
    expect(at_rest(page).locator("img.pixels").first).to_be_visible()
    page.goto(f"{small_server.url}/lessons?lesson=one-image")
    at_rest(page).locator(".st-key-lesson-options").locator("button").first.click()
    page.get_by_role("button", name="Show the answer").click()
    expect(page.get_by_text("The answer", exact=True)).to_be_visible()
    page.goto(f"{small_server.url}/train")
    expect(page.get_by_text(NO_ROOM).first).to_be_visible()
    expect(at_rest(page).get_by_role("button", name="Train", exact=True)).to_be_disabled()
    (web,) = [small_server.process.pid]
    processes = [psutil.Process(web), *psutil.Process(web).children(recursive=True)]
    assert sum(one.memory_info().rss for one in processes) < GB
