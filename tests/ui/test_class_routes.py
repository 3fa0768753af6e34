"""What phones and walls ask for, over real HTTP, by pupils who are honest and by some who are not."""

import gc
import io
import random
import threading
from collections.abc import Iterator

import numpy as np
import pytest
import requests
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from mnist_lab.classroom import board, known
from mnist_lab.classroom.activities import activities
from mnist_lab.classroom.bets import Phase
from mnist_lab.classroom.training import begin
from mnist_lab.classroom.windows import OF_ONE, Guesses
from mnist_lab.datasets.pens import load
from mnist_lab.engine.worker import execute
from mnist_lab.images.strokes import CANVAS_SIDE, resized
from mnist_lab.store.rooms import LETTERS, Room
from mnist_lab.store.run import RunState
from mnist_lab.ui import resources
from mnist_lab.ui import rooms as shared
from mnist_lab.ui.cookies import VisitorCookie
from mnist_lab.ui.join import routes as join
from mnist_lab.ui.room import routes as wall
from mnist_lab.ui.visitor import COOKIE
from tests.conftest import wait_until


class Browser(requests.Session):
    """A browser that asks for the page of a class, so that it has the lab's cookie."""

    def __init__(self, url: str, code: str) -> None:
        super().__init__()
        self.room = f"{url}/room/{code}"
        assert self.get(f"{url}/join", headers={"Accept": "text/html"}).ok

    @property
    def owner(self) -> str:
        return shared.Visitors(resources.store().folder).owner(self.cookies[COOKIE])

    def ask(self, what: str, method: str = "GET", **content: object) -> requests.Response:
        return self.request(method, f"{self.room}/{what}", json=content or None)

    def enter(self) -> dict:
        answer = self.ask("enter", "POST")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def draw(self, task: int = 0, number: int = 1, step: int = 1, lines: object = None, done: bool = True):
        lines = lines_of(load()[0]) if lines is None else lines
        return self.ask("drawing", "PUT", step=step, task=task, number=number, lines=lines, done=done)

    def bet(self, choice: int, turn: int = 0, step: int = 1) -> int:
        return self.ask("choice", "PUT", step=step, turn=turn, choice=choice).status_code


def lines_of(digit) -> list[list[list[int]]]:
    strokes = resized(digit.strokes, 0.6)
    return [[[round(float(at) * CANVAS_SIDE) for at in point] for point in stroke] for stroke in strokes]


@pytest.fixture
def url(tmp_path, monkeypatch) -> Iterator[str]:
    monkeypatch.setenv("MNIST_LAB_RUNS", str(tmp_path))
    monkeypatch.setattr(join, "_guesses", Guesses())
    for kept in (resources.store, resources.trash, shared.rooms):
        kept.cache_clear()
    app = Starlette(routes=[*join.ROUTES, *wall.ROUTES], middleware=[Middleware(VisitorCookie)])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    wait_until(lambda: server.started)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
    for kept in (resources.store, resources.trash, shared.rooms):
        kept.cache_clear()


@pytest.fixture
def room(url) -> Room:
    return shared.rooms().open("somebody")


@pytest.fixture
def teacher(url, room) -> Browser:
    found = Browser(url, room.code)
    room.let_lead(found.owner)
    return found


@pytest.fixture
def pupils(url, room) -> list[Browser]:
    found = [Browser(url, room.code) for _ in range(3)]
    for one in found:
        one.enter()
    return found


def test_the_page_runs_its_own_script_only(url):
    page = requests.get(f"{url}/join")
    assert "script-src 'sha256-" in page.headers["Content-Security-Policy"]
    assert "/*" + "script*/" not in page.text
    assert len(page.content) < 40_000


def test_the_lab_may_be_served_below_a_path(url, room):
    assert requests.get(f"{url}/lab/join").ok
    assert requests.get(f"{url}/lab/room/{room.code}/me").status_code == 403  # no cookie yet


def test_without_a_cookie_it_is_said_what_to_do(url, room):
    answer = requests.post(f"{url}/room/{room.code}/enter")
    assert answer.status_code == 403
    assert "cookies" in answer.json()["message"]


