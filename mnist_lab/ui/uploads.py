"""A bound on the files that visitors leave in the server's memory."""

import re
from collections import Counter
from typing import Any

import psutil
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit import config, runtime

from mnist_lab.datasets.arrays import MB
from mnist_lab.errors import ConfigError
from mnist_lab.store.allowances import allowance
from mnist_lab.ui.visitor import COOKIE, is_near

PATH = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+$")
MEMORY_SHARE = 0.25  # of the machine's memory, for the uploads of all visitors together


class UploadLimit:
    """Middleware that refuses what would leave a visitor, or all together, with too many bytes in memory.

    Streamlit keeps what is uploaded as long as its tab is open, whether or not a field asked for it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._visitors: dict[str, str] = {}  # by session
        self._under_way: Counter[str] = Counter()  # bytes by visitor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, an upload over the limits with 413 and the reason."""
        found = PATH.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if not found:
            await self._app(scope, receive, send)
            return
        request, session = Request(scope), found[1]
        visitor, size = request.cookies.get(COOKIE, session), _size(request)
        if problem := self._problem(visitor, size, is_near(request)):
            await PlainTextResponse(problem, 413)(scope, receive, send)
            return
        self._under_way[visitor] += size
        try:
            await self._app(scope, receive, send)
        finally:
            self._under_way[visitor] -= size
            self._under_way += Counter()  # without those at 0
            self._remember(session, visitor)

    def _problem(self, visitor: str, size: int, is_near: bool) -> str | None:
        stored = _stored()
        own = sum(held for session, held in stored.items() if self._visitors.get(session, session) == visitor)
        own += self._under_way[visitor] + size
        every = sum(stored.values()) + self._under_way.total() + size
        try:
            limits = None if is_near else allowance()
        except ConfigError as error:
            return str(error)
        if limits and own > limits.uploads * MB:
            return f"Your uploads take {own / MB:.0f} MB; {limits.uploads} MB are kept at once. Remove some, or reload."
        if every > MEMORY_SHARE * psutil.virtual_memory().total:
            return "The server has no room for more uploads at the moment. Try again in a few minutes."
        return None

    def _remember(self, session: str, visitor: str) -> None:
        """Whose a session's uploads are, as long as there are some."""
        stored = _stored()
        self._visitors[session] = visitor
        self._visitors = {one: who for one, who in self._visitors.items() if one in stored}


def _stored() -> dict[str, int]:
    """The bytes of uploads in memory, by session."""
    files: Any = runtime.get_instance().uploaded_file_mgr
    sessions = [*files.file_storage.items()]
    return {session: sum(len(file.data) for file in [*held.values()]) for session, held in sessions}


def _size(request: Request) -> int:
    """The bytes that an upload says it has, or else the most that it may have."""
    said = request.headers.get("Content-Length", "")
    most = int(config.get_option("server.maxUploadSize")) * 2**20
    return int(said) if said.isascii() and said.isdecimal() else most
