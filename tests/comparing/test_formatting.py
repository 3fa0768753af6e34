"""Numbers as they are shown can be believed: signs, thresholds and sums."""

import numpy as np
import pytest

from mnist_lab.comparing.formatting import adding_up, decimal, difference, p_value


@pytest.mark.parametrize("digits", [0, 1, 2, 3])
def test_what_rounds_to_zero_has_no_minus_and_everything_else_keeps_its_sign(digits):
    tiny = -0.4 * 10.0**-digits
    assert decimal(tiny, digits) == decimal(0.0, digits) == decimal(-0.0, digits)
    assert decimal(tiny, digits, plus=True).startswith("+0")
    assert decimal(-1.0, digits).startswith("−1")


@pytest.mark.parametrize("value", [0.0502, 0.0496, 0.05, 0.04999999, 0.0500001, 0.03, 0.051, 1e-9, 1.0, 0.0])
def test_a_p_value_is_shown_on_its_own_side_of_the_threshold(value):
    shown = float(p_value(value))
    assert (shown < 0.05) == (value < 0.05)
    assert (shown == 0.05) == (value == 0.05)
    assert shown == pytest.approx(value, rel=0.05, abs=1e-12)


def test_a_p_value_far_from_the_threshold_has_two_digits():
    assert [p_value(value) for value in (0.031234, 0.51234, 0.0502)] == ["0.031", "0.51", "0.0502"]


def test_the_terms_of_a_sum_make_the_total_as_all_are_shown():
    assert adding_up((2.5341, -0.0281), 2.506) == [2.54, -0.03]  # and not 2.53 - 0.03 = 2.51
    random = np.random.default_rng(0)
    for count, digits in ((2, 2), (3, 1), (10, 0), (5, 3)):
        for terms in random.normal(0, 3, (200, count)):
            total = float(terms.sum())
            shown = adding_up(terms.tolist(), total, digits)
            assert sum(round(term * 10**digits) for term in shown) == round(round(total, digits) * 10**digits)
            assert np.abs(np.array(shown) - terms).max() < 10.0**-digits + 1e-9


def test_who_subtracts_what_is_shown_finds_the_difference_that_is_shown():
    first, second = np.random.default_rng(1).uniform(90, 100, (2, 500))
    found = [f"{value:.2f}" for value in difference(first, second, 2)]
    by_hand = [f"{float(f'{one:.2f}') - float(f'{two:.2f}'):.2f}" for one, two in zip(first, second, strict=True)]
    assert found == [text.replace("-0.00", "0.00") for text in by_hand]
    assert found != [f"{value:.2f}" for value in first - second]