def test_a_drawing_comes_to_the_wall_with_what_the_network_says(room, teacher, pupils):
    room.start("draw")
    tasks = pupils[0].ask("me").json()["tasks"]
    digit = next(one for one in load() if one.label == tasks[0])
    assert pupils[0].draw(lines=lines_of(digit)).json() == {"number": 1, "reading": digit.label}
    told = teacher.ask("wall").json()
    (one,) = told["drawings"].values()
    assert (one["asked"], one["reading"], one["done"]) == (digit.label, digit.label, True)
    assert sorted(each["done"] for each in told["pupils"]) == [0, 0, 1]
    later = teacher.ask(f"wall?step=1&since={told['until'] + 10}").json()
    assert later["drawings"] == {}


def test_what_is_sent_twice_or_late_counts_once(room, teacher, pupils):
    room.start("draw")
    for number in (2, 2, 1):
        assert pupils[0].draw(number=number).ok
    room.start("bet dropout")
    assert pupils[0].draw(task=1).ok  # drawn while the network was away
    room.show(current=1)
    assert len(teacher.ask("wall").json()["drawings"]) == 2


def test_who_comes_again_goes_on_where_they_were(url, room, pupils):
    room.start("draw")
    pupils[0].draw(task=0)
    pupils[0].draw(task=1, done=False)
    first = pupils[0].ask("me").json()
    shared.rooms.cache_clear()  # as after a restart of the server
    known._known.clear()
    again = pupils[0].ask("me").json()
    assert again == first == pupils[0].enter()
    assert again["drawn"] == {"0": {"number": 1, "done": True}, "1": {"number": 1, "done": False}}
    assert "tasks" not in pupils[0].ask("me?step=1").json()


def test_hidden_answers_are_not_told_to_phones(room, pupils):
    room.start("draw")
    room.show(shows_answers=False)
    assert pupils[0].draw().json() == {"number": 1}


def test_a_pupil_has_no_way_to_what_is_the_teachers(room, teacher, pupils):
    room.start("draw")
    pupils[0].draw()
    (name,) = teacher.ask("wall").json()["drawings"]
    asked = [
        pupils[1].ask("wall"),
        pupils[1].ask("digits"),
        pupils[1].ask("hidden", "POST", step=1, name=name, hidden=True),
        pupils[1].ask("stage", "POST", is_frozen=True),
    ]
    assert [answer.status_code for answer in asked] == [404] * 4
    assert not room.hidden(1)
    assert not room.stage().is_frozen


def test_a_teachers_click_hides_and_brings_back(room, teacher, pupils):
    room.start("draw")
    pupils[0].draw()
    (name,) = teacher.ask("wall").json()["drawings"]
    assert teacher.ask("hidden", "POST", step=1, name=name, hidden=True).ok
    assert teacher.ask("wall").json()["hidden"] == [name]
    assert teacher.ask("hidden", "POST", step=1, name=name, hidden=False).ok
    assert teacher.ask("wall").json()["hidden"] == []


@pytest.mark.parametrize("name", ["../../room", "nobody-1", "a" * 12, "%2e%2e", ""])
def test_only_a_drawing_can_be_hidden(room, teacher, name):
    room.start("draw")
    assert teacher.ask("hidden", "POST", step=1, name=name, hidden=True).status_code in (400, 409)


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"step": 1, "task": 0, "number": 1, "lines": "scribble", "done": True},
        {"step": 1, "task": 0, "number": 1, "lines": [[]], "done": True},
        {"step": 1, "task": 0, "number": 1, "lines": [[[1, 2, 3]]], "done": True},
        {"step": 1, "task": 0, "number": 1, "lines": [[[0.5, None]]], "done": True},
        {"step": 1, "task": 0, "number": 0, "lines": [[[1, 1]]], "done": True},
        {"step": 1, "task": -1, "number": 1, "lines": [[[1, 1]]], "done": True},
        {"step": 2, "task": 0, "number": 1, "lines": [[[1, 1]]], "done": True},
        {"step": 1, "task": 20, "number": 1, "lines": [[[1, 1]]], "done": True},
        {"step": 1, "task": 0, "number": 1, "lines": [[[1, 1]] * 5000], "done": True},
        {"step": 1, "task": 0, "number": 1, "lines": [[[1, 1]]] * 100, "done": True},
        {"step": 1, "task": 0, "number": 1, "lines": [[[1, 1]]], "done": True, "asked": 3},
        {"step": 1, "task": 0, "number": 1, "lines": [[[1, 1]]], "done": True, "text": "rude"},
    ],
)
def test_what_is_no_drawing_is_refused_and_nothing_of_it_kept(room, pupils, sent):
    room.start("draw")
    assert pupils[0].ask("drawing", "PUT", **sent).status_code in (400, 409)
    assert room.stamps("drawings", 1) == {}


