"""From a drawing or an image to what every model takes: float32 (28, 28) in [0, 1], ink bright.

MNIST's own recipe (LeCun et al. 1998, "Gradient-based learning applied to document recognition", section III.A): the
digit is scaled until its longest side is 20 pixels and placed in a 28 x 28 field with its centre of mass in the middle.
Before that its strokes are redrawn as wide as MNIST's, whatever the pen was: the middle line of each stroke is found by
thinning (Zhang and Suen 1984, "A fast parallel algorithm for thinning digital patterns") and redrawn.
"""

import warnings
from collections.abc import Collection
from enum import StrEnum
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from mnist_lab.errors import DAMAGE, ImageError

FloatImage = NDArray[np.float32]

SIDE = 28
LONGEST = 20
MIDDLE = 14.0  # mean centre of mass of MNIST's training images, in pixel indices, both ways
FAINTEST_INK = 0.12  # contrast below this is paper, JPEG noise or a smudge
STROKE_WIDTH = 2.4  # of MNIST's digits, in pixels of the 28 x 28 field
STROKE_SHARE = STROKE_WIDTH / LONGEST  # the same, of a digit's longest side
THINNING_SIDE = 96  # strokes are thinned at this size: exact to a quarter of a final pixel, and quick
THINNING_THRESHOLD = 0.6  # more ink than this is stroke; high, since small loops close before thin strokes break
NEARBY = THINNING_SIDE // 5  # pixels: ink is measured by the darkest in a square so wide,
LEAST_NEARBY = 0.6  # which counts as no fainter than this; so strokes last that are fainter than others, as in a blur
PEN_QUANTILE = 0.3  # of the depths along the middle lines, that of the pen; the deeper ones are crossings and blots
FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
LARGEST_SIDE = 12_000
MOST_PIXELS = 50_000_000  # photos of 48 megapixels: decoded in seconds, and within 600 MB
WORKING_SIDE = 560
SMALLEST_PHOTO = 64  # pixels; light on smaller images is even
EVEN_SHARE = 0.5  # of the pixels: where more have the very same brightness, no light fell on it
PAPER_SHARE = 0.25  # of the shorter side: thicker strokes are taken for a shadow
INKED = 0.3  # less is the edge of a stroke, or noise
TOUCHING = np.ones((3, 3))  # pixels are of one part also where only their corners meet
SPECK = 0.25  # of the longest connected part: what is no longer is dirt
GRAINS = 0.15  # share of a border that may be of another brightness before that means anything
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]])  # a pixel and its four neighbours
STANDS_OUT = 0.5  # from them, in ink
GRAIN, MANY_GRAINS = 2, 12  # pixels; how many parts no longer than that make an image grainy
PHOTO_BLUR = 0.004  # of the shorter side: evens out noise, not strokes


class Step(StrEnum):
    """A step on the way from ink to what the models see; each can be left out, to see what it is worth."""

    CLEAN = "clean"
    CROP = "crop"
    STROKE_WIDTH = "stroke width"
    SIZE = "size"
    CENTRE = "centre"


ALL_STEPS = frozenset(Step)


class Stage(NamedTuple):
    """A drawing after one step: float32 (h, w) in [0, 1], ink bright. The first is named "ink"."""

    name: str
    image: FloatImage


def prepare(image: Any, steps: Collection[Step] = ALL_STEPS) -> FloatImage | None:
    """What the models see of `image`, or None where there is no ink.

    `image` is a PIL image or an array: uint8 in 0..255 or float in [0, 1], of shape (h, w), (h, w, 3) or (h, w, 4).
    Dark ink on light and light ink on dark both work, and so does ink on a transparent background.
    Returns float32 (28, 28) in [0, 1], ink bright. Raises ImageError for anything else.
    """
    stages = trace(image, steps)
    return stages[-1].image if len(stages) > 1 else None


