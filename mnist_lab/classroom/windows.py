"""How often somebody did something lately, and against people who try codes."""

import ipaddress
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable

from mnist_lab.errors import LimitReached

MOST_KNOWN = 10_000  # keys of a window
OF_ONE = 10  # wrong codes of one address in a minute: a thumb slips, a child tries a friend's
OF_ALL = 30  # of all addresses together, after which those wait who have typed a wrong one themselves


class Window:
    """Counts what each of many did within the last `seconds`, in the memory of this process."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)
        self._lock = threading.Lock()

    def add(self, key: str) -> int:
        """Once more; how often that makes."""
        with self._lock:
            self._forget()
            self._times[key].append(self._clock())
            return len(self._times[key])

    def count(self, key: str) -> int:
        """How often that key."""
        with self._lock:
            self._forget()
            return len(self._times[key]) if key in self._times else 0

    def total(self) -> int:
        """How often all together."""
        with self._lock:
            self._forget()
            return sum(map(len, self._times.values()))

    def _forget(self) -> None:
        since = self._clock() - self._seconds
        for key, times in [*self._times.items()]:
            while times and times[0] < since:
                times.popleft()
            if not times:
                del self._times[key]
        if len(self._times) > MOST_KNOWN:
            self._times.clear()


class Guesses:
    """Wrong codes, by the address that they came from."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._wrong = Window(60.0, clock)

    def check(self, address: str) -> None:
        """Raises LimitReached where an address may try no code now, be it right or wrong."""
        own = self._wrong.count(_network(address))
        if own >= OF_ONE or (own and self._wrong.total() >= OF_ALL):
            raise LimitReached("Those were many codes. Wait a minute, and look at the wall: it has five letters.")

    def wrong(self, address: str) -> None:
        """That address tried a code that no class has."""
        self._wrong.add(_network(address))


def _network(address: str) -> str:
    """An address, or the network that one household or phone has of the larger ones."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    return str(ipaddress.ip_network((address, 64), strict=False)) if found.version == 6 else address
