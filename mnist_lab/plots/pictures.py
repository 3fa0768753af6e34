"""Arrays as small pictures."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

POSITIVE, NEGATIVE = (0.16, 0.45, 0.95), (0.93, 0.42, 0.08)
INK, FAINT = 0.5, 0.45  # how bright ink is beneath colours, and how much of it shows


def laid_out(values: NDArray[np.floating[Any]]) -> NDArray[np.floating[Any]]:
    """Values as one picture (h, w): an image as it is, units (n,) in rows, maps (h, w, n) side by side.

    What is between maps and behind the last unit is NaN.
    """
    if values.ndim == 2:
        return values
    if values.ndim == 1:
        values = values[np.newaxis, np.newaxis]
    height, width, units = values.shape
    columns = int(np.ceil(np.sqrt(units)))
    rows, gap = -(-units // columns), int(height > 1)
    picture = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap), np.nan, values.dtype)
    for unit in range(units):
        top, left = (unit // columns) * (height + gap), (unit % columns) * (width + gap)
        picture[top : top + height, left : left + width] = values[..., unit]
    return picture


def signed(picture: NDArray[np.floating[Any]], most: float | None = None) -> NDArray[np.float64]:
    """A picture (h, w) in colours (h, w, 4) in [0, 1]: blue above 0, orange below, clear at 0 and where it is NaN.

    `most` gets the strongest colour; of itself the largest magnitude does.
    """
    most = most or max(float(np.nanmax(np.abs(picture))), 1e-9)
    share = np.clip(np.nan_to_num(picture) / most, -1, 1)
    colors = np.where(share[..., np.newaxis] >= 0, POSITIVE, NEGATIVE)
    return np.concatenate([colors, np.abs(share)[..., np.newaxis]], axis=-1)


def above_ink(picture: NDArray[np.floating[Any]], image: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """A picture (h, w) in the colours of `signed`, above an image (h, w) in [0, 1] whose ink is a faint grey."""
    colors, ink = signed(picture), FAINT * image[..., np.newaxis]
    seen = colors[..., 3:]
    alpha = seen + ink * (1 - seen)
    mixed = colors[..., :3] * seen + INK * ink * (1 - seen)
    return np.concatenate([mixed / np.maximum(alpha, 1e-9), alpha], axis=-1)


def data_url(image: NDArray[np.floating[Any]]) -> str:
    """A grey image, or colours (h, w, 3 or 4), in [0, 1], as the address of a PNG file that holds it itself."""
    buffer = io.BytesIO()
    Image.fromarray(np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)).save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
