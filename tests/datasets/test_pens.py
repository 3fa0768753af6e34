"""Pen digits: what is read, how it is drawn, and that no writer is on both sides."""

import gzip
import json

import numpy as np
import pytest

from mnist_lab.datasets import pens
from mnist_lab.errors import DatasetError
from mnist_lab.images.strokes import draw, resized

BAR = (np.array([[0.25, 0.5], [0.75, 0.5]], dtype=np.float32),)


def lines(*writers: int) -> bytes:
    return b"".join(
        json.dumps({"label": 1, "writer": writer, "strokes": [[[250, 0], [250, 500]]]}).encode() + b"\n"
        for writer in writers
    )


def test_a_line_is_as_wide_as_the_pen_and_has_round_ends():
    drawn = draw(BAR, side=280, pen_width=20)
    assert (drawn.shape, drawn.dtype) == ((280, 280), np.uint8)
    assert drawn[:, 140].sum() / 255 == pytest.approx(20, abs=0.6)
    assert drawn[140].sum() / 255 == pytest.approx(140 + 20, abs=0.6)
    assert drawn[131, 61] == 0 and drawn[140, 61] == 255


def test_a_single_point_is_a_dot():
    drawn = draw((np.array([[0.5, 0.5]], dtype=np.float32),), pen_width=20)
    assert drawn.sum() / 255 == pytest.approx(np.pi * 10**2, rel=0.03)


def test_strokes_are_placed_without_changing_their_proportions():
    stroke = np.array([[0.1, 0.1], [0.2, 0.3]], dtype=np.float32)
    (placed,) = resized((stroke,), longest=0.5, middle=(0.6, 0.4))
    np.testing.assert_allclose(placed, [[0.475, 0.15], [0.725, 0.65]], atol=1e-6)


def test_a_file_is_read_plain_and_gzipped(tmp_path):
    plain, packed = tmp_path / "pens.jsonl", tmp_path / "pens.jsonl.gz"
    plain.write_bytes(lines(7))
    packed.write_bytes(gzip.compress(lines(7)))
    for path in (plain, packed):
        (digit,) = pens.read(path)
        assert (digit.label, digit.writer) == (1, 7)
        np.testing.assert_array_equal(digit.strokes[0], [[0.5, 0.0], [0.5, 1.0]])


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "pens.jsonl.gz"
    path.write_bytes(gzip.compress(lines(7))[:-9])
    with pytest.raises(DatasetError, match=r"pens\.jsonl\.gz"):
        pens.read(path)


def test_those_of_the_folder_in_the_environment_take_the_place_of_the_labs_own(tmp_path, monkeypatch):
    own = pens.load()
    monkeypatch.setenv("MNIST_LAB_DATA", str(tmp_path))
    assert pens.load() is own
    (tmp_path / "pen-strokes-dev.jsonl").write_bytes(lines(7, 8))
    assert [digit.writer for digit in pens.load()] == [7, 8]


def test_no_writer_is_on_both_sides_and_a_seed_always_holds_out_the_same():
    digits = pens.load()
    parts = pens.split_by_writer(digits, held_out=8, seed=0)
    learned, held_out = ({digit.writer for digit in part} for part in parts)
    assert len(held_out) == 8 and len(learned) == 22 and not learned & held_out
    assert len(parts.learned) + len(parts.held_out) == len(digits) == 7494
    assert pens.held_out_writers(digits, 8, 0) == held_out != pens.held_out_writers(digits, 8, 1)
