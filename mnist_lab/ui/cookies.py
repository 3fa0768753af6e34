"""The cookie by which a browser is known: given with the first page that it asks for."""

import asyncio
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mnist_lab.lessons.library import library
from mnist_lab.store.bets import Bets
from mnist_lab.store.own_drawings import OwnSet
from mnist_lab.store.visitors import Visitors, earlier_owner
from mnist_lab.ui import resources
from mnist_lab.ui.visitor import COOKIE

EARLIER = "_streamlit_xsrf"  # the cookie by which an earlier lab knew people; scripts have to read it
MAX_AGE = 400 * 86_400  # seconds: browsers keep no cookie longer


class VisitorCookie:
    """Middleware that gives each browser a secret that no script can read. Over TLS it travels encrypted only."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; one for a page gets the cookie, each time again, so that it does not expire."""
        if not _is_for_a_page(scope):
            await self._app(scope, receive, send)
            return
        cookie = await asyncio.to_thread(_cookie_for, Request(scope).cookies)
        head = Response()
        head.set_cookie(COOKIE, cookie, MAX_AGE, httponly=True, samesite="lax", secure=scope["scheme"] == "https")

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).append("Set-Cookie", head.headers["Set-Cookie"])
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def _is_for_a_page(scope: Scope) -> bool:
    is_get = scope["type"] == "http" and scope["method"] == "GET"
    return is_get and "text/html" in Request(scope).headers.get("Accept", "")


def _cookie_for(cookies: Mapping[str, str]) -> str:
    """The cookie that a browser has, or a new one."""
    visitors = Visitors(resources.store().folder)
    if visitors.owner(cookies.get(COOKIE, "")):
        return cookies[COOKIE]
    earlier = earlier_owner(cookies.get(EARLIER, ""))
    return visitors.welcome(earlier if _owns_something(earlier) else None)


def _owns_something(owner: str) -> bool:
    runs = [*resources.listing().runs, *resources.trash().runs()]
    bets = (Bets(resources.store().folder, lesson) for lesson in library().lessons)
    return (
        any(run.asked.owner == owner for run in runs)
        or bool(OwnSet.default(owner).ids())
        or any(one.of(owner) is not None for one in bets)
    )
