"""How soon the lab is there: python -m benchmarks.serving [--repeat N]

Start: from `streamlit run app.py` to the first prediction in a browser, side by side with the same app when the web
process also imports TensorFlow. Round trip: a run of the whole Draw page, from a client's message to the last one of
the answer. And the answers to pictures while somebody draws in a browser, which shares the machine.
"""

import argparse
import shutil
import statistics
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from benchmarks.browsing import PATIENCE, ROOT, chromium, draw_zero, open_draw_page, server, wait_until_up

LAB = (ROOT / "app.py").read_text("utf-8").replace("pages/main.py", str(ROOT / "pages" / "main.py"))
WITH_TENSORFLOW = f"import tensorflow\nimport keras\n{LAB}"
ANSWERS = """
performance.getEntriesByType('resource').filter(one => one.name.includes('/answer')).map(one => one.duration)
"""


def seconds_to_first_prediction(browser: Browser, script: Path) -> float:
    started = time.perf_counter()
    with server(script, wait=False) as running:
        wait_until_up(running)
        page = open_draw_page(browser, running.url)
        draw_zero(page)
        page.locator(".st-key-prediction .digit").wait_for(timeout=PATIENCE)
        seconds = time.perf_counter() - started
        page.close()
    return seconds


def page_runs(count: int) -> list[float]:
    """Milliseconds of the whole Draw page's run for a client that only counts messages."""
    trips = []
    with (
        server() as running,
        connect(
            f"{running.url.replace('http', 'ws')}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            max_size=None,
        ) as socket,
    ):
        for _ in range(count):
            question, answer = BackMsg(), ForwardMsg()
            question.rerun_script.query_string = ""
            started = time.perf_counter()
            socket.send(question.SerializeToString())
            while answer.WhichOneof("type") != "script_finished":
                answer.ParseFromString(socket.recv(decode=False))
            trips.append(1000 * (time.perf_counter() - started))
            time.sleep(0.1)
    return trips[5:]  # the first ones warm up


def answers(browser: Browser, strokes: int) -> list[float]:
    """Milliseconds from each picture while somebody draws to the answer."""
    with server() as running:
        page = open_draw_page(browser, running.url)
        draw_zero(page)
        page.locator(".st-key-prediction .digit").wait_for(timeout=PATIENCE)
        page.wait_for_timeout(1000)
        page.evaluate("performance.clearResourceTimings()")
        for _ in range(strokes):
            draw_zero(page, 1.5)
            page.wait_for_timeout(1000)
        found: list[float] = page.evaluate(ANSWERS)
        page.close()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=5, help="starts of each kind")
    repeat = parser.parse_args().repeat
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        shutil.copytree(ROOT / ".streamlit", Path(scratch, ".streamlit"))
        with_tensorflow = Path(scratch, "app.py")
        with_tensorflow.write_text(WITH_TENSORFLOW)
        lab, heavy = [], []
        for number in range(repeat + 1):
            pair = [seconds_to_first_prediction(browser, script) for script in (ROOT / "app.py", with_tensorflow)]
            if number:  # the first pair compiles and reads everything once
                lab.append(pair[0])
                heavy.append(pair[1])
        drawn = answers(browser, 8)
    runs = page_runs(45)
    print("| measure | value |\n| --- | --- |")
    print(f"| start to first prediction, median of {repeat} | {statistics.median(lab):.1f} s |")
    print(f"| the same with TensorFlow in the web process | {statistics.median(heavy):.1f} s |")
    print(f"| ratio | {statistics.median(lab) / statistics.median(heavy):.0%} |")
    for name, trips in (("the server's round trip", runs), ("an answer while somebody draws in a browser", drawn)):
        print(f"| {name}, median of {len(trips)} | {statistics.median(trips):.0f} ms |")
        print(f"| {name}, 95th percentile | {statistics.quantiles(trips, n=20)[-1]:.0f} ms |")


if __name__ == "__main__":
    main()
