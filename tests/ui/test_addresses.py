"""Whatever an address asks for, every page comes up: what cannot be is said, and the usual shown."""

import random
import sys
from itertools import product
from types import SimpleNamespace

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mnist_lab.config.addresses import LONGEST, Address
from mnist_lab.config.links import OWN_WORDS, read
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.errors import ConfigError
from mnist_lab.ui import resources
from mnist_lab.ui.compare.address import WORDS
from mnist_lab.ui.explore.address import READERS
from mnist_lab.ui.lessons.page import IN_ADDRESS
from mnist_lab.ui.numbers import read_whole
from tests.pages import app_of, at

DIGITS = "9" * 5000
HOSTILE = (
    *(DIGITS, f"-{DIGITS}", f"0.{DIGITS}", f"{DIGITS}e{DIGITS}", f"units>{DIGITS}", f"units:{DIGITS}", "7," * 1000),
    *("-1", "1e999", "1e308", "nan", "inf", "0x10", "1_0", "+5", "00", "٣", "²", "３", "", " ", ",", "," * 1000),
    *("\0", "a\x1b[31m\r\n", "x" * 20_000, "![p](http://p.invalid/x)", "'\"<b>", "%s", "{0}", "../x", "constructor"),
)
PAGES = {
    "draw": ("drawing", "model", "models", "image", "dataset"),
    "train": (*OWN_WORDS, *TrainConfig.model_fields),
    "compare": (*WORDS, "cell"),
    "explore": ("view", *READERS),
    "lessons": (IN_ADDRESS,),
}
SOUND = {  # words without which others are not looked at
    "compare": {"view": ["Curves", "Mistakes"], "runs": ["small-cnn,dense-1024"]},
    "explore": {"view": ["Activations", "One neuron", "Time machine"], "run": ["small-cnn", "scratch-sigmoid-mse"]},
}
TRIED, SAMPLED = 2, 20  # addresses of each page at every change, and words of one


@pytest.fixture
def lab(tmp_path, monkeypatch):
    """The pages of an empty store, without workers, so that nothing begins to train."""
    monkeypatch.setenv("MNIST_LAB_RUNS", str(tmp_path / "runs"))
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # an AppTest puts its script there
    monkeypatch.setattr(type(st.context), "cookies", {})  # of which an AppTest knows none
    monkeypatch.setattr(resources, "engine", lambda: SimpleNamespace(problem="", workers=lambda: 1))
    shared = (resources.store, resources.trash, resources.studies)
    for one in shared:
        one.cache_clear()
    yield
    for one in shared:
        one.cache_clear()


def open_page(page: str, address: dict[str, str]) -> AppTest:
    app = at(app_of(page), **address)
    cut = {name: text[:60] for name, text in address.items()}
    assert all(one.min <= one.value <= one.max for one in app.number_input if one.value is not None), cut
    return app


def some_address(page: str, chance: random.Random) -> dict[str, str]:
    """Every word of a page's address, each of them hostile or, every other time, sound where it can be."""
    sound = SOUND.get(page, {})
    return {
        name: chance.choice(sound[name] if name in sound and chance.random() < 0.5 else HOSTILE) for name in PAGES[page]
    }


@pytest.mark.parametrize("page", PAGES)
def test_a_page_comes_up_whatever_its_address_asks_for(lab, mnist, page):
    chance = random.Random(7)
    for _ in range(TRIED):
        open_page(page, some_address(page, chance))


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_a_page_comes_up_whatever_one_word_asks_for(lab, mnist, page):
    pairs = list(product(PAGES[page], HOSTILE))
    for name, text in random.Random(7).sample(pairs, min(len(pairs), SAMPLED)):
        sound = {word: texts[0] for word, texts in SOUND.get(page, {}).items()}
        open_page(page, {**sound, name: text})


@pytest.mark.parametrize(
    ("page", "name"), [("draw", "image"), ("explore", "image"), ("explore", "why"), ("lessons", "lesson")]
)
def test_what_will_not_do_is_said_in_short(lab, mnist, page, name):
    (warning,) = open_page(page, {name: DIGITS}).warning
    assert "will not do" in warning.value
    assert len(warning.value) < 400


@pytest.mark.parametrize("text", HOSTILE)
def test_whole_numbers_are_read_within_their_bounds(text):
    address = Address({"here": text})
    number = address.number("here", 0, 9)
    assert number == {"00": 0, "٣": 3, "３": 3}.get(text)
    assert len(address.problems) == (number is None)
    with pytest.raises(ConfigError, match="a whole number from 10 to 99"):
        read_whole(10, 99, text)


def test_words_are_read_within_their_length():
    address = Address({"short": "a,b,,a", "long": "x" * (LONGEST + 1), "torn": "a\nb"})
    assert address.words("short") == ["a", "b"]
    assert address.word("short", ["a"], "a letter") is address.word("long") is address.word("torn") is None
    assert address.word("none") is None
    assert [problem.partition(":")[0] for problem in address.problems] == ["short", "long", "torn"]


@pytest.mark.parametrize("text", HOSTILE)
def test_every_setting_of_a_training_stays_within_its_bounds(text):
    for field in (*TrainConfig.model_fields, *OWN_WORDS):
        link = read({field: text})
        assert TrainConfig.model_validate(link.config.model_dump()) == link.config
        assert all(len(problem) < 2000 for problem in link.problems)
