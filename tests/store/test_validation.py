"""Which epoch is the best: one answer in the table, the report, searches, lessons and early stopping."""

import re
from pathlib import Path

import numpy as np
import pytest

from mnist_lab.comparing.learning import line
from mnist_lab.comparing.listing import COLUMNS, Sources, rows
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.lessons.measures import MEASURES, Result
from mnist_lab.plots.curves import curves
from mnist_lab.reports.comparison import Report, report
from mnist_lab.store.run import RunState, Summary
from mnist_lab.store.runs import RunStore
from mnist_lab.store.studies import Studies, reached
from mnist_lab.store.ticks import Tick
from mnist_lab.store.validation import best, best_epoch, kept, validations
from mnist_lab.ui.compare.columns import NUMBERS

SUMMARY = Summary(test_accuracy=0.9, train_accuracy=0.9, seconds=9.0, parameters=99, epochs=3, model_bytes=99)
SURER_OF_ITS_MISTAKES = [(0.9, 0.70), (0.4, 0.90), (0.5, 0.95), (0.4, 0.80), (0.6, 0.85)]  # loss, accuracy


def ticks(scores):
    for epoch, (loss, accuracy) in enumerate(scores, 1):
        yield Tick(epoch, 1, 2, 0.5, 0.5, 0.001, epoch - 0.5)
        yield Tick(epoch, 2, 2, 0.5, 0.5, 0.001, float(epoch), loss, accuracy)


def finished(store, scores, **settings):
    run = store.create(TrainConfig(epochs=10, **settings), "any")
    store.log(run.id, *ticks(scores))
    store.update(run.id, state=RunState.FINISHED, summary=SUMMARY)
    return store.get(run.id)


def curves_of_all_kinds():
    random = np.random.default_rng(0)
    yield SURER_OF_ITS_MISTAKES
    for _ in range(20):
        epochs = int(random.integers(1, 9))
        yield list(zip(random.choice([0.1, 0.2, 0.3, 0.4], epochs), random.random(epochs), strict=True))


@pytest.mark.parametrize("patience", [0, 3])
def test_everybody_means_the_same_epoch_by_the_best_and_the_same_weights_by_those_that_are_kept(tmp_path, patience):
    for number, scores in enumerate(curves_of_all_kinds()):
        store = RunStore(tmp_path / str(number), bundled=None)
        run = finished(store, scores, patience=patience)
        number_of_best = best_epoch([loss for loss, _ in scores])
        loss, accuracy = scores[number_of_best - 1]
        seen = store.metrics(run.id)
        (row,) = rows([run], COLUMNS, Sources(lambda run, store=store: validations(store.epochs(run.id)), {}))
        assert (row["best epoch"], row["best validation"]) == (number_of_best, 100 * accuracy)
        assert row["last validation"] == 100 * scores[-1][1]
        assert best(validations(seen)) == (number_of_best, loss, accuracy)
        assert Report([run], store).best_epochs == {run.id: number_of_best}

        weights = (loss, accuracy) if patience else scores[-1]
        curve = Studies(store).curve(run)
        assert kept(curve, run.config)[1:] == weights
        assert reached(curve, run.config) == weights[1]
        evaluation = Evaluation(np.eye(10, dtype=np.float32), np.arange(10, dtype=np.uint8))
        result = Result("any", run, seen, evaluation, accuracy_after=lambda corruption: 0.0)
        measured = [MEASURES[f"validation {what}"].value(result, [result]) for what in ("loss", "accuracy")]
        assert tuple(measured) == weights

        ends = list(range(1, len(scores) + 1))
        for at, metric in enumerate(("loss", "accuracy")):
            drawn = line(seen, metric, "epochs", validation=True)
            assert (drawn.x.tolist(), drawn.y.tolist()) == (ends, [score[at] for score in scores])
            (on_its_page,) = [one for one in curves("any", seen) if one.validation and one.metric == metric]
            assert (on_its_page.x, on_its_page.y) == (ends, [score[at] for score in scores])


def test_a_run_that_was_not_validated_has_no_best_epoch(tmp_path):
    store = RunStore(tmp_path, bundled=None)
    run = store.create(TrainConfig(validation_share=0.0), "any")
    store.log(run.id, Tick(1, 1, 2, 0.5, 0.5, 0.001, 0.5), Tick(1, 2, 2, 0.5, 0.5, 0.001, 1.0))
    (row,) = rows([run], COLUMNS, Sources(lambda run: validations(store.epochs(run.id)), {}))
    assert [row[column] for column in ("best epoch", "best validation", "last validation")] == [None] * 3
    assert reached(Studies(store).curve(run), run.config) is None


def test_the_table_and_the_report_say_by_what_the_best_epoch_is_the_best(tmp_path):
    title, _, about = NUMBERS["best epoch"]
    assert "loss" in title
    assert "lowest validation loss" in about
    assert "lowest validation loss" in NUMBERS["best validation"][2]
    store = RunStore(tmp_path, bundled=None)
    run = finished(store, SURER_OF_ITS_MISTAKES)
    page = report([run], store)
    assert "<td>2</td>" in page[: page.index("<h2>Settings")]
    assert "Best epoch: the one with the lowest validation loss" in page


def test_only_one_place_reads_what_validation_found():
    sources = {path.name: path.read_text("utf-8") for path in Path("mnist_lab").rglob("*.py")}
    readers = {name for name, text in sources.items() if re.search(r"\.val_(loss|accuracy)|f?[\"']val_", text)}
    assert readers == {"validation.py", "script.py"}  # script.py writes a script for Keras, which has these names, too