def test_what_is_no_json_or_too_long_is_refused(room, pupils):
    room.start("draw")
    for content, status in ((b"\xff{", 400), (b"[" * 90_000, 400), (b" " * 200_000, 413)):
        assert pupils[0].put(f"{pupils[0].room}/drawing", data=content).status_code == status


def test_lines_far_outside_are_cut_at_the_paper_and_a_bit(room, teacher, pupils):
    room.start("draw")
    assert pupils[0].draw(lines=[[[-(10**9), 10], [10**9, 10]]]).ok
    (one,) = teacher.ask("wall").json()["drawings"].values()
    assert one["lines"] == [[[-CANVAS_SIDE, 10], [2 * CANVAS_SIDE, 10]]]


def test_a_flood_is_stopped_kindly_and_others_go_on(room, pupils):
    room.start("draw")
    answers = [pupils[0].draw(number=number) for number in range(1, join.MOST + 6)]
    assert [answer.status_code for answer in answers] == [200] * join.MOST + [429] * 5
    assert "nothing is lost" in answers[-1].json()["message"]
    assert pupils[1].draw().ok


def test_who_is_not_in_can_do_nothing(url, room):
    room.start("draw")
    stranger = Browser(url, room.code)
    asked = [stranger.ask("me"), stranger.ask("spin", "POST"), stranger.draw()]
    assert [answer.status_code for answer in asked] == [404] * 3
    nowhere = Browser(url, "BBBBB")
    assert nowhere.ask("me").json() == asked[0].json()  # a code that is right is told from no other


def test_a_client_that_tries_codes_gets_nowhere(url, room):
    lot, tried = random.Random(1), []
    for _ in range(200):
        thief = Browser(url, "".join(lot.choice(LETTERS) for _ in range(5)))  # a fresh cookie each time
        tried.append(thief.ask("enter", "POST").status_code)
    assert tried.count(404) == OF_ONE
    assert tried.count(429) == 200 - OF_ONE
    # So an address learns of ten codes a minute: of the 3.2 million, 0.45 % in the 24 hours that a class lasts at most.
    assert OF_ONE * 60 * 24 / len(LETTERS) ** 5 < 0.005


def test_what_is_the_teachers_tells_no_code_either(url, room):
    stranger, nowhere = Browser(url, room.code), Browser(url, "BBBBB")
    for what in ("wall", "digits"):
        assert stranger.ask(what).text == nowhere.ask(what).text


def test_a_second_tab_learns_which_drawing_is_kept(room, pupils):
    room.start("draw")
    pupils[0].draw(number=7)
    assert pupils[0].draw(number=2).json()["number"] == 7


def test_phones_that_are_in_do_not_wait_for_who_tries_codes(url, room, pupils):
    for _ in range(OF_ONE + 5):
        Browser(url, "BBBBB").ask("enter", "POST")
    room.start("draw")
    assert pupils[0].ask("me").ok
    assert pupils[0].enter()["step"] == 1  # as after a reload
    assert pupils[0].draw().ok


def test_first_bets_are_closed_to_all_until_the_teacher_closes_them(room, teacher, pupils):
    def shown() -> str:
        return teacher.ask("wall").json()["poster"]

    room.start("bet dropout")
    assert [one.bet(choice) for one, choice in zip(pupils, (0, 1, 1), strict=True)] == [200] * 3
    assert "3 have bet" in shown()
    assert 'class="first"' not in shown()
    told = pupils[0].ask("me").json()
    assert told["chosen"] == 0  # one's own
    assert {key for key in told if "bet" in key or "tally" in key} == set()
    assert pupils[1].bet(0) == 200  # changed one's mind
    room.go_on(1, Phase.TALK)
    assert 'class="first"' in shown()
    assert pupils[2].bet(0) == 409
    room.go_on(1, Phase.SECOND)
    assert [one.bet(1, turn=1) for one in pupils] == [200] * 3
    assert pupils[0].bet(1, turn=0) == 409
    assert 'class="second"' not in shown()
    room.go_on(1, Phase.OVER)
    assert 'class="second"' in shown()
    assert "2 went from" in shown()


