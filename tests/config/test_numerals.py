"""Numbers as people write them."""

import pytest
from pydantic_core import PydanticCustomError

from mnist_lab.config.numerals import Steps, quoted, real, whole, written


@pytest.mark.parametrize(
    ("text", "number"),
    [("0,2", 0.2), (" 0,001 ", 0.001), (",5", 0.5), ("-1,5", -1.5), ("1,5e-3", 0.0015), ("1e-3", 0.001), ("0.2", 0.2)],
)
def test_a_decimal_comma_is_read_where_it_can_be_nothing_else(text, number):
    assert float(real(text)) == number


@pytest.mark.parametrize("text", ["5,000", "12,345"])
def test_a_comma_that_may_stand_between_thousands_is_asked_about(text):
    with pytest.raises(PydanticCustomError, match=f"{text.replace(',', '.')} or as {text.replace(',', '')}"):
        real(text)


@pytest.mark.parametrize(("text", "number"), [("60,000", 60_000), ("1e3", 1000), ("1,000,000", 1_000_000), ("7", 7)])
def test_a_whole_number_may_have_commas_between_thousands(text, number):
    assert int(whole(text)) == number


@pytest.mark.parametrize("given", ["many", "1,5", "1e-3", "1e999", "1e9999999999", "1,00", "", None, 3, [1]])
def test_what_is_no_whole_number_is_left_for_others_to_refuse(given):
    assert whole(given) == given


@pytest.mark.parametrize(
    ("number", "text"),
    [
        *((0.001, "0.001"), (1e-6, "0.000001"), (1e-05, "0.00001"), (0.1 + 0.2, "0.30000000000000004"), (10.0, "10")),
        *((0.0, "0"), (100.0, "100"), (128, "128"), (60_000, "60000"), (1e-9, "1e-09"), (None, "")),
    ],
)
def test_a_number_is_written_in_full_and_reads_back(number, text):
    assert written(number) == text
    if number is not None:
        assert float(text) == number


def test_steps_are_round_numbers_from_one_bound_to_the_other():
    assert Steps(10, (1, 2, 5)).stops(1e-3, 0.3) == (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3)
    assert Steps(10, (1, 2, 5), least=0.1).stops(0.0, 1.0) == (0.0, 0.1, 0.2, 0.5, 1.0)
    assert Steps(10, tuple(range(1, 10)), least=0.1).stops(0, 0.99)[1:4] == (0.1, 0.2, 0.3)
    assert Steps(2).stops(1, 100) == (1, 2, 4, 8, 16, 32, 64, 100)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        *(("many", "'many'"), (["0", "2"], "'0 2'"), ((1, 2.5), "'1 2.5'"), (["a", (1, 2)], "'a 1 2'"), (7, "7")),
        *((True, "true"), (None, "null"), ({"a": [1]}, '{"a": [1]}'), ("x" * 200, f"'{'x' * 80}…'"), (1e-07, "1e-07")),
    ],
)
def test_what_was_given_is_never_said_as_python_writes_it(given, said):
    assert quoted(given) == said
