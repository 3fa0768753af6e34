"""Image files, good and bad, on their way in."""

import io
import struct
import subprocess
import sys
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from mnist_lab.errors import ImageError
from mnist_lab.images.preprocessing import prepare, read_image
from tests.conftest import ROOT
from tests.drawings import draw, likeness

TURNS = {1: 0, 3: 180, 6: 90, 8: -90}  # EXIF orientation: how far the stored pixels were turned, counterclockwise


def encoded(format, image=None, **options):
    buffer = io.BytesIO()
    (image or draw(7)).save(buffer, format, **options)
    return buffer.getvalue()


def huge_png(side):
    """A PNG of a few bytes whose header promises `side` x `side` pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(100))) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_file_gives_what_its_pixels_give(tmp_path, format):
    path = tmp_path / "drawing"
    path.write_bytes(encoded(format, quality=95))
    expected = prepare(draw(7))
    assert likeness(prepare(read_image(path)), expected) > 0.85
    assert likeness(prepare(read_image(io.BytesIO(path.read_bytes()))), expected) > 0.85


@pytest.mark.parametrize("format", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [280, 1200])
@pytest.mark.parametrize("orientation", TURNS)
def test_a_photo_is_turned_upright(format, orientation, size):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = draw(7, size).rotate(TURNS[orientation])
    photo = read_image(io.BytesIO(encoded(format, stored, exif=exif.tobytes(), quality=95)))
    assert likeness(prepare(photo), prepare(draw(7))) > 0.85


def test_a_large_photo_reads_like_a_small_one():
    large = draw(2, size=4000, width=280)
    photo = read_image(io.BytesIO(encoded("JPEG", large)))
    assert likeness(prepare(photo), prepare(draw(2))) > 0.85


@pytest.mark.parametrize(
    ("content", "hint"),
    [
        (b"", "not an image"),
        (b"I am a text.\n" * 20, "not an image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><path d='M0 0'/></svg>", "Use PNG"),
        (encoded("PNG")[:-300], "damaged or incomplete"),
        (encoded("PNG")[:20], "damaged or incomplete|not an image"),
        (encoded("JPEG")[:-2000], "damaged or incomplete"),
        (encoded("WEBP")[:-200], "damaged or incomplete|not an image"),
        (encoded("GIF")[:-300], "damaged or incomplete"),
        (huge_png(50_000), "Scale it down"),
        (huge_png(9_000), "more than 50 million"),
        (huge_png(7_000), "damaged or incomplete"),
        *((encoded(format), "Use PNG, JPEG, WebP or GIF") for format in ("BMP", "TIFF", "PPM", "EPS", "ICO")),
    ],
    ids=[
        *("empty", "text", "svg", "png", "png header", "jpeg", "webp", "gif", "bomb", "small bomb", "damaged bomb"),
        *("bmp", "tiff", "ppm", "eps", "ico"),
    ],
)
def test_an_unreadable_file_is_refused_at_once_with_a_hint(tmp_path, content, hint):
    path = tmp_path / "upload.png"
    path.write_bytes(content)
    started = time.monotonic()
    with pytest.raises(ImageError, match=hint):
        read_image(path)
    assert time.monotonic() - started < 1.0


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ImageError, match="no such file"):
        read_image(tmp_path / "nothing.png")


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(ImageError, match=r"folder|directory"):
        read_image(tmp_path)


def test_an_image_that_is_too_long_is_refused():
    with pytest.raises(ImageError, match="20000 x 2"):
        read_image(io.BytesIO(encoded("PNG", Image.new("L", (20_000, 2)))))


@pytest.mark.parametrize(
    ("format", "mode"),
    [
        *(("PNG", mode) for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("WEBP", mode) for mode in ("RGB", "RGBA")),
        ("GIF", "P"),
    ],
)
@pytest.mark.parametrize("size", [280, 700])
def test_an_image_of_every_mode_is_read_and_can_be_shown(format, mode, size):
    drawn = draw(7, size)
    stored = Image.fromarray(np.asarray(drawn, np.uint16) * 257) if mode == "I;16" else drawn.convert(mode)
    read = read_image(io.BytesIO(encoded(format, stored, quality=95)))
    assert likeness(prepare(read), prepare(draw(7))) > 0.85
    assert encoded("PNG", read)


READING = """
import resource, sys, time
from mnist_lab.images.preprocessing import prepare, read_image

def most():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

before, started = most(), time.process_time()
assert prepare(read_image(sys.argv[1])) is not None
print(most() - before, time.process_time() - started)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("format", "mode", "options"),
    [
        ("PNG", "RGBA", {"compress_level": 1}),
        ("PNG", "P", {"compress_level": 1, "transparency": 255}),
        ("JPEG", "RGB", {"progressive": True}),
    ],
)
def test_a_photo_of_48_megapixels_is_read_within_bounds(tmp_path, format, mode, options):
    photo = Image.new("L", (8000, 6000), 255)
    photo.paste(draw(7, size=4000, width=280), (2000, 1000))
    (tmp_path / "photo").write_bytes(encoded(format, photo.convert(mode), **options))
    reading = [sys.executable, "-c", READING, str(tmp_path / "photo")]
    done = subprocess.run(reading, cwd=ROOT, capture_output=True, text=True, check=True)
    megabytes, seconds = map(float, done.stdout.split())
    assert megabytes < 600
    assert seconds < 5


@pytest.mark.parametrize("mode", ["1", "P"])
def test_a_large_image_of_few_colours_takes_little_memory(mode):
    large = draw(7, size=3_000, width=200).convert(mode)
    tracemalloc.start()
    assert prepare(large) is not None
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 30e6
