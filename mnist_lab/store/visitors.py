"""Who a browser belongs to: a secret in a cookie that no script can read, and what it says about the owner of things.

A cookie is a random secret. The owner that it identifies is the secret's hash, so what is kept with runs and drawings
does not let anyone act as their owner. An earlier lab knew people by a cookie of Streamlit's that scripts can read; who
comes with it takes along what it owned, once: `.visitors/<earlier owner>` then names the owner that it went to, and the
cookie has the earlier owner behind its secret.
"""

import hashlib
import re
import secrets

from mnist_lab.errors import DAMAGE
from mnist_lab.store.folders import Folder

FOLDER = ".visitors"
SECRET_BYTES = 32
OWNER_LENGTH = 32  # hexadecimal digits
FORM = re.compile(rf"([\w-]{{43}})(?:\.([0-9a-f]{{{OWNER_LENGTH}}}))?", re.ASCII)


class Visitors:
    """The owners that cookies identify, on one store of runs."""

    def __init__(self, root: Folder) -> None:
        self._folder = Folder(f"{root.url}/{FOLDER}")

    def welcome(self, earlier: str | None = None) -> str:
        """A new cookie; with an `earlier` owner's things, where no one has taken them yet. Raises StoreError."""
        secret = secrets.token_urlsafe(SECRET_BYTES)
        if earlier and self._folder.create(earlier, owner_of(secret).encode()):
            return f"{secret}.{earlier}"
        return secret

    def owner(self, cookie: str) -> str | None:
        """The owner that a cookie identifies; None for a text that is no cookie of the lab's."""
        found = FORM.fullmatch(cookie)
        if not found:
            return None
        secret, earlier = found.groups()
        return earlier if earlier and self._went_to(earlier) == owner_of(secret) else owner_of(secret)

    def _went_to(self, earlier: str) -> str:
        try:
            return self._folder.read(earlier, OWNER_LENGTH).decode("ascii")
        except DAMAGE:
            return ""


def owner_of(secret: str) -> str:
    """The owner's name for a secret: 32 hexadecimal digits of its SHA-256."""
    return hashlib.sha256(secret.encode()).hexdigest()[:OWNER_LENGTH]


def file_name(owner: str) -> str:
    """A name for a file of an owner's, whatever text that is."""
    return re.sub(r"[^\w-]", "", owner) or "somebody"


def earlier_owner(cookie: str) -> str:
    """Which owner an earlier lab knew, by Streamlit's cookie `_streamlit_xsrf`."""
    return owner_of(unmasked(cookie))


def unmasked(cookie: str) -> str:
    """The token in Streamlit's cookie "2|mask|masked token|time", which is masked differently on every visit."""
    try:
        _, mask, masked, _ = cookie.strip('"').split("|")
        key, token = bytes.fromhex(mask), bytes.fromhex(masked)
        return bytes(byte ^ key[place % len(key)] for place, byte in enumerate(token)).hex()
    except (ValueError, ZeroDivisionError):
        return cookie
