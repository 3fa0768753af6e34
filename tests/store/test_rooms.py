import threading
from functools import partial

import pytest

from mnist_lab.errors import LimitReached, RoomError, UnknownRoom
from mnist_lab.store.folders import Folder
from mnist_lab.store.rooms import (
    CODE_LENGTH,
    LETTERS,
    LIFETIME,
    MOST_OF_ONE,
    MOST_PUPILS,
    SPINS,
    RoomChoice,
    RoomDrawing,
    Rooms,
)

ANIMALS = ("Badger", "Crane", "Dingo", "Eagle", "Falcon")
LINES = [[(10, 10), (100, 200)]]


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def rooms(tmp_path, clock):
    return Rooms(Folder(tmp_path), clock)


@pytest.fixture
def room(rooms):
    return rooms.open("teacher")


def drawing(number: int = 1, **settings) -> RoomDrawing:
    return RoomDrawing(number=number, asked=7, lines=LINES, **settings)


def test_a_code_has_five_letters_and_is_found_however_it_is_typed(rooms, room):
    assert len(room.code) == CODE_LENGTH
    assert not set(room.code) - set(LETTERS)
    assert rooms.room(f" {room.code.lower()} ").code == room.code
    assert rooms.led_by("teacher").code == room.code


@pytest.mark.parametrize(
    "code", ["", "BCDFG", "../..", "bcdf", "bcdfgh", "bcdf/", "AEIOU", "ＢＣＤＦＧ", "X::HTTPS://L/F"]
)
def test_no_other_code_opens_anything(rooms, room, code):
    with pytest.raises(UnknownRoom):
        rooms.room(code)


def test_one_visitor_leads_only_so_many(rooms):
    for _ in range(MOST_OF_ONE):
        rooms.open("teacher")
    with pytest.raises(LimitReached):
        rooms.open("teacher")
    assert rooms.open("another").is_led_by("another")


def test_who_comes_twice_is_who_they_were(room):
    pupil = room.pupil_of("owner")
    first = room.enter(pupil, ANIMALS, "192.168.0.2")
    assert room.enter(pupil, ANIMALS, "192.168.0.9") == first
    assert [one.animal for one in room.present()] == [first.animal]


def test_thirty_impatient_taps_are_one_pupil(room):
    together(*[lambda: room.enter(room.pupil_of("owner"), ANIMALS, "a")] * 30)
    assert len(room.present()) == 1
    assert len(room._names("animals")) == 1


def test_no_two_have_one_animal_and_a_spin_gives_the_old_one_back(room):
    pupils = [room.pupil_of(str(number)) for number in range(4)]
    animals = {room.enter(pupil, ANIMALS, pupil).animal for pupil in pupils}
    assert len(animals) == 4
    (free,) = set(ANIMALS) - animals
    assert room.spin(pupils[0], ANIMALS).animal == free
    assert len({one.animal for one in room.present()}) == 4


def test_spins_end(room):
    pupil = room.pupil_of("owner")
    room.enter(pupil, ANIMALS, "a")
    left = [room.spin(pupil, ANIMALS).spins for _ in range(SPINS)]
    assert left == [2, 1, 0]
    with pytest.raises(RoomError):
        room.spin(pupil, ANIMALS)


def test_a_closed_door_lets_nobody_in_but_those_who_are(room):
    inside = room.pupil_of("inside")
    known = room.enter(inside, ANIMALS, "a")
    room.show(is_closed=True)
    assert room.enter(inside, ANIMALS, "a") == known
    with pytest.raises(RoomError, match="closed"):
        room.enter(room.pupil_of("outside"), ANIMALS, "b")


def test_a_class_fills_up(room):
    animals = [f"Animal{number}" for number in range(MOST_PUPILS + 1)]
    for number in range(MOST_PUPILS):
        room.enter(room.pupil_of(str(number)), animals, str(number))
    with pytest.raises(RoomError, match="full"):
        room.enter(room.pupil_of("late"), animals, "late")


def test_two_at_one_address_are_told_and_a_proxy_is_not(room):
    for name, address in (("a", "1"), ("b", "1"), ("c", "2"), ("d", "3")):
        room.enter(room.pupil_of(name), ANIMALS, address)
    assert sum(one.shares_address for one in room.present()) == 2


def test_behind_a_proxy_all_have_one_address_and_nobody_is_told_apart(room):
    for name in "abcd":
        room.enter(room.pupil_of(name), ANIMALS, "10.0.0.1")
    assert not any(one.shares_address for one in room.present())


def test_who_is_silent_counts_as_away(room, clock):
    pupil = room.pupil_of("owner")
    room.enter(pupil, ANIMALS, "a")
    room.sign(pupil)
    assert room.present()[0].is_here
    clock.now += 60
    assert not room.present()[0].is_here


def test_the_newest_drawing_counts_in_whatever_order_they_come(room):
    assert [room.keep(1, "p", 0, drawing(number)) for number in (3, 2, 3)] == [3, 3, 3]
    assert room.drawing(1, "p-0").number == 3
    assert [*room.stamps("drawings", 1)] == ["p-0"]


def test_a_stage_goes_on_phase_by_phase_for_one_device_only(room):
    room.start("draw")
    room.start("bet dropout")
    room.go_on(2, 1)
    with pytest.raises(RoomError, match="already"):
        room.go_on(2, 1)
    with pytest.raises(RoomError, match="already"):  # a double click
        room.start("draw", after=1)
    assert room.stage().phases == (0, 1)