def trace(image: Any, steps: Collection[Step] = ALL_STEPS) -> list[Stage]:
    """The stages that `image` goes through: its ink, then one for each of `steps`; the last is what `prepare` returns.

    The last stage is there for any steps, float32 (28, 28) in [0, 1]: without SIZE the longest side becomes 28
    pixels, without CENTRE the middle of the box comes to the middle of the field, and with no step at all the picture
    is just resized. A blank image has its ink as the only stage.
    """
    stages = [Stage("ink", ink(image))]
    drawn = stages[0].image
    if not drawn.any():
        return stages
    if Step.CLEAN in steps:
        drawn = clean(drawn)
        stages.append(Stage(Step.CLEAN, drawn))
    if Step.CROP in steps:
        drawn = crop(drawn)
        stages.append(Stage(Step.CROP, drawn))
    if Step.STROKE_WIDTH in steps:
        drawn = even(drawn)
        drawn = crop(drawn) if Step.CROP in steps else drawn
        stages.append(Stage(Step.STROKE_WIDTH, drawn))
    drawn = fit(drawn, LONGEST if Step.SIZE in steps else SIDE)
    if Step.SIZE in steps:
        stages.append(Stage(Step.SIZE, drawn))
    return [*stages, Stage(Step.CENTRE, place(drawn, balance(drawn) if Step.CENTRE in steps else middle(drawn)))]


