"""What is typed above the table of runs: words and facts, tried on the runs that come with the lab."""

import pytest

from mnist_lab.comparing.filters import Filter
from mnist_lab.comparing.queries import EXAMPLES, MEASURED, understand
from mnist_lab.config.knobs import said
from mnist_lab.config.relevance import applies
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.store.run import RunState, Summary
from mnist_lab.store.runs import RunStore
from mnist_lab.ui.compare.columns import NUMBERS
from mnist_lab.ui.compare.filtering import HOW_TO_ASK, PLACEHOLDER

BUNDLED = RunStore("nowhere").listing().runs
FIELDS = TrainConfig.model_fields


def found(text, runs=BUNDLED):
    assert not understand(text).problems
    return {run.name for run in runs if Filter(text).lets_through(run)}


def having(holds, runs=BUNDLED):
    return {run.name for run in runs if holds(run)}


@pytest.fixture
def mixed(tmp_path):
    """Runs of all networks, of which settings mean nothing, and of several layers."""
    store = RunStore(tmp_path, bundled=None)
    for number, settings in enumerate(
        (
            {},
            {"dropout": 0.25, "units": (128, 64), "learning_rate": 0.0032212345},
            {"network": "cnn", "dropout": (0.2, 0.5), "units": (256,), "optimizer": "sgd", "momentum": 0.9},
            {"network": "logistic"},
            {"network": "scratch", "units": (30,), "leave_out": (3, 8), "augment": True},
            {"train_images": 1000, "units": (), "schedule": "cosine"},
            {"activation": ("sigmoid", "relu"), "units": (64, 64)},
        )
    ):
        run = store.create(TrainConfig(**settings), f"run {number}", recipe="some recipe", group="units by dropout")
        accuracy = 0.90 + number / 100
        summary = Summary(
            test_accuracy=accuracy, train_accuracy=1.0, seconds=5.0, parameters=number, epochs=5, model_bytes=2000
        )
        store.update(run.id, state=RunState.FINISHED, summary=summary)
    store.create(TrainConfig(seed=7), "waits")
    return store.listing().runs


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_placeholders_own_examples_find_the_runs_that_are_so(mixed, example):
    assert example in PLACEHOLDER
    those = {"dropout 0.2": {"run 0", "run 6", "waits"}, "units>=128": {"run 0", "run 2", "waits"}}
    assert found(example, mixed) == those[example]


def test_the_search_field_explains_facts_that_it_understands():
    examples = HOW_TO_ASK.split("`")[1::2]
    assert len(examples) > 5
    assert not [problem for example in examples for problem in understand(example).problems]


def test_every_value_of_every_setting_finds_just_the_runs_that_have_it_by_all_names_of_the_setting(mixed):
    for runs in (BUNDLED, mixed):
        for field, about in FIELDS.items():
            for value in {said(getattr(run.config, field)) for run in runs if applies(field, run.config)}:
                those = having(
                    lambda run, field=field, value=value: (
                        applies(field, run.config) and said(getattr(run.config, field)) == value
                    ),
                    runs,
                )
                assert those
                for name in (field, field.replace("_", " "), about.title, about.title.upper()):
                    for written in (f"{name}:{value}", f"{name} = {value}", f"{name} {value}"):
                        assert found(written, runs) == those, written
                others = having(lambda run, field=field: applies(field, run.config), runs) - those
                assert found(f"{field}!={value}", runs) == others
                assert found(f"-{field}:{value}", runs) == {run.name for run in runs} - those


def test_a_setting_that_means_nothing_in_a_run_finds_no_such_run(mixed):
    assert "run 3" not in found("dropout:0", mixed) | found("dropout<1", mixed) | found("epochs<=200", mixed)


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("units>=128", lambda units: min(units) >= 128),
        ("units > 64", lambda units: min(units) > 64),
        ("units<=64", lambda units: max(units) <= 64),
        ("units<64", lambda units: max(units) < 64),
        ("hidden layers≥128", lambda units: min(units) >= 128),
        ("units:>=128", lambda units: min(units) >= 128),
    ],
)
def test_more_and_less_are_asked_of_every_layer(mixed, text, holds):
    asked = having(lambda run: applies("units", run.config) and run.config.units and holds(run.config.units), mixed)
    assert found(text, mixed) == asked


