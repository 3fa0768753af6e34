"""Small images inside HTML, every pixel sharp."""

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def pixels(image: NDArray[np.floating[Any]], alt: str, side: int = 112) -> str:
    """An <img> of a grey image in [0, 1] or of colours (h, w, 3 or 4) in [0, 1], at most `side` CSS pixels wide."""
    return f'<img class="pixels" src="{data_url(image)}" alt="{alt}" style="width:{side}px" decoding="sync">'


def data_url(image: NDArray[np.floating[Any]]) -> str:
    """The same image as the address of a PNG file that holds it itself."""
    buffer = io.BytesIO()
    Image.fromarray(np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)).save(buffer, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
