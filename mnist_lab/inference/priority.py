"""Who gets the cores where all want them."""

import os
import threading

import psutil

NICE = 5  # with more, a training gets next to nothing when another program wants all cores


def step_back() -> None:
    """Leave the cores, where they are wanted, to the web process and to those who wait for an answer.

    On Linux that holds for this thread and those that it starts; elsewhere a process has but one priority.
    """
    if psutil.LINUX:
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, max(os.getpriority(os.PRIO_PROCESS, thread), NICE))
    elif psutil.WINDOWS:
        psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS)
    else:
        psutil.Process().nice(max(psutil.Process().nice(), NICE))
