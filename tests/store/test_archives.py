"""Runs as zip files: what one lab packs another takes in, and what nobody should take in."""

import io
import json
import pickle
import time
import zipfile
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from mnist_lab.cli import main
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.engine.continuation import continued
from mnist_lab.engine.worker import execute
from mnist_lab.errors import ArchiveError, RunError, StoreError
from mnist_lab.networks.keras_files import check_layers
from mnist_lab.store import archives
from mnist_lab.store.archive_checks import try_models
from mnist_lab.store.archives import pack, take_in
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import BUNDLED, RunStore
from mnist_lab.store.trash import Trash

RUN = "small-cnn"


@pytest.fixture
def lab(tmp_path):
    return RunStore(tmp_path / "lab")


@pytest.fixture
def other(tmp_path):
    return RunStore(tmp_path / "other", bundled=None)


@pytest.fixture
def files(lab):
    """The files of a packed run, to be changed and packed again."""
    return unzipped(pack(lab, [lab.get(RUN)]))


def unzipped(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            archive.writestr(name, value)
    return content.getvalue()


def changed(content, **changes):
    return json.dumps({**json.loads(content), **changes}).encode()


def nothing_is_there(store):
    return store.listing() == ([], {}) and not list(store.folder._fs.glob(f"{store.folder.path}/.*"))


def test_a_run_goes_from_one_lab_to_another_with_all_that_matters(lab, other):
    lab.annotate(RUN, note="the best", tags=("lesson 3",))
    (run,) = take_in(other, pack(lab, [lab.get(RUN)]), owner="ann")
    before = lab.get(RUN)
    assert (run.id, run.name, run.asked.owner, run.config) == (RUN, before.name, "ann", before.config)
    assert (run.state, run.summary, run.annotation) == (before.state, before.summary, before.annotation)
    assert other.metrics(RUN) == lab.metrics(RUN)
    np.testing.assert_array_equal(other.evaluation(RUN).probabilities, lab.evaluation(RUN).probabilities)
    assert other.read(RUN, "model.tflite") == lab.read(RUN, "model.tflite")
    assert other.read(RUN, "model.keras") == lab.read(RUN, "model.keras")


def test_a_run_that_an_earlier_lab_packed_is_taken_in_and_gone_on_with(other):
    content = Path(__file__).with_name("exported_by_an_earlier_lab.zip").read_bytes()
    (run,) = take_in(other, content)
    child = other.create(continued(run, {"epochs": 1}), "child", parent=run.id)
    assert execute(other, child.id).state is RunState.FINISHED


@pytest.mark.parametrize(("module", "passes"), [("networks", True), ("training", True), ("store", False)])
def test_the_lab_s_own_loss_is_known_where_it_was_and_where_it_is(files, lab, module, passes):
    loss = {"module": f"mnist_lab.{module}.keras_models", "class_name": "QuadraticCost", "config": {}}
    model = unzipped(files[f"{RUN}/model.keras"])
    model["config.json"] = changed(model["config.json"], compile_config={"loss": loss})
    with nullcontext() if passes else pytest.raises(RunError, match="QuadraticCost"):
        check_layers(zipped(model), lab.get(RUN).config)


def test_an_id_that_is_taken_is_not_taken_again(lab, other):
    content = pack(lab, [lab.get(RUN)])
    first, second = take_in(other, content)[0], take_in(other, content)[0]
    assert (first.id, second.name) == (RUN, first.name)
    assert second.id != first.id
    Trash(other).put(first)
    (third,) = take_in(other, content)
    assert third.id not in (RUN, second.id)
    assert take_in(lab, content)[0].id != RUN


def test_several_runs_come_as_one_file_and_all_or_none_come_in(lab, other, files, monkeypatch):
    two = pack(lab, [lab.get(RUN), lab.get("logistic-mnist")])
    assert [run.id for run in take_in(other, two)] == [RUN, "logistic-mnist"]
    for run in other.listing().runs:
        other.delete(run.id)
    with pytest.raises(ArchiveError, match="The run worse cannot be taken in"):
        take_in(other, zipped(files | {"worse/config.json": b"{}"}))
    assert nothing_is_there(other)
    publish, done = other.folder.publish, []

    def full_at_last(its_files, name):
        if done:
            raise StoreError("The disk is full.")
        done.append(name)
        publish(its_files, name)

    monkeypatch.setattr(other.folder, "publish", full_at_last)
    with pytest.raises(StoreError):
        take_in(other, two)
    assert nothing_is_there(other)


def test_a_run_without_a_model_cannot_be_packed(lab):
    with pytest.raises(RunError, match="no model yet"):
        pack(lab, [lab.create(TrainConfig(), "waits")])


def test_what_macos_adds_to_an_archive_does_not_matter(other, files):
    added = {f"__MACOSX/{RUN}/._config.json": b"x", f"{RUN}/.DS_Store": b"x", f"{RUN}/": b""}
    assert take_in(other, zipped(files | added))[0].id == RUN


@pytest.mark.parametrize(
    "path",
    [
        *("../config.json", f"{RUN}/../../evil.py", "/etc/config.json", f"{RUN}/sub/config.json", "config.json"),
        *(
            f"{RUN}/stop",
            f"{RUN}/claim-1",
            ".trash/config.json",
            f"{RUN}/model.pkl",
            f"{RUN}\\config.json",
            ".../config.json",
        ),
    ],
)
def test_only_known_files_of_a_run_are_taken_in(other, files, path):
    with pytest.raises(ArchiveError, match="no part of a run"):
        take_in(other, zipped({path: b"1"} | files))
    assert nothing_is_there(other)


def npz(**arrays):
    content = io.BytesIO()
    np.savez_compressed(content, **arrays)
    return content.getvalue()


def inflated(name, size):
    """An archive of one file that is as large as it says only once it is unpacked."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, bytes(size))
    return content.getvalue()


def lying_npy():
    """A header that promises a terabyte."""
    content = io.BytesIO()
    np.lib.format.write_array_header_1_0(content, {"descr": "<f4", "fortran_order": False, "shape": (10**11, 10)})
    return zipped({"probabilities.npy": content.getvalue(), "labels.npy": b"", "labels_sha256.npy": b""})


LABELS = np.zeros(3, np.uint8)
PICKLED = zipped({"probabilities.npy": pickle.dumps([1]), "labels.npy": b"", "labels_sha256.npy": b""})


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [
        ("evaluation.npz", b"no zip", "evaluation.npz is damaged"),
        ("evaluation.npz", npz(probabilities=np.array([{}]), labels=LABELS, labels_sha256="x"), "not what it says"),
        ("evaluation.npz", PICKLED, "evaluation.npz is damaged"),
        ("evaluation.npz", lying_npy(), "not what it says"),
        ("evaluation.npz", inflated("probabilities.npy", 9_000_000), "larger than 4.01 MB"),
        ("evaluation.npz", npz(probabilities=np.zeros((2, 10)), labels=LABELS, labels_sha256="x"), "ten probabilities"),
        (
            "evaluation.npz",
            npz(probabilities=np.full((3, 10), np.nan, np.float32), labels=LABELS, labels_sha256="x"),
            "no probability",
        ),
        ("evaluation.npz", npz(extra=LABELS), "evaluation.npz is damaged"),
        ("config.json", b"[" * 50_000, "config.json is not of this lab"),
        ("config.json", b"x" * 200_000, "larger than 0.1 MB"),
        ("status.json", b'{"state": "running"}', "did not come to its end"),
        ("status.json", b'{"state": "ruined"}', "status.json is not of this lab"),
        ("model.tflite", b"TFL3" * 100, "model"),
        ("model.keras", b"no zip", "model.keras is damaged"),
        ("annotation.json", b'{"starred": [1]}', "annotation.json is not of this lab"),
    ],
)
def test_what_is_damaged_or_made_to_harm_is_refused(other, files, file, content, words):
    with pytest.raises(ArchiveError, match=words):
        take_in(other, zipped(files | {f"{RUN}/{file}": content}))
    assert nothing_is_there(other)


@pytest.mark.parametrize(
    ("file", "changes", "words"),
    [
        ("config.json", {"config": {"epochs": 10**9}}, "config.epochs"),
        ("config.json", {"config": {"run": "rm"}}, "config.run"),
        ("status.json", {"summary": {"test_accuracy": 2}}, "summary.test_accuracy"),
    ],
)
def test_the_labs_own_bounds_hold_for_what_comes_in(other, files, file, changes, words):
    with pytest.raises(ArchiveError, match=words):
        take_in(other, zipped(files | {f"{RUN}/{file}": changed(files[f"{RUN}/{file}"], **changes)}))


def test_what_is_missing_is_named(other, files):
    del files[f"{RUN}/model.tflite"]
    with pytest.raises(ArchiveError, match=r"It lacks model\.tflite"):
        take_in(other, zipped(files))
    with pytest.raises(ArchiveError, match="no run in this file"):
        take_in(other, zipped({}))
    with pytest.raises(ArchiveError, match="no zip file"):
        take_in(other, b"not a zip")


def test_what_a_file_says_of_itself_is_not_believed(other, files):
    liar = changed(files[f"{RUN}/status.json"], engine="e", ended=3e9, heartbeat=3e9, reason="r" * 9999)
    summary = json.loads(liar)["summary"] | {"test_accuracy": 1.0}
    asked = changed(files[f"{RUN}/config.json"], owner="me", group="lesson: dropout", parent="../x", created=3e9)
    lines = files[f"{RUN}/metrics.jsonl"] + b'{"epoch": "many"}\n{"torn'
    changes = {"status.json": changed(liar, summary=summary), "config.json": asked, "metrics.jsonl": lines}
    (run,) = take_in(other, zipped(files | {f"{RUN}/{name}": content for name, content in changes.items()}))
    assert run.summary.test_accuracy == other.evaluation(RUN).accuracy < 1.0
    assert (run.asked.owner, run.asked.group, run.asked.parent, run.status.engine) == (None, None, None, None)
    assert run.asked.created <= time.time()
    assert run.status.ended <= time.time()
    assert len(run.status.reason) == 1000
    assert len(other.metrics(RUN)) == len(files[f"{RUN}/metrics.jsonl"].splitlines())


def test_all_bytes_are_counted_while_reading(other, files, monkeypatch):
    monkeypatch.setattr(archives, "MOST_BYTES", 100_000)
    with pytest.raises(ArchiveError, match="larger than"):
        take_in(other, zipped(files))


def test_a_file_that_was_damaged_on_its_way_is_refused_with_a_word(other, files):
    content = zipped({name: value for name, value in files.items() if not name.endswith("tflite")})  # so it is quick
    for at in range(0, len(content), len(content) // 40):
        broken = content[:at] + bytes([content[at] ^ 0xFF]) + content[at + 1 :]
        with pytest.raises(ArchiveError):
            take_in(other, broken)
    with pytest.raises(ArchiveError):
        take_in(other, content[: len(content) // 2])
    assert nothing_is_there(other)


def test_other_ways_to_compress_are_refused(other, files):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr(f"{RUN}/config.json", b"{}")
    with pytest.raises(ArchiveError, match="does not read"):
        take_in(other, content.getvalue())


def keras_with(files, **objects):
    with zipfile.ZipFile(io.BytesIO(files[f"{RUN}/model.keras"])) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(parts["config.json"])
    config["config"]["layers"].append(objects)
    return zipped(parts | {"config.json": json.dumps(config)})


@pytest.mark.parametrize(
    "thing",
    [
        {"module": "keras.layers", "class_name": "Lambda", "config": {"function": "x"}},
        {"module": "builtins", "class_name": "function", "config": "eval"},
        {"module": "keras.utils", "class_name": "get_file", "config": {}},
        {"module": "os", "class_name": "system", "config": "true"},
        {"module": "keras.layers", "class_name": ["Dense"]},
        {"registered_name": "anything"},
        {"class_name": "__lambda__", "config": {"value": "x"}},
    ],
)
def test_a_keras_file_may_hold_nothing_but_layers_of_the_lab(files, thing):
    config = RunStore(BUNDLED, bundled=None).get(RUN).config
    check_layers(files[f"{RUN}/model.keras"], config)
    with pytest.raises(RunError, match="will not run"):
        check_layers(keras_with(files, **thing), config)


def test_weights_that_lie_elsewhere_are_refused(lab, files):
    import h5py

    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["layers"] = h5py.ExternalLink("/etc/passwd", "/")
    with pytest.raises(ArchiveError, match="lies elsewhere"):
        try_models(files[f"{RUN}/model.tflite"], content.getvalue(), lab.get(RUN).config)


def test_the_command_line_packs_and_takes_in(lab, tmp_path, capsys):
    file = str(tmp_path / "two.zip")
    assert main(["export", RUN, "house-cnn", "--out", file, "--runs", lab.folder.path]) == 0
    assert main(["import", file, "--runs", str(tmp_path / "third"), "--json"]) == 0
    exported, imported = capsys.readouterr().out.split("\n", maxsplit=1)
    third = RunStore(tmp_path / "third", bundled=None)
    assert exported == f"{file}: {RUN}, house-cnn"
    assert sorted(json.loads(imported)) == sorted(run.id for run in third.listing().runs)
    assert {run.name for run in third.listing().runs} == {RUN, "house-cnn"}
    assert all(run.state is RunState.FINISHED for run in third.listing().runs)
    assert main(["import", str(tmp_path / "none.zip")]) == 1
