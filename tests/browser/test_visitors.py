"""Visitors of one server: whose things are whose, and what each may have."""

import pytest
from playwright.sync_api import APIResponse, FilePayload, Page, expect

from mnist_lab.datasets.arrays import MB
from mnist_lab.store.runs import RunStore
from mnist_lab.ui.cookies import EARLIER
from mnist_lab.ui.visitor import COOKIE
from tests.browser.conftest import at_rest, field, open_table, serving, set_field, settled
from tests.browser.test_groups import ask, choose

NOBODY = "tcp://127.0.0.1:9"  # no workers, so what is queued stays there

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """A server with limits."""
    folder = tmp_path_factory.mktemp("runs")
    with serving(folder, MNIST_LAB_LIMITS="runs=2 uploads=3", MNIST_LAB_SCHEDULER=NOBODY) as server:
        yield server


@pytest.fixture(scope="module")
def address(limited):
    """Its address for somebody who does not sit at the server itself."""
    return limited.url.replace("localhost", "127.0.0.2")


def test_a_browser_is_known_by_a_cookie_that_its_scripts_cannot_read(server, open_tab):
    page = at_rest(open_tab(server.url))
    (cookie,) = (cookie for cookie in page.context.cookies() if cookie["name"] == COOKIE)
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert COOKIE not in page.evaluate("document.cookie")
    page.reload()
    (again,) = (cookie for cookie in page.context.cookies() if cookie["name"] == COOKIE)
    assert again["value"] == cookie["value"]


@pytest.mark.slow
def test_who_asks_for_too_much_is_told_so_and_loses_nothing(limited, address, open_tab):
    page = open_tab(f"{address}/train")
    train = page.get_by_role("button", name="Train", exact=True)
    for epochs in (5, 6, 7):
        set_field(page, "Epochs", str(epochs))
        train.click()
        expect(settled(page).get_by_role("button", name="Delete")).to_have_count(min(epochs - 4, 2))
    expect(page.get_by_text("the server takes 2 from each visitor")).to_be_visible()
    expect(field(page, "Epochs")).to_have_value("7")
    other = open_tab(f"{address}/train")
    choose(other, "Grid")
    ask(other, "grid_of_units", "64, 256")
    other.get_by_role("button", name="Train 3 runs").click()
    expect(other.get_by_text("make 3 runs of yours")).to_be_visible()
    expect(settled(other).locator(".st-key-grid_of_units")).to_contain_text("12864256")
    assert len(RunStore(limited.runs, bundled=None).listing().runs) == 2
    at_home = open_tab(f"{limited.url}/train")
    settled(at_home).get_by_role("button", name="Train", exact=True).click()
    expect(at_home.get_by_role("button", name="Delete")).to_have_count(1)


def put(page: Page, url: str, megabytes: float) -> APIResponse:
    """What the server says to a file that no field of the page asks for."""
    (token,) = (cookie["value"] for cookie in page.context.cookies() if cookie["name"] == EARLIER)
    file: FilePayload = {"name": "a.zip", "mimeType": "application/zip", "buffer": bytes(int(megabytes * MB))}
    return page.request.put(url, multipart={"file": file}, headers={"X-Xsrftoken": token})


@pytest.mark.slow
def test_files_that_no_field_asked_for_do_not_pile_up(address, open_tab):
    page = open_table(at_rest(open_tab(f"{address}/compare")))
    page.get_by_role("button", name="Import").click()
    with page.expect_request(lambda request: request.method == "PUT") as asked:
        page.locator("input[type=file]").set_input_files(
            {"name": "a.zip", "mimeType": "application/zip", "buffer": b"x"}
        )
    expect(page.get_by_text("no zip file of runs")).to_be_visible()
    url = asked.value.url
    assert put(page, f"{url}1", 1.5).status == 204
    refused = put(page, f"{url}2", 1.5)
    assert (refused.status, "3 MB are kept at once" in refused.text()) == (413, True)
