import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnist_lab.datasets.corruptions import corrupt
from mnist_lab.errors import ImageError
from mnist_lab.images.preprocessing import ALL_STEPS, Step, prepare, trace
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED
from tests.drawings import STROKES, draw, likeness

DIGITS = sorted(STROKES)


def speckled(level, spread, seed=0):
    """A grey canvas with the noise of a camera on it: uint8 (120, 120)."""
    noise = np.random.default_rng(seed).integers(-spread, spread + 1, (120, 120))
    return (level + noise).astype(np.uint8)


def rgba(ink, opacity):
    return np.stack([np.full_like(opacity, ink)] * 3 + [opacity], axis=-1)


def with_a_transparent_index(drawing):
    indexed = Image.fromarray(np.asarray(drawing.point(lambda value: value > 0)).astype(np.uint8), "P")
    indexed.putpalette([255, 0, 0, 0, 0, 0] + [0] * 762)
    indexed.info["transparency"] = 0
    return indexed


MODES = {
    **{
        mode: lambda image, mode=mode: image.convert(mode) for mode in ("RGB", "RGBA", "LA", "1", "P", "I", "F", "CMYK")
    },
    "I;16": lambda image: Image.fromarray(np.asarray(image).astype(np.uint16) * 257),
    "P with transparency": with_a_transparent_index,
    "array of floats": lambda image: np.asarray(image, dtype=np.float32) / 255,
    "array (h, w, 3)": lambda image: np.asarray(image.convert("RGB")),
}


@pytest.mark.parametrize("digit", DIGITS)
def test_what_comes_out_is_what_models_take(digit):
    result = prepare(draw(digit))
    assert (result.shape, result.dtype) == ((28, 28), np.float32)
    assert result.min() == 0.0
    assert 0.9 < result.max() <= 1.0


@pytest.mark.parametrize("digit", DIGITS)
def test_the_longest_side_is_20(digit):
    inked = prepare(draw(digit)) > 0
    height, width = (np.ptp(np.flatnonzero(inked.any(axis=axis))) + 1 for axis in (1, 0))
    assert max(height, width) == 20


@pytest.mark.parametrize("digit", DIGITS)
def test_the_centre_of_mass_is_in_the_middle(digit):
    result = prepare(draw(digit))
    rows, columns = np.indices(result.shape)
    assert abs((rows * result).sum() / result.sum() - 14.0) < 0.55
    assert abs((columns * result).sum() / result.sum() - 14.0) < 0.55


@pytest.mark.parametrize("digit", DIGITS)
def test_polarity_does_not_matter(digit):
    light_on_dark = np.asarray(draw(digit))
    np.testing.assert_allclose(prepare(255 - light_on_dark), prepare(light_on_dark), atol=1e-6)


@pytest.mark.parametrize("mode", MODES)
def test_every_kind_of_image_gives_the_same(mode):
    image = draw(2)
    np.testing.assert_allclose(prepare(MODES[mode](image)), prepare(image), atol=1e-5)


@pytest.mark.parametrize("mode", ["RGB", "1", "P", "I;16"])
def test_a_large_image_of_every_mode_gives_the_same(mode):
    image = draw(2, size=1400, width=100)
    assert likeness(prepare(MODES[mode](image)), prepare(image)) > 0.85


@pytest.mark.parametrize("ink", [0, 60, 200, 255])
def test_ink_of_any_brightness_on_a_transparent_ground(ink):
    drawing = np.asarray(draw(2))
    np.testing.assert_allclose(prepare(rgba(ink, drawing)), prepare(drawing), atol=1e-5)


@pytest.mark.parametrize(
    "blank",
    [
        np.zeros((280, 280), np.uint8),
        np.full((280, 280), 255, np.uint8),
        np.full((280, 280, 3), 128, np.uint8),
        np.zeros((280, 280, 4), np.uint8),
        rgba(255, np.zeros((280, 280), np.uint8)),
        np.ones((40, 40), np.float64),
        speckled(128, 4),
        speckled(245, 6),
        np.zeros((1, 1), np.uint8),
        Image.new("I;16", (50, 50), 40_000),
        Image.fromarray(speckled(128, 4).astype(np.uint16) * 2),
    ],
    ids=["black", "white", "grey", "clear", "clear white", "floats", "noise", "paper", "pixel", "I;16", "I;16 noise"],
)
def test_a_blank_image_is_none(blank):
    assert prepare(blank) is None


@pytest.mark.parametrize("side", [1, 2, 30])
def test_a_dot_gives_an_image(side):
    canvas = np.zeros((280, 280), np.uint8)
    canvas[100 : 100 + side, 50 : 50 + side] = 255
    result = prepare(canvas)
    assert np.isfinite(result).all()
    assert result.max() == 1.0


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("corner", [(10, 10), (150, 10), (10, 150), (150, 150)])
def test_the_place_on_the_canvas_does_not_matter(digit, corner):
    moved = draw(digit, box=(*corner, 120))
    np.testing.assert_allclose(prepare(moved), prepare(draw(digit, box=(80, 80, 120))), atol=1e-6)


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("times", [2, 3, 5])
def test_the_size_of_the_drawing_hardly_matters(digit, times):
    small = draw(digit, 100, (20, 20, 60), 9)
    large = draw(digit, 100 * times, (20 * times, 20 * times, 60 * times), 9 * times)
    assert likeness(prepare(large), prepare(small)) > 0.85


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("width", [6, 12, 30])
def test_the_width_of_the_pen_hardly_matters(digit, width):
    box = (40, 40, 200)
    thin, usual = prepare(draw(digit, box=box, width=width)), prepare(draw(digit, box=box))
    assert likeness(thin, usual) > 0.85
    assert thin.sum() == pytest.approx(usual.sum(), rel=0.3)