def together(*calls) -> None:
    threads = [threading.Thread(target=call) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_what_is_shown_at_once_by_two_devices_is_all_shown(room):
    for number in range(1, 41):
        together(lambda: room.start("draw"), lambda: room.show(is_closed=True), lambda: room.show(shows_animals=True))
        assert len(room.stage().steps) == number


def test_of_drawings_that_come_at_once_the_newest_is_kept(room):
    for task in range(40):
        together(*(partial(room.keep, 1, "p", task, drawing(number)) for number in (1, 3, 2)))
        assert room.drawing(1, f"p-{task}").number == 3


def test_a_damaged_room_can_be_erased_and_is_in_nobodys_way(rooms, room, tmp_path):
    another = rooms.open("teacher")
    (tmp_path / ".rooms" / another.code / "room.json").write_bytes(b"{")
    assert rooms.led_by("teacher").code in (room.code, another.code)
    rooms.erase(another.code)
    assert rooms.led_by("teacher").code == room.code


def test_what_is_no_stage_is_not_shown(room):
    with pytest.raises(RoomError):
        room.show(order="by name")
    with pytest.raises(RoomError):
        room.show(current=-1)


def test_a_key_lets_one_device_in_once(room):
    key = room.new_key()
    room.take_key(key, "teacher")  # who tries the link costs it nothing
    room.take_key(key, "phone")
    assert room.is_led_by("phone")
    with pytest.raises(RoomError):
        room.take_key(key, "thief")
    with pytest.raises(RoomError):
        room.take_key("", "thief")
    assert not room.is_led_by("thief")


def test_the_store_tells_no_owner_and_no_key(room, tmp_path):
    room.enter(room.pupil_of("an owner of the lab"), ANIMALS, "192.168.0.2")
    key = room.new_key()
    kept = b"".join(path.read_bytes() + path.name.encode() for path in tmp_path.rglob("*") if path.is_file())
    for secret in ("an owner of the lab", "192.168.0.2", key):
        assert secret.encode() not in kept


def test_an_erased_room_takes_nothing_any_more(rooms, room, tmp_path):
    pupil = room.pupil_of("owner")
    room.enter(pupil, ANIMALS, "a")
    rooms.erase(room.code)
    for late in (
        lambda: room.keep(1, pupil, 0, drawing()),
        lambda: room.choose(1, pupil, 0, RoomChoice(choice=1)),
        lambda: room.enter(pupil, ANIMALS, "a"),
        lambda: room.start("draw"),
        lambda: room.sign(pupil),
    ):
        with pytest.raises(UnknownRoom):
            late()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_is_written_while_a_room_is_erased_goes_too(rooms, room, tmp_path, monkeypatch):
    write = Folder.write

    def write_after_the_erasure(folder, name, content):
        monkeypatch.setattr(Folder, "write", write)
        rooms.erase(room.code)
        write(folder, name, content)

    monkeypatch.setattr(Folder, "write", write_after_the_erasure)
    with pytest.raises(UnknownRoom):
        room.keep(1, "p", 0, drawing())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_room_erases_itself_a_day_after_the_last_sign_of_life(rooms, room, clock):
    clock.now += LIFETIME - 1
    rooms.sweep()
    room.sign()
    clock.now += LIFETIME - 1
    rooms.sweep()
    assert room.exists()
    clock.now += 2
    rooms.sweep()
    assert not room.exists()
    assert rooms.led_by("teacher") is None


def test_a_sweep_leaves_a_room_that_is_being_opened_and_cleans_up_what_is_none(rooms, room, tmp_path):
    folder = tmp_path / ".rooms"
    (folder / "BBBBB").mkdir()
    (folder / "CCCCC" / "drawings").mkdir(parents=True)
    (folder / "DDDDD").mkdir()
    (folder / "DDDDD" / "room.json").write_bytes(b"")
    rooms.sweep()
    assert {path.name for path in folder.iterdir()} == {room.code, "BBBBB", "DDDDD"}


def test_a_sweep_at_any_moment_takes_no_room_that_is_being_opened(rooms):
    stop = threading.Event()

    def sweep() -> None:
        while not stop.is_set():
            rooms.sweep()

    sweeper = threading.Thread(target=sweep)
    sweeper.start()
    try:
        for number in range(40):
            room = rooms.open(f"teacher {number}")
            room.start("draw")
            assert room.exists()
            rooms.erase(room.code)
    finally:
        stop.set()
        sweeper.join()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"animal": 3}', b"\xff", b"1" * 200_000])
def test_damaged_files_are_left_out(rooms, room, tmp_path, content):
    room.keep(1, "p", 0, drawing())
    for name in ("stage.json", "drawings/1/p-0.json", "pupils/p.json", "alive", "choices/1/p-0.json"):
        (tmp_path / ".rooms" / room.code / name).parent.mkdir(exist_ok=True, parents=True)
        (tmp_path / ".rooms" / room.code / name).write_bytes(content)
    assert room.stage().current == 0
    assert room.drawing(1, "p-0") is None
    assert room.choice(1, "p-0") is None
    assert room.present() == []
    rooms.sweep()
    assert room.exists()


def test_two_processes_see_one_room(tmp_path):
    here, there = Rooms(Folder(tmp_path)), Rooms(Folder(tmp_path))
    code = here.open("teacher").code
    there.room(code).start("draw")
    assert here.room(code).stage().steps == ("draw",)
    assert here.room(code).pupil_of("owner") == there.room(code).pupil_of("owner")
