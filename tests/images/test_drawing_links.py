import base64
import zlib
from itertools import pairwise

import numpy as np
import pytest

from mnist_lab.datasets import pens
from mnist_lab.errors import ImageError
from mnist_lab.images.drawing_links import MOST_POINTS, MOST_STROKES, MOST_TEXT, TOLERANCE, decode, encode, simplify
from mnist_lab.images.preprocessing import prepare
from mnist_lab.images.strokes import CANVAS_SIDE, draw
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.runs import BUNDLED

ZIGZAG = [(10, 10), (60.5, 200), (100, 12), (140.5, 180)]


def packed(numbers: bytes, version: str = "1") -> str:
    return version + base64.urlsafe_b64encode(zlib.compress(numbers)).decode().rstrip("=")


@pytest.fixture(scope="module")
def drawn():
    """Pen digits with a point every few pixels, whole ones, as a browser reports a pointer: the strokes of each."""
    return [[as_pointed(stroke * CANVAS_SIDE) for stroke in digit.strokes] for digit in pens.load()[::25]]


def as_pointed(line):
    behind = np.concatenate([[0.0], np.hypot(*np.diff(line, axis=0).T).cumsum()])
    reports = np.linspace(0.0, behind[-1], max(int(behind[-1] / 4), 1) + 1)
    return np.rint(np.stack([np.interp(reports, behind, line[:, axis]) for axis in (0, 1)], axis=1)).tolist()


def seen(drawing):
    return prepare(draw([np.array(stroke, np.float32) / CANVAS_SIDE for stroke in drawing]))


def test_what_is_shared_comes_back():
    drawing = [ZIGZAG, [(5, 5)], [(-3, 300), (400, 2)]]
    strokes, pen_width = decode(encode(drawing, 17.5))
    assert strokes == [[(float(x), float(y)) for x, y in stroke] for stroke in drawing]
    assert pen_width == 17.5


def test_texts_of_real_digits_are_short_and_fit_into_an_address(drawn):
    texts = [encode(drawing, 20) for drawing in drawn]
    assert np.median([len(text) for text in texts]) < 150
    assert max(len(text) for text in texts) < 300
    assert all(text.replace("-", "").replace("_", "").isalnum() for text in texts)


def test_a_shared_digit_is_read_as_the_drawn_one(drawn):
    model = Predictor.load(BUNDLED / "small-cnn" / "model.tflite")
    before = model.probabilities(np.stack([seen(drawing) for drawing in drawn]))
    after = model.probabilities(np.stack([seen(decode(encode(drawing, 20))[0]) for drawing in drawn]))
    assert (before.argmax(axis=1) == after.argmax(axis=1)).mean() >= 0.99


def test_a_simplified_line_stays_near_every_point_of_the_drawn_one(drawn):
    for stroke in (np.array(stroke) for drawing in drawn[:40] for stroke in drawing):
        short = simplify(stroke)
        fine = np.concatenate([np.linspace(a, b, 200) for a, b in pairwise(short)] or [short])
        off = np.hypot(*(stroke[:, np.newaxis] - fine).transpose(2, 0, 1)).min(axis=1)
        assert off.max() < TOLERANCE + 0.5


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1!!!!",
        "1AAAA",
        "1" + "A" * 9,
        "é" * 20,
        "1" + "é" * 20,
        "2" + encode([ZIGZAG], 20)[1:],
        encode([ZIGZAG], 20)[:-4],
        encode([ZIGZAG], 20) + "AAAA",
        "1" * (MOST_TEXT + 1),
        packed(b""),
        packed(b"\xc8\x01"),  # no stroke
        packed(b"\xc8\x01\x00"),  # a stroke without points
        packed(b"\xc8\x01\x02\x02\x02"),  # fewer points than it says
        packed(b"\xc8\x01\x01\x02"),  # half a point
        packed(b"\x00\x01\x02\x02"),  # no pen
        packed(b"\xc8\x01\x01" + b"\xff" * 9 + b"\x01\x02"),  # a huge number
        packed(b"\xc8\x01\x01\xff\xff\xff\x0f\x02"),  # far outside
        packed(b"\xc8\x01" + b"\x01\x02\x02" * (MOST_STROKES + 1)),
        packed(b"\xc8\x01\x89\x27" + b"\x00\x02" * (MOST_POINTS + 1)),
        packed(bytes(5_000_000)),  # a bomb
    ],
)
def test_a_damaged_or_hostile_text_is_refused_kindly(text):
    with pytest.raises(ImageError, match="link"):
        decode(text)


def test_no_single_wrong_character_leads_to_another_drawing():
    text, refused = encode([ZIGZAG], 20), 0
    meant = decode(text)
    for place in range(len(text)):
        wrong = text[:place] + ("B" if text[place] == "A" else "A") + text[place + 1 :]
        try:
            found = decode(wrong)
        except ImageError:
            refused += 1
        else:
            assert found == meant, place  # some bits mean nothing
    assert 0 < len(text) - refused < len(text) / 10


@pytest.mark.parametrize("drawing", [[], [[]], [[(1, 1)]] * 201, [[(9e9, 0)]], [[(float("nan"), 0)]]])
def test_a_drawing_out_of_bounds_is_not_shared(drawing):
    with pytest.raises(ImageError):
        encode(drawing, 20)


def test_a_scribble_too_long_for_a_link_is_not_shared():
    scribble = np.random.default_rng(0).uniform(0, 280, (4900, 2)).tolist()
    with pytest.raises(ImageError, match="too large"):
        encode([scribble], 20)
