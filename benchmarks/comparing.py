"""How long the server takes to compare ten runs: python -m benchmarks.comparing [--repeat N]

The whole Compare page for a client that only counts messages, with ten of the runs that come with the lab picked, of
which each answered MNIST's 10,000 test images. The first time reads what the others find in memory; of those, the
median. Processor time tells what the server takes where other work goes on beside it.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlencode

import psutil
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import Subprotocol
from websockets.sync.client import connect

from benchmarks.browsing import Server, server
from mnist_lab.store.runs import BUNDLED, RunStore

VIEWS = ("Curves", "Mistakes", "Digits", "Writers", "Robustness", "Confidence", "Cost", "Settings")
RUNS = 10


class Taken(NamedTuple):
    """What a run of the page took, in milliseconds: on the clock, and of the server's processor."""

    clock: float
    processor: float


def page_runs(running: Server, address: str, count: int) -> Iterator[Taken]:
    """Runs of the Compare page at this address, the first one first."""
    process = psutil.Process(running.process.pid)
    stream = f"{running.url.replace('http', 'ws')}/_stcore/stream"
    with connect(stream, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        for _ in range(count):
            question, answer = BackMsg(), ForwardMsg()
            question.rerun_script.page_name = "compare"
            question.rerun_script.query_string = address
            begun, worked = time.perf_counter(), sum(process.cpu_times()[:2])
            socket.send(question.SerializeToString())
            while answer.WhichOneof("type") != "script_finished":
                answer.ParseFromString(socket.recv(decode=False))
            clock, processor = time.perf_counter() - begun, sum(process.cpu_times()[:2]) - worked
            yield Taken(1000 * clock, 1000 * processor)
            time.sleep(0.4)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=8, help="runs of the page with each view")
    repeat = parser.parse_args().repeat
    store = RunStore(BUNDLED, bundled=None)
    runs = [run.id for run in store.listing().runs if run.config.dataset == "mnist"][:RUNS]
    head = ["first", "processor", "again", "processor"]
    print(f"| {len(runs)} runs with 10,000 answers each | {' | '.join(head)} |\n| --- |{' ---: |' * len(head)}")
    for view in VIEWS:
        with server() as running:
            list(page_runs(running, "", 2))  # imports
            first, *again = page_runs(running, urlencode({"runs": ",".join(runs), "view": view}), repeat)
        clock, processor = (statistics.median(taken) for taken in zip(*again, strict=True))
        print(f"| {view} | {first.clock:.0f} ms | {first.processor:.0f} ms | {clock:.0f} ms | {processor:.0f} ms |")


if __name__ == "__main__":
    main()