def read_image(file: str | Path | BinaryIO) -> Image.Image:
    """A PNG, JPEG, WebP or GIF file, turned as its EXIF data says, its longest side at most WORKING_SIDE pixels.

    Its mode is one that can be shown: grey, of 1, 8 or 16 bits, or colours, with or without a palette and opacity.
    Raises ImageError, with a message for people, for a file that is missing, empty, truncated, no image or too large.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as image:
                _check_size(*image.size)
                image.draft("L", (WORKING_SIDE, WORKING_SIDE))
                smaller = _shrink(image)
        upright = ImageOps.exif_transpose(smaller)
        return upright.convert("RGB") if upright.mode == "CMYK" else upright
    except Image.DecompressionBombError:
        raise ImageError("The image has far too many pixels. Scale it down and try again.") from None
    except UnidentifiedImageError:
        raise ImageError("This file is not an image that can be read. Use PNG, JPEG, WebP or GIF.") from None
    except FileNotFoundError:
        raise ImageError("There is no such file.") from None
    except IsADirectoryError:
        raise ImageError("This is a folder, not an image.") from None
    except DAMAGE as error:
        raise ImageError(f"The image is damaged or incomplete and cannot be read ({error}).") from None


def _check_size(width: int, height: int) -> None:
    if max(width, height) > LARGEST_SIDE:
        raise ImageError(f"The image is {width} x {height} pixels; the longest side may be {LARGEST_SIDE}.")
    if width * height > MOST_PIXELS:
        most = f"{MOST_PIXELS // 1_000_000} million"
        raise ImageError(f"The image is {width} x {height} pixels, more than {most}. Scale it down and try again.")


def ink(image: Any) -> FloatImage:
    """How much ink lies on each pixel: float32 (h, w) in [0, 1], 0 the background, no matter which was brighter.

    The background is the median along the border, or what shows through where the image is transparent. Where the
    border is lighter in some places than in others, as on a photo of paper, `flatten` finds the background instead, and
    `between_edges` in an image too small for that.
    """
    background: float | FloatImage
    brightness, opacity = _brightness_and_opacity(image)
    if opacity is not None and opacity.min() < 1.0:
        total = float(opacity.sum())
        written = float((brightness * opacity).sum()) / total if total else 1.0
        background = 0.0 if written >= 0.5 else 1.0
        brightness = brightness * opacity + background * (1.0 - opacity)
    else:
        border = np.concatenate([brightness[0], brightness[-1], brightness[:, 0], brightness[:, -1]])
        background = float(np.median(border))
        if min(brightness.shape) < SMALLEST_PHOTO:
            if _spread(border, GRAINS) >= FAINTEST_INK:
                background = between_edges(brightness)
        elif (brightness == background).mean() < EVEN_SHARE and _spread(border, 0.05) >= FAINTEST_INK:
            return flatten(brightness)
    contrast = np.abs(brightness - background)
    strongest = float(contrast.max())
    if strongest < FAINTEST_INK:
        return np.zeros_like(contrast)
    contrast /= strongest
    contrast[contrast < FAINTEST_INK] = 0.0
    return contrast


def _spread(values: FloatImage, tail: float) -> float:
    """How far values lie apart, without that share of the lowest and of the highest."""
    return float(np.ptp(np.quantile(values, (tail, 1 - tail))))


def flatten(brightness: FloatImage) -> FloatImage:
    """The ink of a photo that light falls on unevenly; both float32 (h, w) in [0, 1], the ink bright.

    The paper is what a morphological closing leaves: it fills all that is dark and thinner than PAPER_SHARE of the
    shorter side, and keeps slopes and the edges of shadows. Ink is how much less light comes back than from the paper
    there, as a share; for light ink on something dark, the same with the brightness turned around. What is fainter
    than a third of the strongest ink, or than Otsu's threshold, is noise of the camera.
    """
    from scipy.ndimage import gaussian_filter, grey_closing, median_filter
    from skimage.filters import threshold_otsu

    shorter = min(brightness.shape)
    smooth = np.maximum(gaussian_filter(brightness, PHOTO_BLUR * shorter), FAINTEST_INK / 4)
    coarse = np.log(smooth[:: shorter // 48, :: shorter // 48])
    relief = coarse - median_filter(coarse, 25, mode="nearest")  # a median keeps the edges of shadows, too
    if float((relief**3).sum()) > 0.0:  # what stands out is light
        smooth = 1.0 - smooth
    window = round(PAPER_SHARE * shorter)
    padded = np.pad(smooth, window, mode="edge")
    paper = grey_closing(padded, (window, window))[window:-window, window:-window]
    contrast = (paper - smooth) / np.maximum(paper, FAINTEST_INK)
    strongest = float(np.quantile(contrast, 0.999))
    if strongest < FAINTEST_INK:
        return np.zeros_like(brightness)
    threshold = max(float(threshold_otsu(contrast)), strongest / 3)
    drawn = np.clip((contrast / threshold - 0.75) * 2.0, 0.0, 1.0).astype(np.float32)
    drawn[drawn < FAINTEST_INK] = 0.0
    return drawn


def between_edges(brightness: FloatImage) -> FloatImage:
    """The background of a small image that is lighter on one side, or in stripes; both float32 (h, w) in [0, 1].

    It goes evenly from the top edge to the bottom one, or from the left to the right, whichever leaves less ink.
    """
    height, width = brightness.shape
    down, right = np.linspace(0, 1, height, dtype=np.float32)[:, None], np.linspace(0, 1, width, dtype=np.float32)
    upright = brightness[0] * (1 - down) + brightness[-1] * down
    across = brightness[:, :1] * (1 - right) + brightness[:, -1:] * right
    return min((upright, across), key=lambda paper: float(np.abs(brightness - paper).mean()))


def clean(drawn: FloatImage) -> FloatImage:
    """The ink without specks: connected parts that are short against the longest one; both float32 (h, w) in [0, 1].

    In a small image with many grains, pixels that stand out from their four neighbours take these pixels' median before
    (a switching median filter: Sun and Neuvo 1994, Pattern Recognition Letters 15:341).
    """
    from scipy.ndimage import binary_dilation, label, median_filter

    parts, count = label(drawn >= INKED, TOUCHING)
    if count < 2:
        return drawn
    lengths = _lengths(parts)
    if min(drawn.shape) < SMALLEST_PHOTO and (lengths <= GRAIN).sum() >= MANY_GRAINS:
        median = median_filter(drawn, footprint=CROSS)
        smooth = np.where(np.abs(drawn - median) > STANDS_OUT, median, drawn)
        parts, count = label(smooth >= INKED, TOUCHING)
        if not count:
            return drawn
        drawn, lengths = smooth, _lengths(parts)
    kept = 1 + np.flatnonzero(lengths > SPECK * lengths.max())
    return np.where(binary_dilation(np.isin(parts, kept)), drawn, np.float32(0))


def _lengths(parts: NDArray[np.int32]) -> NDArray[np.int64]:
    """The longest side of each of the numbered parts, in pixels; int64 (parts,)."""
    from scipy.ndimage import find_objects

    return np.array([max(axis.stop - axis.start for axis in box) for box in find_objects(parts)], dtype=np.int64)


def crop(drawn: FloatImage) -> FloatImage:
    """The smallest box around all ink; there must be some."""
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    return drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def even(drawn: FloatImage) -> FloatImage:
    """Redraw every stroke with the width that MNIST's digits have for their size, STROKE_SHARE of the longest side.

    float32 (h, w) to float32 (h', w'), both in [0, 1] with ink bright; the result is some 100 pixels long and has a
    margin. What the pen's width does not explain, such as a loop that a thick pen has filled, stays as a blot, as much
    thinner as the strokes became. A dot, no longer than it is thick, has no stroke to speak of and keeps its shape.
    """
    from scipy.ndimage import distance_transform_edt, maximum_filter  # half a second, with the next: not before needed
    from skimage.morphology import skeletonize

    margin = round(THINNING_SIDE * STROKE_SHARE)
    worked = np.pad(fit(drawn, THINNING_SIDE), margin)
    inked = worked >= THINNING_THRESHOLD * np.maximum(maximum_filter(worked, NEARBY), LEAST_NEARBY)
    line, depth = skeletonize(inked), distance_transform_edt(inked)
    length = max(np.ptp(axis) for axis in np.nonzero(line)) + 1
    pen_radius = float(np.quantile(depth[line], PEN_QUANTILE))
    if length <= 2.0 * pen_radius:
        return worked
    radius = 0.5 * length * STROKE_SHARE / (1.0 - STROKE_SHARE)  # the strokes' own width is part of the longest side
    strokes = radius - distance_transform_edt(~line)
    blots = depth - 0.5 - max(pen_radius - radius, 0.0)
    return np.clip(np.maximum(strokes, blots) + 0.5, 0.0, 1.0).astype(np.float32)


def fit(box: FloatImage, longest: int = LONGEST) -> FloatImage:
    """Scale a box of ink, its proportions kept, until its longest side is `longest` pixels."""
    height, width = box.shape
    scale = longest / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    scaled = np.asarray(Image.fromarray(box).resize(size, Image.Resampling.BILINEAR), dtype=np.float32)
    return scaled / max(float(scaled.max()), 1e-6)


def centre(box: FloatImage) -> FloatImage:
    """Place a box of ink in the 28 x 28 field with its centre of mass in the middle."""
    return place(box, balance(box))


def balance(box: FloatImage) -> tuple[float, float]:
    """The centre of mass of the ink, (y, x) in pixel indices."""
    height, width = box.shape
    mass = float(box.sum())
    y = float((box.sum(axis=1) * np.arange(height)).sum()) / mass
    x = float((box.sum(axis=0) * np.arange(width)).sum()) / mass
    return y, x


def middle(box: FloatImage) -> tuple[float, float]:
    """The middle of the box itself, (y, x) in pixel indices, such that a box of 28 x 28 fills the field."""
    height, width = box.shape
    return height / 2, width / 2


def place(box: FloatImage, point: tuple[float, float], side: int = SIDE) -> FloatImage:
    """Put `point` of a box of ink in the middle of a square field, as near as whole pixels and its edges allow."""
    height, width = box.shape
    top = min(max(round(MIDDLE - point[0]), 0), side - height)
    left = min(max(round(MIDDLE - point[1]), 0), side - width)
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
            return _to_unit(np.asarray(image, dtype=np.float32)), None
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
    scale = WORKING_SIDE / max(image.size)
    if scale >= 1.0:
        image.load()
        return image
    if image.mode in ("P", "1"):  # their values are no brightness, and cannot be averaged
        image = image.convert("RGBA" if "transparency" in image.info else "L")
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), reducing_gap=2.0)


def _to_unit(pixels: FloatImage) -> FloatImage:
    """Brightness in one of the usual ranges, to 1, to 255 or to 65535, brought to [0, 1]."""
    if not np.isfinite(pixels).all() or pixels.min() < 0.0:
        raise ImageError("An image holds brightness: finite, and from 0 up.")
    highest = float(pixels.max())
    return pixels / next((limit for limit in (1.0, 255.0, 65535.0) if highest <= limit), highest)
