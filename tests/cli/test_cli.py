"""The command line is a contract for other programs."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_lab.cli import main
from mnist_lab.config.recipes import RECIPES
from mnist_lab.store.runs import BUNDLED, RunStore
from tests.drawings import draw

ROOT = Path(__file__).parents[2]
BUNDLED_IDS = {path.name for path in BUNDLED.iterdir() if path.is_dir()}
QUICK = ["--set", "dataset=digits", "--set", "epochs=1", "--set", "train_images=2000"]


@pytest.fixture
def runs(tmp_path):
    return tmp_path / "runs"


@pytest.fixture
def answer(capsys, runs):
    """Run a command with --json; the exit status and what it answers."""

    def ask(command, *arguments):
        stores = [] if command == "recipes" else ["--runs", str(runs)]
        status = main([command, *arguments, *stores, "--json"])
        return status, json.loads(capsys.readouterr().out)

    return ask


@pytest.fixture
def refusal(capsys, runs):
    """Run a command that must fail; its message."""

    def ask(*arguments):
        assert main([*arguments, "--runs", str(runs)]) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("mnist_lab: ")
        assert not runs.exists()
        return printed.err

    return ask


def test_drawings_are_predicted_in_the_order_given(answer, png):
    files = [png(f"{digit}.png", draw(digit)) for digit in (7, 0, 1, 2)]
    status, answers = answer("predict", *files)
    assert status == 0
    assert [one["file"] for one in answers] == files
    assert [one["digit"] for one in answers] == [7, 0, 1, 2]
    for one in answers:
        assert set(one) == {"file", "digit", "probabilities", "model"}
        assert len(one["probabilities"]) == 10
        assert sum(one["probabilities"]) == pytest.approx(1.0, abs=1e-4)
        assert np.argmax(one["probabilities"]) == one["digit"]


def test_images_of_mnist_are_read(answer, png, mnist):
    files = [png(f"{number}.png", mnist.x_test[number]) for number in range(40)]
    status, answers = answer("predict", *files)
    assert status == 0
    assert sum(one["digit"] == label for one, label in zip(answers, mnist.y_test, strict=False)) >= 38


def test_the_model_asked_for_predicts(answer, png):
    file = png("one.png", draw(1))
    names = ("small-cnn", "dense-128-dropout")
    (by_cnn,), (by_dense,) = (answer("predict", file, "--model", name)[1] for name in names)
    assert (by_cnn["model"], by_dense["model"]) == names
    assert by_cnn["probabilities"] != by_dense["probabilities"]


def test_a_blank_image_has_no_digit(answer, png):
    status, (one,) = answer("predict", png("blank.png", np.full((90, 90), 255, np.uint8)))
    assert status == 0
    assert (one["digit"], one["reason"]) == (None, "blank")
    assert "error" not in one


def test_an_unreadable_file_is_named_and_the_others_predicted(answer, png, tmp_path):
    (tmp_path / "text.png").write_text("no image")
    files = [str(tmp_path / "text.png"), png("one.png", draw(1)), str(tmp_path / "missing.png"), str(tmp_path)]
    status, answers = answer("predict", *files)
    assert status == 1
    assert [one["file"] for one in answers] == files
    assert ["error" in one for one in answers] == [True, False, True, True]
    assert answers[1]["digit"] == 1
    assert answers[0]["digit"] is None


def test_a_prediction_is_told_in_words_without_json(capsys, png):
    file = png("one.png", draw(1))
    assert main(["predict", file]) == 0
    assert capsys.readouterr().out.startswith(f"{file}: 1 ")


def test_recipes_come_with_their_published_numbers(answer):
    status, rows = answer("recipes")
    assert status == 0
    assert {row["name"]: row["published"] for row in rows} == {
        name: json.loads(json.dumps(recipe.published._asdict())) for name, recipe in RECIPES.items()
    }


def test_training_leaves_a_run_in_the_store(answer, runs):
    status, trained = answer("train", "--recipe", "dense-128-dropout", *QUICK)
    assert status == 0
    run = RunStore(runs).get(trained["run"])
    assert (run.config.epochs, run.config.dataset, run.asked.recipe) == (1, "digits", "dense-128-dropout")
    for key in ("test_accuracy", "train_accuracy", "seconds", "parameters"):
        assert trained[key] == getattr(run.summary, key)
    assert 0.2 < trained["test_accuracy"] <= 1.0
    assert trained["parameters"] == (28 * 28 + 1) * 128 + (128 + 1) * 10
    _, rows = answer("runs")
    assert rows[0]["run"] == trained["run"]
    assert rows[0]["state"] == "finished"


def test_a_run_is_gone_on_with_and_its_parent_listed(answer, runs):
    _, first = answer("train", "--recipe", "dense-128-dropout", *QUICK)
    status, second = answer("train", "--continue", first["run"], "--set", "epochs=2")
    assert status == 0
    store = RunStore(runs)
    child = store.get(second["run"])
    assert (child.asked.parent, child.config.epochs, child.summary.epochs) == (first["run"], 2, 2)
    assert child.config.train_images == store.get(first["run"]).config.train_images
    rows = {row["run"]: row for row in answer("runs")[1]}
    assert (rows[child.id]["parent"], rows[first["run"]]["parent"]) == (first["run"], None)


def test_a_training_that_diverges_exits_with_the_reason(capsys, runs):
    settings = ["units=64 64 64", "optimizer=sgd", "learning_rate=10", "dropout=0"]
    wild = [part for setting in settings for part in ("--set", setting)]
    assert main(["train", "--recipe", "dense-1024", *QUICK, *wild, "--runs", str(runs), "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["state"] == "failed"
    assert "Try a smaller learning rate" in printed.err


def test_the_runs_listed_are_those_of_the_store_and_the_labs_own(answer, runs):
    own = RunStore(runs).create(RECIPES["small-cnn"].config, "mine")
    status, rows = answer("runs")
    assert status == 0
    assert rows[0]["run"] == own.id
    assert (rows[0]["state"], rows[0]["bundled"]) == ("queued", False)
    assert {row["run"] for row in rows if row["bundled"]} == BUNDLED_IDS


def test_a_damaged_run_is_told_beside_the_answer(capsys, runs):
    (runs / "broken").mkdir(parents=True)
    assert main(["runs", "--runs", str(runs), "--json"]) == 0
    printed = capsys.readouterr()
    assert {row["run"] for row in json.loads(printed.out)} == BUNDLED_IDS
    assert "broken is left out" in printed.err


def test_two_runs_are_compared(answer):
    status, judged = answer("compare", "dense-128-dropout", "small-cnn")
    assert status == 0
    assert (judged["first"], judged["second"], judged["better"]) == ("dense-128-dropout", "small-cnn", "small-cnn")
    assert judged["verdict"].startswith("small-cnn is better")
    assert 0.0 <= judged["p_value"] < 0.05


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["train", "--recipe", "smal-cnn"], "Did you mean small-cnn?"),
        (["train", "--recipe", "small-cnn", "--set", "epochs=0"], "a whole number from 1 to 200"),
        (["train", "--recipe", "small-cnn", "--set", "epochs=many"], "a whole number from 1 to 200"),
        (["train", "--recipe", "small-cnn", "--set", "epoch=3"], "epoch: there is no setting of this name"),
        (["train", "--recipe", "small-cnn", "--set", "epochs"], "KEY=VALUE"),
        (["train", "--continue", "small-cnn", "--set", "units=9"], "a run that goes on keeps its network"),
        (["train", "--continue", "logistic-mnist"], "fitted to its end and cannot go on"),
        (["compare", "small-cnn", "smal-cnm"], "Near to it: small-cnn"),
        (["compare", "small-cnn", "../small-cnn"], "no run '../small-cnn'"),
        (["predict", "any.png", "--model", "nonesuch"], "no run 'nonesuch'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence(refusal, arguments, hint):
    assert hint in refusal(*arguments)


@pytest.mark.parametrize("command", ["report", "export"])
def test_a_file_that_cannot_be_written_is_said_in_a_sentence(refusal, tmp_path, command):
    out = tmp_path / "no such folder" / "file"
    assert f"{out} cannot be written (No such file or directory)" in refusal(command, "small-cnn", "--out", str(out))


def test_the_module_runs_and_shows_no_traceback(tmp_path):
    (tmp_path / "a file").write_bytes(b"")
    command = [sys.executable, "-m", "mnist_lab", "train", "--recipe", "small-cnn", *QUICK]
    done = subprocess.run([*command, "--runs", str(tmp_path / "a file")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "cannot be written: it is not a folder" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_only_the_lab_itself_speaks_while_it_trains_and_predicts(tmp_path, png):
    environment = {name: value for name, value in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}
    training = ["train", "--recipe", "small-cnn", *QUICK, "--runs", str(tmp_path)]
    for arguments in (training, ["predict", png("seven.png", draw(7))]):
        command = [sys.executable, "-m", "mnist_lab", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        assert not re.search(r"INFO|WARNING|^[IWEF]\d{4} ", done.stderr, re.MULTILINE)


@pytest.mark.parametrize("command", [["train", "--grid", "units=4,8"], ["search", "--choice", "units=4,8"]])
@pytest.mark.parametrize(
    ("setting", "hint"), [("MNIST_LAB_MEMORY=500MB", "too little memory here to train"), ("MNIST_LAB_WORKERS=x", "'x'")]
)
def test_what_no_worker_can_train_is_refused_before_it_waits(refusal, runs, monkeypatch, command, setting, hint):
    monkeypatch.delenv("MNIST_LAB_SCHEDULER", raising=False)
    monkeypatch.setenv(*setting.split("="))
    assert hint in refusal(*command, "--recipe", "dense-128-dropout", "--runs", str(runs))
    assert not list(runs.glob("*/config.json"))


@pytest.mark.parametrize("command", [["train", "--grid", "units=4,8"], ["search", "--choice", "units=4,8"]])
def test_why_no_run_begins_is_told_while_they_wait(runs, command):
    command = [sys.executable, "-m", "mnist_lab", *command, "--recipe", "dense-128-dropout", *QUICK]
    environment = {**os.environ, "MNIST_LAB_SCHEDULER": "pigeon://loft"}
    with subprocess.Popen(
        [*command, "--runs", str(runs)], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    ) as waiting:
        told = next(line for line in waiting.stderr if "MNIST_LAB_SCHEDULER" in line)
        assert told.startswith("mnist_lab: MNIST_LAB_SCHEDULER is set to 'pigeon://loft'; it takes")
        waiting.send_signal(signal.SIGINT)
        assert "Interrupted" in waiting.stderr.read()
    assert waiting.returncode == 130
