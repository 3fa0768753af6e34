"""Questions about runs, which workers answer while they train."""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TYPE_CHECKING

from mnist_lab.engine.workers import ask
from mnist_lab.errors import ClusterLost, MnistLabError

if TYPE_CHECKING:
    from distributed import Client

    from mnist_lab.exploring.questions import Question

QUESTIONS_AT_ONCE = 4


class Asking:
    """Has workers answer questions about the runs of a store, a few at once."""

    def __init__(self, store_url: str, connect: "Callable[[], Client]") -> None:
        self._store_url = store_url
        self._connect = connect
        self._room = threading.BoundedSemaphore(QUESTIONS_AT_ONCE)

    def ask(self, question: "Question") -> "Future[bytes]":
        """As Engine.ask."""
        answer: Future[bytes] = Future()
        threading.Thread(target=self._ask, args=(question, answer), name="engine-asks", daemon=True).start()
        return answer

    def _ask(self, question: "Question", answer: "Future[bytes]") -> None:
        with self._room:
            answer.set_running_or_notify_cancel()
            try:
                answer.set_result(ask(self._connect(), self._store_url, question))
            except (MnistLabError, OSError) as error:
                answer.set_exception(error)
            except RuntimeError as error:  # the engine was closed meanwhile
                answer.set_exception(ClusterLost(str(error)))
