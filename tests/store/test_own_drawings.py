import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mnist_lab.errors import ImageError, StoreError
from mnist_lab.images.preprocessing import prepare
from mnist_lab.inference.predictor import Predictor
from mnist_lab.store.own_drawings import OwnSet
from mnist_lab.store.runs import BUNDLED

ONE = [[(140.0, 60.0), (140.0, 220.0)]]
SEVEN = [[(80.0, 60.0), (200.0, 60.0), (120.0, 230.0)]]


def canvas(strokes):
    image = Image.new("L", (280, 280))
    for stroke in strokes:
        ImageDraw.Draw(image).line(stroke, fill=255, width=20, joint="curve")
    return image


def png(strokes):
    content = io.BytesIO()
    canvas(strokes).save(content, "PNG")
    return content.getvalue()


@pytest.fixture
def own(tmp_path):
    return OwnSet(tmp_path / "mine", "ann", clock=iter(range(1000, 2000)).__next__)


def files(own, suffix):
    return sorted(Path(own.folder.path).glob(f"*{suffix}"))


def test_what_is_added_is_listed_in_order(own):
    added = [own.add(1, png(ONE), ONE, 7, 0.6, "small-cnn"), own.add(7, png(SEVEN), SEVEN)]
    assert own.listing() == (added, {})
    record = own.listing().drawings[0].record
    assert (record.label, record.answer, record.probability, record.model) == (1, 7, 0.6, "small-cnn")
    assert record.strokes == ONE
    assert record.created == 1000


def test_owners_do_not_see_each_other(own, tmp_path):
    own.add(1, png(ONE))
    assert OwnSet(tmp_path / "mine", "bob").listing() == ([], {})


@pytest.mark.parametrize("owner", ["", ".", "..", "../ann", "a/b", "a\\b", "ann\n", "a" * 65, "ä", "s3://x"])
def test_an_owner_cannot_leave_the_folder(tmp_path, owner):
    with pytest.raises(StoreError):
        OwnSet(tmp_path, owner)


def test_deleting_takes_both_files_and_nothing_else(own):
    first, second = own.add(1, png(ONE)), own.add(7, png(SEVEN))
    for gone in (first.id, first.id, "no-such", f"../ann/{second.id}"):
        own.delete(gone)
    assert own.listing().drawings == [second]
    assert len(files(own, "")) == 2


def test_arrays_are_what_prepare_makes_of_the_canvas(own):
    own.add(1, png(ONE))
    own.add(7, png(SEVEN))
    images, labels = own.arrays()
    assert (images.shape, images.dtype, labels.tolist()) == ((2, 28, 28), np.float32, [1, 7])
    np.testing.assert_array_equal(images[1], prepare(canvas(SEVEN)))


def test_an_empty_set_has_no_score_and_empty_arrays(own):
    model = Predictor.load(BUNDLED / "small-cnn" / "model.tflite")
    assert own.score(model) is None
    assert own.arrays().images.shape == (0, 28, 28)


def test_the_score_is_the_share_read_as_labelled(own):
    model = Predictor.load(BUNDLED / "small-cnn" / "model.tflite")
    for label, strokes in ((1, ONE), (7, SEVEN), (7, SEVEN), (3, ONE)):
        own.add(label, png(strokes))
    assert own.score(model) == 0.75


def test_damaged_files_are_named_and_hide_no_other(own):
    drawings = [own.add(1, png(ONE)) for _ in range(5)]
    records, pictures = files(own, ".json"), files(own, ".png")
    records[0].write_bytes(records[0].read_bytes()[:20])
    records[1].write_text(json.dumps({"label": 11, "created": 1.0}))
    pictures[2].write_bytes(pictures[2].read_bytes()[:100])
    pictures[3].unlink()
    listed, problems = own.listing()
    assert listed == drawings[4:]
    assert list(problems) == [drawing.id for drawing in drawings[:4]]
    assert len(own.arrays().labels) == 1


def test_a_picture_whose_record_could_not_be_written_is_not_there(own, monkeypatch):
    kept = own.add(1, png(ONE))
    write = own.folder.write

    def failing(name, content):
        if name.endswith(".json"):
            raise StoreError("the disk is full")
        write(name, content)

    monkeypatch.setattr(own.folder, "write", failing)
    with pytest.raises(StoreError):
        own.add(7, png(SEVEN))
    assert own.listing() == ([kept], {})


@pytest.mark.parametrize("bad", [{"png": b""}, {"png": b"no image"}, {"png": png([])}, {"label": 10}, {"label": -1}])
def test_what_is_no_drawing_is_not_kept(own, bad):
    with pytest.raises(ImageError):
        own.add(**{"label": 1, "png": png(ONE), **bad})
    assert files(own, "") == []


def test_the_download_holds_pictures_records_and_a_table(own):
    drawing = own.add(7, png(SEVEN), SEVEN, 7, 0.9, "small-cnn")
    with zipfile.ZipFile(io.BytesIO(own.zipped())) as archive:
        assert sorted(archive.namelist()) == [f"{drawing.id}.json", f"{drawing.id}.png", "labels.csv"]
        assert archive.read(f"{drawing.id}.png") == drawing.png
        assert archive.read("labels.csv").decode().splitlines()[1] == f"{drawing.id}.png,7,7,0.9,small-cnn"


def test_the_folder_is_named_by_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_LAB_MINE", str(tmp_path / "elsewhere"))
    OwnSet.default("ann").add(1, png(ONE))
    assert len(list((tmp_path / "elsewhere" / "ann").iterdir())) == 2
