import io
import random
import re

import numpy as np
import pytest

from mnist_lab.classroom import board
from mnist_lab.classroom.activities import DrawActivity, activities, lessons, step_of
from mnist_lab.classroom.addresses import is_for_this_machine_only, join_address, lan_address, qr_code
from mnist_lab.classroom.animals import ANIMALS
from mnist_lab.classroom.bets import Phase, phase_of, told
from mnist_lab.classroom.known import forget_erased
from mnist_lab.classroom.reading import JUDGES, SEVERAL, accuracy_with, pictures, readings, relabelled
from mnist_lab.classroom.windows import OF_ALL, OF_ONE, Guesses, Window
from mnist_lab.comparing.doubtful import DOUBTFUL
from mnist_lab.datasets.mnist import load_test_part
from mnist_lab.datasets.pens import load
from mnist_lab.errors import LimitReached
from mnist_lab.images.strokes import CANVAS_SIDE, resized
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.folders import Folder
from mnist_lab.store.rooms import MOST_PUPILS, RoomChoice, RoomDrawing, Rooms, Stage
from mnist_lab.store.runs import DEFAULT_MODEL, RunStore


def lines_of(digit):
    return [
        [(round(float(x) * CANVAS_SIDE), round(float(y) * CANVAS_SIDE)) for x, y in stroke]
        for stroke in resized(digit.strokes, 0.6)
    ]


@pytest.fixture
def room(tmp_path):
    return Rooms(Folder(tmp_path)).open("teacher")


def test_there_are_more_animals_than_phones_and_each_once():
    assert len(set(ANIMALS)) == len(ANIMALS) > MOST_PUPILS + 20
    assert all(re.fullmatch("[A-Z][a-z]+", animal) for animal in ANIMALS)


def test_each_pupil_draws_each_digit_twice_in_an_order_that_stays():
    asked = activities()["draw"]
    assert isinstance(asked, DrawActivity)
    tasks = asked.tasks("BCDFG 1 pupil")
    assert sorted(tasks) == sorted([*range(10)] * 2)
    assert tasks == asked.tasks("BCDFG 1 pupil")
    assert len({asked.tasks(f"BCDFG 1 {pupil}") for pupil in range(30)}) == 30


def test_a_step_is_an_activity_and_its_lesson():
    assert step_of("draw").lesson is None
    assert step_of("bet dropout").lesson.id == "dropout"
    assert [step_of(words) for words in (None, "", "bet", "bet nothing", "dance")] == [None] * 5
    assert all(step_of(f"bet {lesson}").lesson.choices for lesson in lessons())


def test_real_digits_are_read_as_they_were_meant(tmp_path):
    predictor = Predictor(RunStore(tmp_path).read(DEFAULT_MODEL, "model.tflite"))
    digits = load()[:100]
    said = [board.read(lines_of(digit), predictor) for digit in digits]
    right = sum(one is not None and int(np.argmax(one)) == digit.label for one, digit in zip(said, digits, strict=True))
    assert right >= 97


def test_no_ink_and_no_digit_are_not_read(tmp_path):
    predictor = Predictor(RunStore(tmp_path).read(DEFAULT_MODEL, "model.tflite"))
    assert board.read([], predictor) is None
    zigzag = [[(20 + 30 * (step % 9), 20 if step % 2 else 260) for step in range(40)]]
    assert board.read(zigzag, predictor) is None


def test_a_board_follows_what_changes(room):
    drawn = board.drawings(room, 1)
    assert drawn.all() == {}
    room.keep(1, "p", 0, RoomDrawing(number=1, asked=3, lines=[[(1, 1)]]))
    room.keep(1, "q", 1, RoomDrawing(number=1, asked=4, lines=[[(1, 1)]]))
    assert {*drawn.all()} == {"p-0", "q-1"}
    room.keep(1, "p", 0, RoomDrawing(number=2, asked=3, lines=[[(1, 1), (50, 50)]], is_done=True))
    assert drawn.of("p")[0].is_done
    latest = max(one.saved for one in drawn.all().values())
    assert board.since(drawn.all(), latest + 10) == {}
    assert board.drawings(room, 1) is drawn
    forget_erased()
    assert board.drawings(room, 1) is drawn


