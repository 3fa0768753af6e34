"""The same browser is the same person, by a secret that nobody else has."""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from http.cookies import SimpleCookie

import pytest
from starlette.requests import Request
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from mnist_lab.store.folders import Folder
from mnist_lab.store.own_drawings import OwnSet
from mnist_lab.store.visitors import Visitors, earlier_owner, owner_of, unmasked
from mnist_lab.ui import resources
from mnist_lab.ui.cookies import EARLIER, VisitorCookie
from mnist_lab.ui.visitor import COOKIE, is_near
from tests.drawings import draw


def test_a_cookie_is_the_same_person_however_it_is_masked():
    cookies = [generate_xsrf_token_string(token, 1_700_000_000) for token in (b"a" * 16, b"a" * 16, b"b" * 16)]
    assert len({*cookies}) == 3
    assert unmasked(cookies[0]) == unmasked(cookies[1]) == (b"a" * 16).hex()
    assert unmasked(cookies[2]) != unmasked(cookies[0])


@pytest.mark.parametrize("cookie", ["", "abc", "2|x|y|z", "2||00|1", "a|b"])
def test_a_cookie_of_another_kind_is_taken_as_it_is(cookie):
    assert unmasked(cookie) == cookie


def test_a_cookie_is_one_owner_and_its_owners_name_is_none(tmp_path):
    visitors = Visitors(Folder(tmp_path))
    first, second = visitors.welcome(), visitors.welcome()
    assert Visitors(Folder(tmp_path)).owner(first) == visitors.owner(first) != visitors.owner(second)
    assert visitors.owner(visitors.owner(first)) is None


def test_what_somebody_owned_before_goes_to_one_cookie_alone(tmp_path):
    visitors, earlier = Visitors(Folder(tmp_path)), owner_of("earlier")
    first, second = visitors.welcome(earlier), visitors.welcome(earlier)
    assert visitors.owner(first) == earlier
    assert visitors.owner(second) not in (earlier, None)
    forged = f"{second}.{earlier}"
    assert visitors.owner(forged) == visitors.owner(second)
    assert Visitors(Folder(tmp_path / "another store")).owner(first) == owner_of(first.partition(".")[0])


@pytest.mark.parametrize("cookie", ["", "x", "a" * 42, "a" * 44, "a" * 43 + ".", "a" * 43 + "." + "A" * 32, "ä" * 43])
def test_other_texts_are_no_cookie(tmp_path, cookie):
    assert Visitors(Folder(tmp_path)).owner(cookie) is None


def asked_for(accept="text/html", scheme="http", method="GET", cookies=""):
    """The cookie that an answer to a request sets, if it sets one."""

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    sent = []

    async def send(message):
        sent.append(message)

    headers = [(b"accept", accept.encode()), (b"cookie", cookies.encode())]
    scope = {"type": "http", "method": method, "scheme": scheme, "path": "/", "headers": headers, "query_string": b""}
    with ThreadPoolExecutor(1) as aside:  # where no browser's loop runs
        aside.submit(asyncio.run, VisitorCookie(app)(scope, None, send)).result()
    cookie = SimpleCookie()
    for name, value in sent[0]["headers"]:
        if name == b"set-cookie":
            cookie.load(value.decode())
    return cookie.get(COOKIE)


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_LAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("MNIST_LAB_MINE", str(tmp_path / "mine"))
    for cached in (resources.store, resources.trash):
        cached.cache_clear()
    yield resources.store()
    for cached in (resources.store, resources.trash):
        cached.cache_clear()


def test_a_page_comes_with_a_cookie_that_scripts_cannot_read(store):
    cookie = asked_for()
    assert cookie["httponly"]
    assert (cookie["samesite"].lower(), cookie["path"], cookie["secure"]) == ("lax", "/", "")
    assert asked_for(scheme="https")["secure"]
    assert asked_for(cookies=f"{COOKIE}={cookie.value}").value == cookie.value
    assert asked_for(cookies=f"{COOKIE}=mine").value not in ("mine", cookie.value)
    assert asked_for(accept="*/*") is None
    assert asked_for(method="POST") is None


def test_who_owned_something_before_keeps_it(store):
    token = generate_xsrf_token_string(b"a" * 16, 1_700_000_000)
    before = earlier_owner(token)
    assert Visitors(store.folder).owner(asked_for(cookies=f"{EARLIER}={token}").value) != before  # it owned nothing
    picture = io.BytesIO()
    draw(1).save(picture, "PNG")
    OwnSet.default(before).add(1, picture.getvalue())
    taken, late = (asked_for(cookies=f"{EARLIER}={token}").value for _ in range(2))
    assert Visitors(store.folder).owner(taken) == before
    assert Visitors(store.folder).owner(late) != before


@pytest.mark.parametrize(
    ("client", "headers", "expected"),
    [
        ("127.0.0.1", {}, True),
        ("::1", {"host": "[::1]:8501"}, True),
        ("127.0.0.1", {"host": "lab.school.org"}, False),
        ("127.0.0.1", {"x-forwarded-for": "203.0.113.7"}, False),
        ("127.0.0.1", {"forwarded": "for=203.0.113.7"}, False),
        ("127.0.0.1", {"host": "[::1"}, False),
        ("192.0.2.1", {}, False),
        ("192.0.2.1", {"host": "192.0.2.7:8501"}, False),
    ],
)
def test_near_is_who_sits_at_the_server(client, headers, expected):
    sent = [(name.encode(), value.encode()) for name, value in ({"host": "localhost:8501"} | headers).items()]
    assert is_near(Request({"type": "http", "client": (client, 50_000), "headers": sent})) is expected
