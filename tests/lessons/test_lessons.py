"""Lessons: what their files may say, how their answers are found, whose runs they take, and one that really trains."""

import re
import time
from functools import lru_cache

import numpy as np
import pytest

from mnist_lab.config.recipes import get
from mnist_lab.engine.engine import Engine
from mnist_lab.errors import LessonError
from mnist_lab.lessons import figures, sources
from mnist_lab.lessons.lesson import CHARTS, PLACEHOLDER, read
from mnist_lab.lessons.library import SHIPPED, gather, library
from mnist_lab.lessons.measures import MEASURES
from mnist_lab.lessons.rules import OF_DIGITS, quantity
from mnist_lab.lessons.running import is_done, results, seconds_to_go, standing, submit
from mnist_lab.store.bets import Bets
from mnist_lab.store.folders import Folder
from mnist_lab.store.run import RunState
from mnist_lab.store.runs import RunStore
from tests.conftest import ROOT

LESSONS = library().lessons
FORMAT = (ROOT / "docs/lessons.md").read_text("utf-8")
EXAMPLE = read(FORMAT.partition("```toml\n")[2].partition("```")[0], "example")
BUNDLED = ("dense-128-dropout", "small-cnn")

FILE = """
title = "A lesson"
text = "What it is about."
question = "Which one?"
answer = "largest test accuracy"
charts = ["mistakes"]
why = "Because."

[settings]
dataset = "digits"
train_images = 300
epochs = 1
validation_share = 0.0

[[runs]]
name = "few"
units = 2

[[runs]]
name = "many"
units = 64
"""


def written(**changes):
    """FILE with other top lines; None leaves a line out."""
    text = FILE
    for field, value in changes.items():
        text = re.sub(rf"^{field} = .*\n", "", text, flags=re.M)
        text = ("" if value is None else f"{field} = {value}\n") + text
    return text


@lru_cache(maxsize=1)
def bundled():
    store = RunStore("nowhere")
    return results(about_bundled(), store, {name: store.get(name) for name in BUNDLED})


def about_bundled(**changes):
    """A lesson about two runs that come with the lab."""
    runs = "".join(f'[[runs]]\nname = "{name}"\nrecipe = "{name}"\n' for name in BUNDLED)
    return read(written(**changes).partition("[settings]")[0] + runs, "bundled")


def test_every_file_that_comes_with_the_lab_is_a_lesson():
    assert library().problems == {}
    assert len(LESSONS) == len(list(SHIPPED.glob("*.toml"))) >= 13


def test_the_example_of_a_lesson_is_one_and_all_there_is_is_named():
    assert EXAMPLE.choices == ["few images", "many images"]
    for name in (*MEASURES, *CHARTS, *OF_DIGITS.split(", ")):
        assert f"`{name}`" in FORMAT


def test_every_chart_is_drawn_and_every_chart_is_used():
    from mnist_lab.ui.lessons.charts import CHARTS as DRAWN

    assert set(DRAWN) == set(CHARTS) == {chart for lesson in LESSONS.values() for chart in lesson.charts}


@pytest.mark.parametrize("lesson", LESSONS.values(), ids=LESSONS)
def test_a_lesson_answers_with_one_of_its_options_and_its_text_holds_measured_numbers(lesson):
    ticks = [tick._replace(val_loss=tick.loss, val_accuracy=tick.accuracy) for tick in bundled()[0].ticks]
    found = [bundled()[place % 2]._replace(name=name, ticks=ticks) for place, name in enumerate(lesson.names)]
    assert lesson.answered(found).option in lesson.choices
    assert not re.search(r"[{}]|nan", lesson.filled(lesson.seen + lesson.why, found))
    assert not re.search(r"!|\d\d\.\d %", lesson.text + lesson.seen + lesson.why)  # nobody typed a result


