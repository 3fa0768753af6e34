"""How long the server takes to compare ten runs: python -m benchmarks.comparing [--repeat N]

The whole Compare page for a client that only counts messages, with ten of the runs that come with the lab picked, of
which each answered MNIST's 10,000 test images. "First" reads what the others find in memory.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets import Subprotocol
from websockets.sync.client import connect

from benchmarks.browsing import Server, server
from mnist_lab.runs import BUNDLED, RunStore

VIEWS = ("Curves", "Mistakes", "Digits", "Confidence", "Cost", "Settings")
RUNS = 10


def page_runs(running: Server, address: str, count: int) -> Iterator[float]:
    """Milliseconds of runs of the Compare page at this address, the first one first."""
    stream = f"{running.url.replace('http', 'ws')}/_stcore/stream"
    with connect(stream, subprotocols=[Subprotocol("streamlit")], max_size=None) as socket:
        for _ in range(count):
            question, answer = BackMsg(), ForwardMsg()
            question.rerun_script.page_name = "compare"
            question.rerun_script.query_string = address
            begun = time.perf_counter()
            socket.send(question.SerializeToString())
            while answer.WhichOneof("type") != "script_finished":
                answer.ParseFromString(socket.recv(decode=False))
            yield 1000 * (time.perf_counter() - begun)
            time.sleep(0.4)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--repeat", type=int, default=8, help="runs of the page with each view")
    repeat = parser.parse_args().repeat
    store = RunStore(BUNDLED, bundled=None)
    runs = [run.id for run in store.listing().runs if run.config.dataset == "mnist"][:RUNS]
    print(f"| {len(runs)} runs with 10,000 answers each | first | again |\n| --- | ---: | ---: |")
    for view in VIEWS:
        with server() as running:
            list(page_runs(running, "", 2))  # imports
            first, *again = page_runs(running, urlencode({"runs": ",".join(runs), "view": view}), repeat)
        print(f"| {view} | {first:.0f} ms | {statistics.median(again):.0f} ms |")


if __name__ == "__main__":
    main()