def test_a_class_takes_its_digits_away_without_what_is_hidden_or_under_way(room):
    digits = load()[:4]
    room.start("draw")
    for task, digit in enumerate(digits):
        done = task != 2
        room.keep(1, "p", task, RoomDrawing(number=1, asked=digit.label, lines=lines_of(digit), is_done=done))
    room.hide(1, "p-3", True)
    with np.load(io.BytesIO(board.to_take_away(room))) as taken:
        assert {*taken} == {"x_train", "y_train"}
        x, y = taken["x_train"], taken["y_train"]
    assert (x.shape, x.dtype, y.dtype) == ((2, 28, 28), np.uint8, np.uint8)
    assert sorted(y) == sorted(digit.label for digit in digits[:2])
    assert all(image.max() > 200 for image in x)


def test_what_an_empty_class_takes_away_is_empty(room):
    with np.load(io.BytesIO(board.to_take_away(room))) as taken:
        assert taken["x_train"].shape == (0, 28, 28)


# first 0 0 1, then 1 0 1 and a fourth who bet only then
PLACED = {"a-0": 0, "b-0": 0, "c-0": 1, "a-1": 1, "b-1": 0, "c-1": 1, "d-1": 1}


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        (Phase.FIRST, (3, None, None, {})),
        (Phase.TALK, (3, [2, 1], None, {})),
        (Phase.SECOND, (4, [2, 1], None, {})),
        (Phase.OVER, (4, [2, 1], [1, 3], {(0, 1): 1})),
    ],
)
def test_bets_are_told_once_they_are_closed(phase, expected):
    assert told({name: RoomChoice(choice=choice) for name, choice in PLACED.items()}, phase, 2) == expected


def test_a_bet_on_what_is_no_option_does_not_count():
    assert told({"a-0": RoomChoice(choice=5)}, Phase.TALK, 2).first == [0, 0]


def test_a_phase_beyond_the_last_is_the_last():
    assert phase_of(Stage(steps=("bet dropout",), phases=(9,), current=1), 1) is Phase.OVER


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return RunStore(tmp_path_factory.mktemp("runs"))


def test_hard_pictures_are_hard_for_others_than_the_one_that_reads_too(store):
    shown = pictures("hard", store)
    assert len({picture.place for picture in shown}) == len(shown) == SEVERAL
    assert not {picture.place for picture in shown} & {*DOUBTFUL}
    for judge in JUDGES:
        right = store.evaluation(judge).correct
        assert right[[picture.place for picture in shown]].mean() < right.mean() / 2
    assert DEFAULT_MODEL not in JUDGES


def test_pictures_are_mnists(store):
    images, labels = load_test_part("mnist")
    for which in ("hard", "doubted"):
        for picture in pictures(which, store):
            assert np.array_equal(picture.image, images[picture.place])
            assert picture.label == labels[picture.place]
    assert [picture.place for picture in pictures("doubted", store)] == sorted(DOUBTFUL)


def test_each_pupil_sees_all_pictures_in_an_order_of_their_own():
    asked = activities()["machine"]
    assert sorted(asked.order(20, "a")) == [*range(20)]
    assert asked.order(20, "a") != asked.order(20, "b")
    first = asked.order(20, "c")
    random.seed(1)
    assert asked.order(20, "c") == first