@pytest.mark.parametrize(
    ("rule", "more", "option"),
    [
        ("largest test accuracy", {}, "small-cnn"),
        ("smallest test accuracy", {}, "dense-128-dropout"),
        ("largest gap", {}, "dense-128-dropout"),
        ("smallest parameters", {}, "small-cnn"),
        ("largest step in test accuracy", {"alike": '"alike"'}, "dense-128-dropout → small-cnn"),
        ("value of parameters", {"options": "[7850, 101770]"}, "101,770"),
        ("value of test accuracy of small-cnn", {"options": '["9 %", "50 %", "99 %"]'}, "99 %"),
        ("digit with largest probability on image 0", {}, "7"),
    ],
)
def test_a_rule_finds_the_answer_in_the_evaluations(rule, more, option):
    answer = about_bundled(answer=f'"{rule}"', **more).answered(bundled())
    assert answer.option == option
    assert re.search(r"\d", answer.sentence)


def test_the_digit_rules_read_the_confusion_matrix():
    matrix = bundled()[0].evaluation.confusion_matrix
    recall = matrix.diagonal() / matrix.sum(axis=1)
    precision = matrix.diagonal() / matrix.sum(axis=0)
    fours = np.where(np.arange(10) == 4, 0, matrix[4])
    for rule, digit in (
        ("smallest recall", recall.argmin()),
        ("largest precision", precision.argmax()),
        ("largest share of wrong answers on 4", fours.argmax()),
    ):
        assert about_bundled(answer=f'"digit with {rule}"').answered(bundled()).option == str(digit)


def test_runs_that_come_out_alike_are_told_so_within_the_bounds_that_the_lesson_sets():
    rule = {"answer": '"largest test accuracy"', "alike": '"about the same"'}
    assert about_bundled(**rule, within=0.05).answered(bundled()).option == "about the same"
    assert about_bundled(**rule, within=0.001).answered(bundled()).option == "small-cnn"


def test_the_score_that_is_nearest_to_the_test():
    lesson = read(
        written(
            answer='"score nearest to test accuracy"',
            options='["training accuracy", "validation accuracy"]',
        ).replace("validation_share = 0.0", "validation_share = 0.2"),
        "x",
    )
    run = bundled()[0].run
    tick = bundled()[0].ticks[-1]._replace(val_loss=0.1, val_accuracy=run.summary.test_accuracy - 0.002)
    found = [bundled()[0]._replace(name=name, ticks=[tick]) for name in lesson.names]
    assert lesson.answered(found).option == "validation accuracy"


def test_measured_numbers_stand_in_the_text():
    lesson = about_bundled(seen='"It has {parameters of small-cnn} parameters."')
    assert lesson.filled(lesson.seen, bundled()) == "It has 34,826 parameters."


@pytest.mark.parametrize("lesson", [*LESSONS.values(), EXAMPLE], ids=[*LESSONS, "example"])
def test_the_run_named_last_ahead_of_a_number_is_the_one_it_was_measured_of(lesson):
    if len(lesson.runs) == 1:
        return
    named = re.compile(
        "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(lesson.names, key=len)[::-1]), re.I
    )
    for text in (lesson.seen, lesson.why):
        words, *rest = PLACEHOLDER.split(" ".join(text.split()))
        for placeholder, following in zip(rest[::2], rest[1::2], strict=True):
            run = quantity(placeholder, lesson.names).run
            last = named.findall(words)[-1:]
            assert [name.lower() for name in last] == [(run or "a run").lower()], f"{words}{{{placeholder}}}"
            words = following


