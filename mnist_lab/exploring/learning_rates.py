"""What a range test says about the learning rate."""

from typing import NamedTuple

import numpy as np

from mnist_lab.exploring.findings import Array, Sweep

LOWEST, HIGHEST = 1e-5, 10.0  # the rates that are tried
BLUR = 1 / 30  # of all steps: how far the losses of neighbouring batches are taken together
MARGIN = 4.0  # the suggestion stays so many times below the rate where the loss is lowest
LEAST_FALL = 0.02  # of the first loss: less is no fall


class Suggestion(NamedTuple):
    """A learning rate, or None, and the reason in a sentence."""

    rate: float | None
    reason: str


def smoothed(sweep: Sweep) -> Array:
    """The losses, each taken together with those of its neighbours by a Gaussian, float32 (n,)."""
    from scipy.ndimage import gaussian_filter1d

    return np.asarray(gaussian_filter1d(sweep.losses, BLUR * len(sweep.losses), mode="nearest"), np.float32)


def suggest(sweep: Sweep) -> Suggestion:
    """A rate between the one at which the loss falls fastest and one well below that at which it stops falling.

    Falls are measured by factors of the rate: from 0.01 to 0.1 is as far as from 0.1 to 1.
    """
    smooth = smoothed(sweep)
    lowest = int(smooth.argmin())
    if smooth[0] - smooth[lowest] < LEAST_FALL * smooth[0]:
        return Suggestion(None, "The loss hardly falls at any rate, so there is nothing to suggest.")
    slopes = np.gradient(smooth, np.log(sweep.rates))
    steepest, turn = float(sweep.rates[int(slopes[: lowest + 1].argmin())]), float(sweep.rates[lowest])
    rate = rounded(float(np.sqrt(min(steepest, turn / MARGIN) * turn / MARGIN)))
    return Suggestion(
        rate,
        f"The loss falls fastest near {rounded(steepest):g} and no further from about {rounded(turn):g} on. "
        f"{rate:g} lies between, on the safe side.",
    )


def rounded(rate: float) -> float:
    """The rate as people write it: with one digit."""
    return float(f"{np.clip(rate, LOWEST, HIGHEST):.0e}")
