"""Native libraries write notes of their own to the standard error, about processors, graphics cards and delegates.

They tell people who train or draw nothing, and the lab's own messages are lost among them.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()


@contextmanager
def quiet() -> Iterator[None]:
    """Whatever this process writes to its standard error meanwhile is lost; exceptions go on as ever.

    A TensorFlow that is loaded meanwhile says nothing later either, unless TF_CPP_MIN_LOG_LEVEL is set to less than 3.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _lock:
        sys.stderr.flush()
        before, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, 2)
        try:
            yield
        finally:
            os.dup2(before, 2)
            os.close(before)
            os.close(nothing)