@pytest.mark.parametrize("rule", ["largest", "smallest", "largest step in"])
def test_a_rule_that_compares_names_each_run_ahead_of_its_number(rule):
    lesson = about_bundled(answer=f'"{rule} test accuracy"', alike='"alike"')
    sentence = lesson.answered(bundled()).sentence
    for result in bundled():
        assert f"{result.name}, {100 * result.evaluation.accuracy:.1f} %" in sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = ", "it is no TOML"),
        (written(question=None), "question: it is missing"),
        (written(colour='"red"'), "colour: there is no such field; the fields are title, text"),
        (written(charts='["pie"]'), "charts, 1: Input should be 'curves', 'gap'"),
        (written(answer='"biggest gap"'), "answer: 'biggest gap' begins with none of: largest step in"),
        (written(answer='"largest gain"'), "'gain' is not measured. There are: test accuracy"),
        (written(answer='"largest gap of nobody"'), "with the runs few, many"),
        (written(answer='"largest gap of few"'), "answer: 'largest gap of few' compares all runs"),
        (written(answer='"digit with largest recall"', alike='"none"'), "alike: 'digit with largest recall' does not"),
        (FILE.partition('[[runs]]\nname = "many"')[0].replace("test accuracy", "disagreement"), "takes two runs"),
        (written(answer='"value of gap"', options='["much", "little"]'), "options: 'much' must be a number"),
        (written(answer='"value of gap"'), "options: a bet needs at least two"),
        (written(options='["one", "other"]'), "options: the answer 'largest test accuracy' is one of few, many"),
        (written(expected='"most"'), "expected: 'most' is none of the options: few, many"),
        (written(seen='"{gap of all}"'), "'gap of all' is not measured"),
        (written(answer='"smallest validation loss"'), "Raise its validation_share above 0"),
        (written(charts='["image"]'), "image: the chart named image needs the number of a test image"),
        (written(image=400), "image: the test images of digits are numbered from 0 to 359"),
        (written(answer='"digit with largest share of wrong answers on 12"'), "ends with a number above 9"),
        (FILE.replace("units = 2\n", "units = 0\n"), "runs, few: units: 0 will not do; it takes 0 to 16 whole numbers"),
        (FILE.replace("units = 2\n", "recipe = [1]\n"), "runs, few: There is no recipe named '[1]'"),
        (FILE.replace("units = 2\n", 'recipe = "dense"\n'), "runs, few: There is no recipe named 'dense'"),
        (FILE.replace('name = "few"\n', ""), "runs, number 1: it has no name"),
        (FILE.replace("few", "many"), "runs: each run needs a name of its own"),
        (FILE + "expected = 'many'\n", "expected: move this line to the top of the file"),
        (FILE.partition("[[runs]]")[0], "runs: a lesson takes 1 to 4 of them"),
    ],
)
def test_a_broken_file_is_told_what_is_wrong_with_which_field(text, said):
    with pytest.raises(LessonError) as caught:
        read(text, "broken")
    assert said in str(caught.value)


def test_a_teachers_folder_adds_and_replaces_lessons_and_a_broken_file_hides_no_other(tmp_path, monkeypatch):
    (tmp_path / "05-mine.toml").write_text(FILE, "utf-8")
    (tmp_path / "dropout.toml").write_text(written(title='"Unser Dropout"'), "utf-8")
    (tmp_path / "broken.toml").write_text("title = ", "utf-8")
    (tmp_path / "latin.toml").write_bytes("title = 'für'".encode("latin-1"))
    monkeypatch.setenv("MNIST_LAB_LESSONS", str(tmp_path))
    found = library()
    assert set(found.problems) == {"broken.toml", "latin.toml"}
    assert list(found.lessons) == [*LESSONS, "mine"]
    assert found.lessons["dropout"].title == "Unser Dropout"
    assert "there is no such folder" in gather([tmp_path / "nothing"]).problems[str(tmp_path / "nothing")]


def test_bets_are_kept_one_for_each_visitor_and_counted(tmp_path):
    bets = Bets(Folder(tmp_path), "dropout")
    for visitor, option in (("anna", "with"), ("ben", "with"), ("anna", "without"), ("cleo", "gone since")):
        bets.place(visitor, option)
    again = Bets(Folder(tmp_path), "dropout")
    assert (again.of("anna"), again.of("dora")) == ("without", None)
    assert again.tally(["with", "without"]) == {"with": 1, "without": 1}
    again.withdraw("ben")
    assert again.tally(["with", "without"]) == {"with": 0, "without": 1}
    assert Bets(Folder(tmp_path), "units").tally(["16"]) == {"16": 0}
    assert RunStore(tmp_path, bundled=None).listing().problems == {}


