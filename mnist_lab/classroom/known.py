"""What this process has worked out about rooms, until they are erased."""

from typing import Any

from mnist_lab.store.rooms import Room

_known: dict[str, tuple[Room, dict[Any, Any]]] = {}  # by the room's folder


def known_of(room: Room) -> dict[Any, Any]:
    """What is known of a room, to look into and to add to."""
    return _known.setdefault(room.url, (room, {}))[1]


def forget_erased() -> None:
    """Drop what is known of rooms that are erased."""
    for url, (room, _) in [*_known.items()]:
        if not room.exists():
            _known.pop(url, None)
