"""From a drawing or an image to what every model takes: float32 (28, 28) in [0, 1], ink bright.

MNIST's own recipe (LeCun et al. 1998, "Gradient-based learning applied to document recognition", section III.A): the
digit is scaled until its longest side is 20 pixels and placed in a 28 x 28 field with its centre of mass in the middle.
"""

import warnings
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_lab.errors import ImageError

FloatImage = NDArray[np.float32]

SIDE = 28
LONGEST = 20
MIDDLE = 14.0  # mean centre of mass of MNIST's training images, in pixel indices, both ways
FAINTEST_INK = 0.12  # contrast below this is paper, JPEG noise or a smudge
LARGEST_SIDE = 12_000
WORKING_SIDE = 560


def prepare(image: Any) -> FloatImage | None:
    """What the models see of `image`, or None where there is no ink.

    `image` is a PIL image or an array: uint8 in 0..255 or float in [0, 1], of shape (h, w), (h, w, 3) or (h, w, 4).
    Dark ink on light and light ink on dark both work, and so does ink on a transparent background.
    Returns float32 (28, 28) in [0, 1], ink bright. Raises ImageError for anything else.
    """
    drawn = ink(image)
    box = crop(drawn)
    return None if box is None else centre(fit(box))


def read_image(file: str | Path | BinaryIO) -> Image.Image:
    """Open an image file of any format that Pillow reads, turned as its EXIF data says.

    Raises ImageError, with a message for people, for a file that is missing, empty, truncated, no image or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file) as image:
                if max(image.size) > LARGEST_SIDE:
                    width, height = image.size
                    raise ImageError(f"The image is {width} x {height} pixels; the longest side may be {LARGEST_SIDE}.")
                image.draft("L", (WORKING_SIDE, WORKING_SIDE))
                return ImageOps.exif_transpose(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ImageError("The image has far too many pixels. Scale it down and try again.") from None
    except UnidentifiedImageError:
        raise ImageError("This file is not an image that can be read. Use PNG, JPEG, WebP or GIF.") from None
    except FileNotFoundError:
        raise ImageError("There is no such file.") from None
    except (OSError, SyntaxError, ValueError) as error:
        raise ImageError(f"The image is damaged or incomplete and cannot be read ({error}).") from None


def ink(image: Any) -> FloatImage:
    """How much ink lies on each pixel: float32 (h, w) in [0, 1], 0 the background, whichever was the brighter.

    The background is the median along the border, or whatever shows through where the image is transparent.
    """
    brightness, opacity = _brightness_and_opacity(image)
    if opacity is not None and opacity.min() < 1.0:
        total = float(opacity.sum())
        written = float((brightness * opacity).sum()) / total if total else 1.0
        background = 0.0 if written >= 0.5 else 1.0
        brightness = brightness * opacity + background * (1.0 - opacity)
    else:
        border = np.concatenate([brightness[0], brightness[-1], brightness[:, 0], brightness[:, -1]])
        background = float(np.median(border))
    contrast = np.abs(brightness - background)
    strongest = float(contrast.max())
    if strongest < FAINTEST_INK:
        return np.zeros_like(contrast)
    contrast /= strongest
    contrast[contrast < FAINTEST_INK] = 0.0
    return contrast


def crop(drawn: FloatImage) -> FloatImage | None:
    """The smallest box around all ink, or None where there is none."""
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    if rows.size == 0:
        return None
    return drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def fit(box: FloatImage, longest: int = LONGEST) -> FloatImage:
    """Scale a box of ink, its proportions kept, until its longest side is `longest` pixels."""
    height, width = box.shape
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    scaled = np.asarray(Image.fromarray(box).resize(size, Image.Resampling.BILINEAR), dtype=np.float32)
    return scaled / max(float(scaled.max()), 1e-6)


def centre(box: FloatImage, side: int = SIDE) -> FloatImage:
    """Place a box of ink in a `side` x `side` field, its centre of mass as near the middle as whole pixels allow."""
    height, width = box.shape
    mass = float(box.sum())
    y = float((box.sum(axis=1) * np.arange(height)).sum()) / mass
    x = float((box.sum(axis=0) * np.arange(width)).sum()) / mass
    top = min(max(round(MIDDLE - y), 0), side - height)
    left = min(max(round(MIDDLE - x), 0), side - width)
    field = np.zeros((side, side), dtype=np.float32)
    field[top : top + height, left : left + width] = box
    return field


def _brightness_and_opacity(image: Any) -> tuple[FloatImage, FloatImage | None]:
    """Luminance (ITU-R 601) and opacity, float32 (h, w) in [0, 1]; no opacity where the image has none."""
    if isinstance(image, Image.Image):
        image = _shrink(image)
        has_alpha = "A" in image.getbands() or "transparency" in image.info
        if not has_alpha and image.mode in ("L", "1"):
            return np.asarray(image.convert("L"), dtype=np.float32) / 255.0, None
        if image.mode.startswith("I") or image.mode == "F":
            image = _stretch(np.asarray(image, dtype=np.float32))
            return image, None
        image = np.asarray(image.convert("RGBA" if has_alpha else "RGB"))
    pixels = np.asarray(image)
    if pixels.size == 0 or pixels.ndim not in (2, 3) or (pixels.ndim == 3 and pixels.shape[2] not in (3, 4)):
        raise ImageError(f"An image has the shape (h, w), (h, w, 3) or (h, w, 4), not {pixels.shape}.")
    if pixels.dtype == np.uint8:
        pixels = pixels.astype(np.float32) / 255.0
    elif not np.issubdtype(pixels.dtype, np.floating):
        raise ImageError(f"An image holds uint8 in 0..255 or floats in [0, 1], not {pixels.dtype}.")
    elif not np.isfinite(pixels).all() or pixels.min() < 0.0 or pixels.max() > 1.0:
        raise ImageError("An image of floats must stay in [0, 1].")
    pixels = pixels.astype(np.float32)
    if pixels.ndim == 2:
        return pixels, None
    brightness = pixels[..., :3] @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return brightness, (pixels[..., 3] if pixels.shape[2] == 4 else None)


def _shrink(image: Image.Image) -> Image.Image:
    """A large photo scaled down, so that what follows costs the same for every image."""
    if max(image.size) <= WORKING_SIDE or image.mode in ("P", "1"):
        return image
    smaller = image.copy()
    smaller.thumbnail((WORKING_SIDE, WORKING_SIDE))
    return smaller


def _stretch(pixels: FloatImage) -> FloatImage:
    """Brightness of any range, such as 16-bit grey, brought to [0, 1]."""
    low, high = float(pixels.min()), float(pixels.max())
    return (pixels - low) / (high - low) if high > low else np.zeros_like(pixels)