def test_what_comes_with_the_lab_answers_without_training(tmp_path):
    store = RunStore(tmp_path)
    lesson = about_bundled()
    now = standing(lesson, store.listing().runs)
    assert all(map(is_done, now.values()))
    assert seconds_to_go(lesson, store.listing().runs) == 0.0
    assert lesson.answered(results(lesson, store, now)).option == "small-cnn"


def test_a_run_that_went_on_from_another_is_another_training(store):
    lesson = read(FILE, "mine")
    run = store.create(lesson.runs[0].config, "longer", parent="few")
    store.update(run.id, state=RunState.FINISHED, summary=bundled()[0].run.summary)
    assert standing(lesson, store.listing().runs)["few"] is None


def test_a_stopped_run_does_not_count_and_a_failed_one_is_tried_again(store):
    lesson = read(FILE, "mine")
    few, many = (store.create(run.config, run.name) for run in lesson.runs)
    store.update(few.id, state=RunState.STOPPED, summary=bundled()[0].run.summary)
    store.update(many.id, state=RunState.FAILED, reason="The disk is full.")
    now = standing(lesson, store.listing().runs)
    assert now["few"] is None
    assert now["many"].status.reason == "The disk is full."
    assert not any(map(is_done, now.values()))


def test_a_lesson_is_trained_once_for_all_who_ask(store, connect):
    lesson = read(FILE, "mine")
    engine = Engine(store, connect)
    try:
        submit(lesson, engine, "anna")
        submit(lesson, engine, "ben")
        runs = store.listing().runs
        assert sorted(run.name for run in runs) == ["A lesson: few", "A lesson: many"]
        assert {(run.asked.group, run.asked.owner) for run in runs} == {("lesson: mine", "anna")}
        deadline = time.monotonic() + 120
        while not all(map(is_done, standing(lesson, store.listing().runs).values())):
            assert time.monotonic() < deadline
            time.sleep(0.1)
    finally:
        engine.close()
    found = results(lesson, store, standing(lesson, store.listing().runs))
    assert [result.name for result in found] == ["few", "many"]
    assert lesson.answered(found).option == "many"
    assert [result.evaluation.accuracy for result in found] == [result.run.summary.test_accuracy for result in found]
    other = read(FILE.replace('"few"', '"2 units"'), "other")
    assert all(map(is_done, standing(other, store.listing().runs).values()))


def test_figures_carry_the_measured_numbers():
    gaps = figures.gaps(bundled())
    summaries = [result.run.summary for result in bundled()]
    assert [(gap.easier, gap.harder) for gap in gaps] == [(one.train_accuracy, one.test_accuracy) for one in summaries]
    drawn = figures.gap_figure(gaps).data
    assert list(drawn[-1].x) == [gap.easier for gap in gaps]
    bars = figures.mistakes_figure(figures.mistakes(bundled())).data[0]
    assert list(bars.x) == pytest.approx([1000 * (1 - one.test_accuracy) for one in summaries])
    points = figures.digits_figure(bundled()[0].evaluation.digit_scores()).data
    assert points[0].y[4] == bundled()[0].evaluation.digit_scores()[4].recall


def test_code_is_counted_in_the_real_source_of_what_is_written_by_hand():
    by_hand = sources.source(get("scratch-relu-softmax").config)
    whole = sources.SCRATCH.read_text("utf-8").splitlines()
    assert set(by_hand) <= set(whole)
    assert "def cross_entropy(z: Array, y: Array, output: str) -> tuple[Array, Array]:" in by_hand
    assert not [line for line in by_hand if '"""' in line or not line.strip()]
    assert any('"relu": Function(' in line for line in by_hand)
    assert not any('"tanh": Function(' in line for line in by_hand)
    squared = sources.source(get("scratch-sigmoid-mse").config)
    assert any("def quadratic_cost" in line for line in squared)
    assert len(sources.source(get("dense-128-dropout").config)) < len(by_hand) < len(whole)


def test_every_measure_is_a_number_and_is_written():
    for name, measure in MEASURES.items():
        if not name.startswith("validation"):
            assert re.search(r"\d|never", measure.show(measure.value(bundled()[0], bundled()))), name