def test_no_limit_is_more_than_any_number(mixed):
    assert found("train_images<=1000", mixed) == {"run 5"}
    assert found("train_images>1000", mixed) == {run.name for run in mixed} - {"run 5"}


@pytest.mark.parametrize("limit", ["94%", "94", "0.94"])
def test_accuracies_are_given_as_shares_or_in_percent(mixed, limit):
    assert found(f"accuracy>={limit}", mixed) == {"run 4", "run 5", "run 6"}
    assert found(f"test accuracy<{limit}", mixed) == {"run 0", "run 1", "run 2", "run 3"}
    assert found(f"accuracy:{limit}", mixed) == {"run 4"}
    assert found(f"accuracy!={limit}", mixed) == {f"run {number}" for number in (0, 1, 2, 3, 5, 6)}


def test_a_number_of_the_table_is_asked_for_by_its_title_there():
    titles = {title.lower() for column, (title, _, _) in NUMBERS.items() if column in MEASURED.values()}
    assert titles <= set(MEASURED)
    for run in BUNDLED:
        shown = f"{100 * run.summary.test_accuracy:.2f}"
        assert run.name in found(f"test:{shown}%") & found(f"parameters:{run.summary.parameters:,}")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("ADAM", {run.name for run in BUNDLED if run.config.optimizer == "adam" and run.config.network != "logistic"}),
        ("cnn -house", {"small-cnn"}),
        ("network:cnn accuracy<99.4%", {"small-cnn"}),
        ("recipe:small-cnn", {"small-cnn"}),
        ("units 128-128, scaling:column-l2", {"dense-128x2-l2"}),
        ("pen digits:yes", {"house-cnn"}),
        ('"128x2"', {"dense-128x2-l2"}),
        ("lesson 3", set()),
        ("  ", {run.name for run in BUNDLED}),
    ],
)
def test_words_and_facts_stand_beside_each_other(text, names):
    assert found(text) == names


def test_what_is_noted_is_found_by_words_and_by_kind(tmp_path):
    store = RunStore(tmp_path, bundled=None)
    for name, about in (("one", {"tags": ("lesson 3",)}), ("two", {"note": "lesson 3: try again"})):
        store.annotate(store.create(TrainConfig(), name).id, **about)
    runs = store.listing().runs
    assert found("lesson", runs) == found("state:queued", runs) == {"one", "two"}
    assert found('tag:"lesson 3"', runs) == {"one"}
    assert found('"lesson 3:"', runs) == found("note:again", runs) == found("-tag:lesson", runs) == {"two"}


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("units>=abc", "'abc' is no number"),
        ("units:abc", "it takes"),
        ("drpout:0.2", "Did you mean dropout?"),
        ("lerning rate:0.1", "Did you mean learning rate?"),
        ("dropout:", "which value?"),
        ("units>=", "which number?"),
        ("dropout 5", "from 0 to 0.9"),
        ("network>cnn", "network:"),
        ("network:cn", "dense, cnn, logistic or scratch"),
        ("accuracy>high", "no number"),
        ("lesson:3", "quotes"),
        (">= 128", "needs a name"),
        ("tag>best", "tag:best"),
        ('dropout:"', "which value?"),
        ("= : < >", "needs a name"),
    ],
)
def test_what_is_not_understood_is_told_and_hides_nothing(text, hint):
    query = understand(text)
    assert len(query.problems) == 1
    assert hint in query.problems[0]
    assert all(map(query.finds, BUNDLED))
    beside = understand(f"network:cnn {text}")
    assert beside.problems == query.problems
    assert {run.name for run in BUNDLED if beside.finds(run)} == found("network:cnn")


def test_a_minus_turns_what_is_quoted_into_its_opposite_too():
    assert found('-"128x2"') == {run.name for run in BUNDLED} - {"dense-128x2-l2"}
    assert found('"128x2" -"l2"') == set()
