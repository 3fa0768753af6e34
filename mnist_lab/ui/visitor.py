"""Who is here."""

import uuid
from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

import streamlit as st
from starlette.requests import HTTPConnection

from mnist_lab.store.visitors import Visitors, owner_of
from mnist_lab.ui import resources

COOKIE = "mnist_lab_visitor"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")


def visitor() -> str:
    """Who this is: the same browser is the same person, as long as its cookies last; never shown to anyone."""
    known = _owner(st.context.cookies.get(COOKIE, ""))
    return known or owner_of(st.session_state.setdefault("owner", uuid.uuid4().hex))


@lru_cache(maxsize=1000)
def _owner(cookie: str) -> str | None:
    return Visitors(resources.store().folder).owner(cookie)


def is_mine(owner: str | None) -> bool:
    """Whether what that owner asked for is the visitor's; what has no owner belongs to everyone."""
    return owner in (None, visitor())


def may_stop(owner: str | None) -> bool:
    """Whether the visitor may end what is under way: its owner, and anyone at the server's own machine."""
    return is_mine(owner) or is_at_home()


def is_at_home() -> bool:
    """Whether this browser runs on the server's own machine."""
    return _is_near(st.context.ip_address, st.context.headers)


def is_near(request: HTTPConnection) -> bool:
    """Whether a request comes from the server's own machine."""
    return _is_near(request.client and request.client.host, request.headers)


def _is_near(client: str | None, headers: Mapping[str, str]) -> bool:
    """Whether the address of the other end, and the one that it asked for, are this machine's, with no proxy between.

    Streamlit says None for the address of this machine, and has no headers where there is no browser.
    """
    try:
        host = urlsplit(f"//{headers.get('Host', 'localhost')}").hostname
    except ValueError:  # no address at all
        return False
    is_here = client in (None, "127.0.0.1", "::1") and host in LOCAL_HOSTS
    return is_here and not any(name in headers for name in FORWARDED)