def test_what_a_class_reads_is_counted_picture_by_picture(store):
    shown = pictures("doubted", store)
    other = (shown[0].label + 1) % 10
    placed = {"a-0": other, "b-0": other, "c-0": shown[0].label, "a-1": shown[1].label, "b-1": other, "x-99": 1}
    found = readings({name: RoomChoice(choice=choice) for name, choice in placed.items()}, shown)
    assert found.several == 3
    assert found.votes[0, other] == 2
    assert found.people.sum() == 5
    assert found.people[shown[0].label, other] >= 2
    assert found.network.sum() == len(shown)
    labels = relabelled(found, shown)
    assert labels == [other, *(picture.label for picture in shown[1:])]  # a tie changes nothing


def test_the_classs_labels_change_the_accuracy_by_the_pictures_alone(store):
    shown = pictures("doubted", store)
    evaluation = store.evaluation(DEFAULT_MODEL)
    assert accuracy_with([picture.label for picture in shown], shown, store) == pytest.approx(evaluation.accuracy)
    wrong = sum(picture.answer != picture.label for picture in shown)
    by_network = accuracy_with([picture.answer for picture in shown], shown, store)
    assert by_network == pytest.approx(evaluation.accuracy + wrong / 10_000)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_window_forgets():
    clock = Clock()
    window = Window(5.0, clock)
    assert [window.add("a"), window.add("a"), window.add("b")] == [1, 2, 1]
    clock.now = 6.0
    assert (window.count("a"), window.total(), window.add("a")) == (0, 0, 1)


def test_who_tries_codes_waits_and_others_do_not():
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(OF_ONE):
        guesses.check("192.168.0.66")
        guesses.wrong("192.168.0.66")
    with pytest.raises(LimitReached):
        guesses.check("192.168.0.66")
    guesses.check("192.168.0.2")
    clock.now = 61.0
    guesses.check("192.168.0.66")


def test_many_addresses_together_try_no_more_codes_than_a_few():
    guesses = Guesses(Clock())
    tried = 0
    for number in range(1000):
        for _ in range(OF_ONE):
            try:
                guesses.check(f"2001:db8:{number:x}::1")
            except LimitReached:
                break
            guesses.wrong(f"2001:db8:{number:x}::1")
            tried += 1
    assert tried <= OF_ALL + 1000  # each address has one
    guesses.check("2001:db8:ffff::1")


def test_a_network_of_the_larger_addresses_counts_as_one():
    guesses = Guesses(Clock())
    for host in range(OF_ONE):
        guesses.wrong(f"2001:db8::{host}")
    with pytest.raises(LimitReached):
        guesses.check("2001:db8::abcd")


@pytest.mark.parametrize(
    ("opened", "expected"),
    [
        ("https://lab.school.example/class", "https://lab.school.example/join?code=BCDFG"),
        ("https://school.example/lab/class", "https://school.example/lab/join?code=BCDFG"),
        ("http://192.168.0.7:8501/class", "http://192.168.0.7:8501/join?code=BCDFG"),
        ("http://localhost:8501/class", f"http://{lan_address()}:8501/join?code=BCDFG"),
        ("http://[::1]:8501/class", f"http://{lan_address()}:8501/join?code=BCDFG"),
    ],
)
def test_phones_are_sent_where_they_can_go(opened, expected):
    assert join_address(opened, "BCDFG") == expected


def test_a_given_address_counts(monkeypatch):
    monkeypatch.setenv("MNIST_LAB_ADDRESS", "lab.local:8501/")
    assert join_address("http://localhost:8501/class", "BCDFG") == "http://lab.local:8501/join?code=BCDFG"


def test_an_address_for_this_machine_only_is_known():
    assert is_for_this_machine_only("http://127.0.0.1:8501/join?code=BCDFG")
    assert not is_for_this_machine_only("http://192.168.0.7:8501/join?code=BCDFG")


def test_the_picture_is_the_address():
    assert qr_code("http://192.168.0.7:8501/join?code=BCDFG").startswith("<svg")
    assert qr_code("http://192.168.0.7:8501/join?code=BCDFG") != qr_code("http://192.168.0.7:8501/join?code=BCDFH")
