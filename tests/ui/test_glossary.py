"""Terms explain themselves."""

import pytest

from mnist_lab.lessons.library import library
from mnist_lab.ui.glossary import TERMS, found_in, term


def test_terms_are_found_in_any_form_in_their_order_and_once():
    text = "Learning rates and batches: two units, a unit, and the hidden layers' biases. Overlosses are no loss."
    assert found_in(text) == ["learning rate", "batch", "unit", "hidden layer", "bias", "loss"]


def test_the_longest_term_counts():
    assert found_in("batch normalization after each batch") == ["batch normalization", "batch"]


def test_what_explains_a_term_is_text_and_no_markup():
    assert "<dfn" in term("softmax")
    assert not [name for name, about in TERMS.items() if "<" in about or not about.endswith(".")]
    with pytest.raises(KeyError):
        term("magic")


def test_lessons_that_use_terms_name_them():
    named = {lesson.id for lesson in library().lessons.values() if found_in(lesson.text)}
    assert {"dropout", "softmax", "batches", "learning-rate"} <= named