@pytest.mark.parametrize("bet", [{"choice": 9}, {"choice": -1}, {"choice": 0, "turn": 2}, {"choice": 0, "step": 3}])
def test_a_bet_on_nothing_is_refused(room, pupils, bet):
    room.start("bet dropout")
    assert pupils[0].bet(**bet) in (400, 409)
    assert room.stamps("choices", 1) == {}


def test_a_bet_that_comes_late_over_a_slow_network_counts_while_bets_are_open(room, pupils):
    room.start("bet dropout")
    room.show(is_paused=True)
    assert pupils[0].bet(0) == 200


def test_what_others_read_is_told_once_it_is_shown(room, teacher, pupils):
    room.start("referee")
    told = pupils[0].ask("me").json()
    assert (len(told["pictures"]), told["read"], told["seconds"], told["open"]) == (15, [], 0, True)
    assert told["pictures"] != pupils[1].ask("me").json()["pictures"]
    assert sorted(told["pictures"]) == sorted(pupils[1].ask("me").json()["pictures"])
    assert pupils[0].bet(4, turn=3) == 200
    assert pupils[0].bet(9, turn=3) == 200  # a slip of the thumb; it counts once
    assert pupils[0].ask("me").json()["read"] == [3]
    assert "Answers: 1, to 15 images, from 1" in teacher.ask("wall").json()["poster"]
    assert "<img" not in teacher.ask("wall").json()["poster"]
    assert [pupils[1].bet(*bet) for bet in ((10, 0), (4, 15))] == [409, 409]
    room.go_on(1, 1)
    assert "<img" in teacher.ask("wall").json()["poster"]
    assert "you: <b>9</b> (100%)" in teacher.ask("wall").json()["poster"]
    assert pupils[1].bet(4) == 409
    assert not pupils[1].ask("me").json()["open"]


def test_what_a_network_learns_from_a_class_is_shown_to_all_and_their_own_to_each(
    room, teacher, pupils, engine_without_workers
):
    room.start("draw")
    for one in pupils[:2]:
        for task in range(2):
            one.draw(task=task)
    room.start("train")
    assert "<b>4</b> digits by <b>2</b> of you" in teacher.ask("wall").json()["poster"]
    told = pupils[0].ask("me").json()
    assert (told["kind"], told["own"]) == ("train", None)
    store, activity = resources.store(), activities()["train"].model_copy(update={"images": 100, "epochs": 1})
    training = begin(room, 2, activity, engine_without_workers(store), "somebody", lambda configs: None)
    assert teacher.ask("wall").json()["poster"].count("<em>waits</em>") == 4  # MNIST alone, without each of two, whole
    for run_id in training.runs:
        execute(store, run_id)
    poster = teacher.ask("wall").json()["poster"]
    assert poster.count("of 2</em>") == 2
    assert "too few" in poster
    animals = [one.animal for one in room.present()]
    assert not any(animal in poster for animal in animals)
    room.show(shows_animals=True)
    assert sum(animal in teacher.ask("wall").json()["poster"] for animal in animals) == 2
    own = pupils[0].ask("me").json()["own"]
    assert own["digits"] == 2 and {own["before"], own["after"]} <= {0, 1, 2}
    assert pupils[2].ask("me").json()["own"] is None  # who has drawn nothing


def test_a_training_that_fails_is_told_on_the_wall(room, teacher, pupils, engine_without_workers, tmp_path):
    room.start("draw")
    for one in pupils[:2]:
        one.draw()
    room.start("train")
    store = resources.store()
    training = begin(room, 2, activities()["train"], engine_without_workers(store), "somebody", lambda configs: None)
    for run_id in training.runs:
        store.update(run_id, state=RunState.FAILED, reason="the disk is full")
    assert "This did not work" in teacher.ask("wall").json()["poster"]
    (tmp_path / ".rooms" / room.code / "digits" / f"{training.digits}.npz").write_bytes(b"damaged")
    assert "digits of the class are damaged" in teacher.ask("wall").json()["poster"]
    store.delete(training.control)
    assert "This did not work" in teacher.ask("wall").json()["poster"]
    assert pupils[0].ask("me").json()["own"] is None


