"""Numbers as people read them: no negative zero, nothing rounded across a threshold, sums that add up as shown."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

SIGNIFICANT = 0.05  # below it, a p-value says that a difference is no luck
MINUS = "−"  # as wide as a plus


def decimal(value: float, digits: int = 2, plus: bool = False) -> str:
    """So many decimals, with MINUS for a minus, which zero has not. With `plus`, other numbers get a plus sign."""
    text = f"{value:+z.{digits}f}" if plus else f"{value:z.{digits}f}"
    return text.replace("-", MINUS)


def percent(share: float, digits: int = 2) -> str:
    """A share of one: "98.40 %"."""
    return f"{100 * share:.{digits}f} %"


def p_value(value: float) -> str:
    """Two digits, or as many as keep it on its side of 0.05: "0.031", but "0.0502", and "0.0496" rather than "0.05"."""
    for digits in range(2, 17):
        text = f"{value:.{digits}g}"
        if np.sign(float(text) - SIGNIFICANT) == np.sign(value - SIGNIFICANT):
            break
    return text


def adding_up(terms: Sequence[float], total: float, digits: int = 2) -> list[float]:
    """The terms of a sum, rounded to so many decimals in such a way that they make the rounded `total`.

    Where the terms as they round by themselves do not, those are moved by one step whose rounding was the nearest thing
    to a tie (the method of largest remainders), so none is further than a step from what it is.
    """
    step = 10.0**-digits
    exact = [term / step for term in terms]
    rounded = [round(term) for term in exact]
    missing = round(round(total, digits) / step) - sum(rounded)
    way = 1 if missing > 0 else -1
    nearest = sorted(range(len(terms)), key=lambda place: way * (rounded[place] - exact[place]))
    for place in nearest[: abs(missing)]:
        rounded[place] += way
    return [round(term * step, digits) for term in rounded]


def difference(first: ArrayLike, second: ArrayLike, digits: int) -> NDArray[np.float64]:
    """`first` less `second`, each rounded as it is shown, so that readers who subtract get the same."""
    rounded = np.vectorize(round, otypes=[np.float64])
    found: NDArray[np.float64] = np.round(rounded(first, digits) - rounded(second, digits), digits)
    return found