@pytest.mark.parametrize("left_out", [None, *Step])
def test_the_last_stage_of_a_trace_is_what_prepare_returns(left_out):
    steps = ALL_STEPS - {left_out}
    last = trace(draw(2), steps)[-1].image
    assert (last.shape, last.dtype) == ((28, 28), np.float32)
    np.testing.assert_array_equal(last, prepare(draw(2), steps))
    assert (left_out in (None, Step.CLEAN)) == np.array_equal(last, prepare(draw(2)))  # there was nothing to clean


def test_no_step_at_all_only_resizes():
    resized = np.asarray(draw(2).resize((28, 28), Image.Resampling.BILINEAR)) / 255
    np.testing.assert_allclose(prepare(draw(2), ()), resized, atol=0.03)


def test_a_blank_image_has_its_ink_as_the_only_stage():
    assert [stage.name for stage in trace(np.zeros((50, 50), np.uint8))] == ["ink"]


def test_a_drawing_cut_out_to_its_last_pixel_loses_no_ink():
    drawing = draw(2)
    np.testing.assert_allclose(prepare(drawing.crop(drawing.getbbox())), prepare(drawing), atol=1e-6)


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((28,), np.uint8),
        np.zeros((0, 28), np.uint8),
        np.zeros((28, 28, 2), np.uint8),
        np.zeros((1, 28, 28, 3), np.uint8),
        np.zeros((28, 28), np.int32),
        np.zeros((28, 28), bool),
        np.full((28, 28), np.nan, np.float32),
        np.full((28, 28), 1.5, np.float32),
        np.full((28, 28), -0.1, np.float32),
        "seven",
        None,
        Image.fromarray(np.pad(np.full((1, 1), np.inf, np.float32), 20)),
    ],
    ids=["1d", "empty", "2 channels", "4d", "int32", "bool", "nan", "above 1", "below 0", "text", "none", "infinite F"],
)
def test_what_is_no_image_is_refused(wrong):
    with pytest.raises(ImageError, match="An image"):
        prepare(wrong)


def test_images_of_mnist_pass_nearly_unchanged_but_for_their_stroke_width(mnist):
    before = mnist.x_test[:300]
    after = [prepare(image, ALL_STEPS - {Step.STROKE_WIDTH}) for image in before]
    assert np.mean([np.corrcoef(a.ravel(), b.ravel())[0, 1] for a, b in zip(before, after, strict=True)]) > 0.97
    redrawn = [prepare(image) for image in before]
    assert np.mean([likeness(a, b) for a, b in zip(before.astype(float), redrawn, strict=True)]) > 0.9


def test_a_model_reads_prepared_mnist_as_well_as_mnist(mnist):
    predictor = Predictor.load(BUNDLED / "small-cnn" / "model.tflite")
    images, labels = mnist.x_test[:1000], mnist.y_test[:1000]
    prepared = np.stack([prepare(image) for image in images])
    plain, ours = ((predictor.probabilities(x).argmax(axis=1) == labels).mean() for x in (images, prepared))
    assert ours > plain - 0.01


@pytest.mark.parametrize("digit", DIGITS)
@pytest.mark.parametrize("places", [[(4, 4)], [(270, 8), (6, 200)], [(140, 3), (3, 140), (272, 140)]])
def test_specks_around_a_digit_change_nothing(digit, places):
    dirty = np.array(draw(digit, box=(80, 80, 120)).convert("L"))
    clean = prepare(dirty)
    for x, y in places:
        dirty[y : y + 5, x : x + 5] = 255
    np.testing.assert_allclose(prepare(dirty), clean, atol=1e-6)


def test_a_digit_in_separate_parts_keeps_them_all():
    canvas = Image.new("L", (280, 280))
    pen = ImageDraw.Draw(canvas)
    pen.line([(100, 60), (100, 130), (150, 140), (160, 190), (100, 220)], fill=255, width=16, joint="curve")
    whole = canvas.copy()
    ImageDraw.Draw(whole).line([(125, 55), (185, 55)], fill=255, width=16)  # the bar of a 5, set apart
    assert np.count_nonzero(trace(whole)[1].image) == np.count_nonzero(trace(whole)[0].image)
    assert likeness(prepare(whole), prepare(canvas)) < 0.95


def test_a_stroke_that_a_blur_has_made_faint_is_kept_beside_a_dark_one():
    seven = np.zeros((28, 28), np.float32)
    seven[5:8, 7:21] = 1.0
    seven[8:24, 16:19] = 0.45
    assert prepare(seven)[18:].max() > 0.9


@pytest.mark.parametrize("name", ["impulse noise", "dotted line", "stripe", "fog", "brightness"])
def test_dirty_paper_changes_little_of_what_is_read(mnist, name):
    predictor = Predictor.load(BUNDLED / "house-cnn" / "model.tflite")
    images, labels = mnist.x_train[-200:], mnist.y_train[-200:]
    prepared = np.stack([prepare(image) for image in corrupt(images, name)])
    assert (predictor.probabilities(prepared).argmax(axis=1) == labels).mean() > 0.88
