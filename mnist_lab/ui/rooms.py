"""Classes for both of their pages: the rooms on this server's store, and what is asked of them over HTTP.

Phones and walls ask over HTTP and not by Streamlit's runs: thirty phones are then thirty small requests a second or
two, and a phone whose network fails sends again what it has kept.
"""

import logging
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

import anyio
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from mnist_lab.classroom import board, known
from mnist_lab.errors import LimitReached, MnistLabError, RoomError, StoreError, UnknownRoom
from mnist_lab.store import class_digits
from mnist_lab.store.rooms import MOST_BYTES, Room, Rooms
from mnist_lab.store.runs import RunStore
from mnist_lab.store.trash import Trash
from mnist_lab.store.visitors import Visitors
from mnist_lab.ui import resources
from mnist_lab.ui.visitor import COOKIE, visitor

log = logging.getLogger(__name__)

BETWEEN_LOOKS = 3.0  # seconds from one look for rooms that another process erased to the next
LOOKS_TO_A_SWEEP = 200
THREADS, REMOTE_THREADS = 2, 30  # that answer
CROWD = 4  # requests that wait
STATUSES = {UnknownRoom: 404, LimitReached: 429, RoomError: 409, StoreError: 503}
NO_COOKIES = "Your browser keeps no cookies, by which the class knows you again. Allow them for this page, and reload."


class Asked(NamedTuple):
    """A request: the code in its address, whose it is, from where it came, what it says."""

    code: str
    owner: str
    address: str
    query: Mapping[str, str]
    body: bytes


@lru_cache(maxsize=1)
def rooms() -> Rooms:
    """The rooms on this server's store; from then on, those that nobody uses are erased."""
    store, trash = resources.store(), resources.trash()
    found = Rooms(store.folder)
    threading.Thread(target=_keep_clean, args=(found, store, trash), name="rooms", daemon=True).start()
    return found


class OwnClass(NamedTuple):
    """The class that a visitor leads: its room, and how many digits how many people have drawn there."""

    room: Room
    several: int
    people: int


def own_class() -> OwnClass | None:
    """The class that the visitor of a page leads, the last one opened; None where none of theirs has drawn anything."""
    room = rooms().led_by(visitor())
    found = room and OwnClass(room, *board.how_many(room))
    return found if found and found.several else None


def erase(code: str) -> None:
    """Leave nothing of a room, on disk and in memory."""
    rooms().erase(code)
    _forget_erased(resources.store(), resources.trash())


def _forget_erased(store: RunStore, trash: Trash) -> None:
    known.forget_erased()
    class_digits.forget_erased(store, trash)


def led(asked: Asked) -> Room:
    """The room that was asked for, for who leads it. Raises UnknownRoom for everybody else."""
    with suppress(UnknownRoom):
        room = rooms().room(asked.code)
        if room.is_led_by(asked.owner):
            room.sign()
            return room
    raise UnknownRoom("This class is over, or it is not yours to lead.")  # which of the two is told to nobody


def endpoint(answer: Callable[[Asked], Any]) -> Callable[[Request], Awaitable[Response]]:
    """What Starlette calls: `answer` says what there is as JSON, or a response; an error becomes its message."""

    async def respond(request: Request) -> Response:
        content = b""
        async for chunk in request.stream():
            content += chunk
            if len(content) > MOST_BYTES:
                return JSONResponse({"message": "That is too much for a drawing."}, 413)
        return await anyio.to_thread.run_sync(_respond, answer, request, content, limiter=_at_once())

    return respond


@lru_cache(maxsize=1)
def _at_once() -> anyio.CapacityLimiter:
    """So many threads work for phones and walls: more share one interpreter, and all of them get done later.

    Where the store is far away, they wait for it rather than work.
    """
    return anyio.CapacityLimiter(THREADS if resources.store().folder.is_local else REMOTE_THREADS)


def is_crowded() -> bool:
    """Whether so many wait for an answer that what need not be done at once should be left out."""
    return bool(_at_once().statistics().tasks_waiting > CROWD)


def _respond(answer: Callable[[Asked], Any], request: Request, content: bytes) -> Response:
    owner = Visitors(resources.store().folder).owner(request.cookies.get(COOKIE, ""))
    if owner is None:
        return JSONResponse({"message": NO_COOKIES}, 403)
    address = request.client.host if request.client else ""
    asked = Asked(request.path_params.get("code", ""), owner, address, request.query_params, content)
    try:
        found = answer(asked)
    except ValidationError:
        return JSONResponse({"message": "No page of the lab sends that."}, 400)
    except MnistLabError as error:
        status = next((status for kind, status in STATUSES.items() if isinstance(error, kind)), 500)
        return JSONResponse({"message": str(error)}, status)
    return found if isinstance(found, Response) else JSONResponse(found, headers={"Cache-Control": "no-store"})


def _keep_clean(found: Rooms, store: RunStore, trash: Trash) -> None:
    looks = 0
    while True:
        try:
            if looks % LOOKS_TO_A_SWEEP == 0:
                found.sweep()
            _forget_erased(store, trash)
        except (MnistLabError, OSError) as error:
            log.warning("The rooms cannot be looked after: %s", error)
        looks += 1
        time.sleep(BETWEEN_LOOKS)