def test_an_entry_to_the_challenge_is_measured_entered_and_trained_for_who_leads(
    room, teacher, pupils, engine_without_workers, monkeypatch
):
    store = resources.store()
    engine = engine_without_workers(store)
    monkeypatch.setattr(resources, "engine", lambda: engine)
    room.start("challenge")
    told = pupils[0].ask("me").json()
    chosen = {knob["name"]: 0 for knob in told["knobs"]}
    assert (told["most"], told["entries"], told["open"]) == (10_000, [], True)

    def size(**others: int) -> dict:
        return pupils[0].ask("size", "POST", step=1, number=0, chosen=chosen | others).json()

    assert size() == {"parameters": 7850, "matter": ["network", "units", "learning_rate", "epochs"], "problem": ""}
    assert size(network=1, filters=3)["parameters"] == 5258
    assert size(network=9)["problem"]
    assert pupils[0].ask("entry", "PUT", step=1, number=0, chosen=chosen | {"units": 5}).status_code == 409
    assert [pupils[0].ask("entry", "PUT", step=1, number=0, chosen=chosen).status_code for _ in range(2)] == [200] * 2
    assert "0 of 1 entries are trained, 1 to come" in teacher.ask("wall").json()["poster"]
    (run,) = [run for run in store.listing().runs if not run.bundled]
    assert run.asked.owner == teacher.owner
    execute(store, run.id)
    poster = teacher.ask("wall").json()["poster"]
    assert f"explore?run={run.id}" in poster
    assert "test set" not in poster and "<th>test</th>" not in poster
    (own,) = pupils[0].ask("me").json()["entries"]
    assert own["place"] == 1 and 0.1 < own["accuracy"] < 1
    assert pupils[1].ask("me").json()["entries"] == []
    room.go_on(1, 1)
    assert f"{store.get(run.id).summary.test_accuracy:.2%}"[:-1] in teacher.ask("wall").json()["poster"]
    assert pupils[1].ask("entry", "PUT", step=1, number=0, chosen=chosen).status_code == 409


def test_the_teacher_takes_the_digits_away(room, teacher, pupils):
    room.start("draw")
    pupils[0].draw()
    with np.load(io.BytesIO(teacher.ask("digits").content)) as taken:
        assert taken["x_train"].shape == (1, 28, 28)


def test_of_an_erased_class_no_byte_is_left(room, teacher, pupils, tmp_path):
    room.start("draw")
    line = [[[11, 13], [171, 19], [123, 257]]]
    for one in pupils:
        one.draw(lines=line)
        one.draw(task=1, lines=line)
    teacher.ask("wall")
    room.start("bet dropout")
    for one in pupils:
        one.bet(1, step=2)
    teacher.ask("wall")
    animals = {one.animal for one in room.present()}
    points = [tuple(point) for point in line[0]]
    assert held(points) > 2
    shared.erase(room.code)
    assert [one.ask("me").status_code for one in (*pupils, teacher)] == [404] * 4
    secrets = [*(one.cookies[COOKIE] for one in pupils), *(one.owner for one in pupils), *animals, room.code]
    for path in tmp_path.rglob("*"):
        content = str(path).encode() + (path.read_bytes() if path.is_file() else b"")
        assert not [secret for secret in secrets if secret.encode() in content], path
    assert held(points) == 2  # `line` and `points` of this test


def held(points: list[tuple[int, int]]) -> int:
    """How many lists in memory are that line."""
    gc.unfreeze()
    gc.collect()
    lists = [one for one in gc.get_objects() if isinstance(one, list) and len(one) == len(points)]
    pairs = [one for one in lists if all(isinstance(each, list | tuple) and len(each) == 2 for each in one)]
    return sum(
        [tuple(each) for each in one] == points for one in pairs if all(isinstance(each[0], int) for each in one)
    )


def test_another_process_forgets_an_erased_class_by_itself(room, teacher, pupils, monkeypatch):
    room.start("draw")
    pupils[0].draw()
    teacher.ask("wall")
    assert board.drawings(room, 1).all()
    shared.rooms().erase(room.code)  # as another process does
    wait_until(lambda: room.url not in known._known, seconds=3 * shared.BETWEEN_LOOKS)
