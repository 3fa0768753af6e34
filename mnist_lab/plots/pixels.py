"""Small images inside HTML, every pixel sharp."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_lab.plots.pictures import data_url


def pixels(image: NDArray[np.floating[Any]], alt: str, side: int = 112) -> str:
    """An <img> of a grey image in [0, 1] or of colours (h, w, 3 or 4) in [0, 1], at most `side` CSS pixels wide."""
    return f'<img class="pixels" src="{data_url(image)}" alt="{alt}" style="width:{side}px" decoding="sync">'
