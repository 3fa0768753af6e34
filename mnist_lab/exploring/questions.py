"""What can be asked of a worker about a run, and where the answers are kept."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, NamedTuple

import numpy as np

from mnist_lab.errors import LimitReached, RunError, StoreError
from mnist_lab.exploring import findings
from mnist_lab.exploring.findings import Dreams, Finding, FindingT, GradientNorms, Robustness, Sweep, Why
from mnist_lab.images.preprocessing import SIDE, FloatImage
from mnist_lab.store import explored
from mnist_lab.store.runs import RunStore

KINDS: dict[type[Finding], str] = {
    Why: "why",
    Dreams: "dreams",
    GradientNorms: "gradient-norms",
    Sweep: "sweep",
    Robustness: "robustness",
}
KIND_OF: dict[str, Any] = {name: kind for kind, name in KINDS.items()}
REMEMBERED = 256  # answers in memory


Detail = int | float | str | bool


class Question(NamedTuple):
    """What is asked about a run: the kind of finding, what more it takes, and the image it is about, if it is.

    `image` is the bytes of a float32 (28, 28) in [0, 1], ink bright.
    """

    kind: str
    run: str
    details: tuple[Detail, ...] = ()
    image: bytes = b""

    @property
    def name(self) -> str:
        """A name of its own, such as "dreams-1f0c6a2be9d3"."""
        return f"{self.kind}-{hashlib.sha256(repr(self).encode()).hexdigest()[:12]}"

    @property
    def pixels(self) -> FloatImage:
        return np.frombuffer(self.image, np.float32).reshape(SIDE, SIDE)


Ask = Callable[[Question], "Future[bytes]"]


class Answers:
    """Asks workers, each question once. Answers about a run alone are kept in its folder, the rest in memory."""

    def __init__(self, store: RunStore, ask: Ask) -> None:
        self._store = store
        self._ask = ask
        self._asked: OrderedDict[Question, Future[bytes]] = OrderedDict()
        self._waiting: dict[str, list[Future[bytes]]] = {}  # by asker
        self._lock = threading.Lock()

    def ask(self, question: Question, asker: str = "", most: int | None = None) -> "Future[bytes]":
        """The answer, now or soon; `read` makes a finding of it. One that failed is asked again.

        Raises LimitReached where a worker would have to be asked, and `most` questions of the asker's wait already.
        """
        with self._lock:
            known = self._asked.get(question)
            if known and not (known.done() and known.exception()):
                self._asked.move_to_end(question)
                return known
            answer = self._asked[question] = self._kept(question) or self._begin(question, asker, most)
            while len(self._asked) > REMEMBERED:
                self._asked.popitem(last=False)
            return answer

    def knows(self, question: Question) -> bool:
        """Whether the question was asked before."""
        return question in self._asked or self._kept(question) is not None

    def _begin(self, question: Question, asker: str, most: int | None) -> "Future[bytes]":
        unanswered = {one: [wait for wait in own if not wait.done()] for one, own in self._waiting.items()}
        self._waiting = {one: own for one, own in unanswered.items() if own}
        own = self._waiting.setdefault(asker, [])
        if most is not None and len(own) >= most:
            raise LimitReached(f"{len(own)} of your questions wait for a worker. Try again once they are answered.")
        answer = self._ask(question)
        own.append(answer)
        if not question.image:
            answer.add_done_callback(lambda done: self._keep(question, done))
        return answer

    def _kept(self, question: Question) -> "Future[bytes] | None":
        if question.image:
            return None
        try:
            content = self._store.folder.read(self._path(question))
            findings.from_bytes(KIND_OF[question.kind], content)
        except (OSError, RunError):  # there is none, or a damaged one, and it is asked again
            return None
        answer: Future[bytes] = Future()
        answer.set_result(content)
        return answer

    def _keep(self, question: Question, answer: "Future[bytes]") -> None:
        if answer.cancelled() or answer.exception():
            return
        try:
            self._store.folder.write(self._path(question), answer.result())
        except StoreError:  # then it is known as long as this process lives
            return

    def _path(self, question: Question) -> str:
        return explored.with_run(self._store.folder, question.run, f"{question.name}.npz")


def asked(kind: type[Finding], run: str, *details: Detail, image: FloatImage | None = None) -> Question:
    """The question for a finding of that kind."""
    return Question(KINDS[kind], run, details, b"" if image is None else image.astype(np.float32).tobytes())


def read(kind: type[FindingT], answer: "Future[bytes]") -> FindingT:
    """The finding in an answer that is there. Raises what kept the worker from giving one."""
    return findings.from_bytes(kind, answer.result())
