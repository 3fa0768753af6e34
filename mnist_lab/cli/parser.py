"""python -m mnist_lab: what the pages do, without a browser. The answers are a contract for other programs."""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mnist_lab.cli import archives, many
from mnist_lab.cli.output import percent, print_json, print_table, setting, store_of, with_data_at_hand, write_file
from mnist_lab.comparing.families import labels
from mnist_lab.comparing.verdicts import sentence, verdict
from mnist_lab.config import recipes
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.datasets.mnist import load
from mnist_lab.engine.continuation import continued, name_of
from mnist_lab.errors import ImageError, MnistLabError
from mnist_lab.images.preprocessing import prepare, read_image
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.inference.predictor import Predictor
from mnist_lab.networks.script import script
from mnist_lab.store.models import model_of
from mnist_lab.store.run import Run, RunState
from mnist_lab.store.runs import DEFAULT_MODEL, RunStore
from mnist_lab.store.ticks import Tick


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 where all went well."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except MnistLabError as error:
        print(f"mnist_lab: {error}", file=sys.stderr)
        return 1


def predict(options: argparse.Namespace) -> int:
    """Read digits from image files, in the order given."""
    store = store_of(options)
    run = store.find(options.model)
    predictor = model_of(store, run.id)
    answers = [_answer(file, predictor, run) for file in options.images]
    if options.json:
        print_json(answers)
    else:
        for answer in answers:
            print(f"{answer['file']}: {_in_words(answer)}")
    return 1 if any("error" in answer for answer in answers) else 0


def _answer(file: str, predictor: Predictor, run: Run) -> dict[str, Any]:
    answer: dict[str, Any] = {"file": file, "digit": None, "probabilities": None, "model": run.id}
    try:
        image = prepare(read_image(file))
    except ImageError as error:
        return {**answer, "error": str(error)}
    if image is None:
        return {**answer, "reason": "blank"}
    prediction = predictor.predict(image)
    return {**answer, "digit": prediction.digit, "probabilities": [float(p) for p in prediction.probabilities]}


def _in_words(answer: dict[str, Any]) -> str:
    if "error" in answer:
        return str(answer["error"])
    if answer["digit"] is None:
        return "blank, nothing to read"
    return f"{answer['digit']}  ({max(answer['probabilities']):.1%})"


def list_recipes(options: argparse.Namespace) -> int:
    """The recipes with what is published about them."""
    rows = [
        {
            "name": name,
            "summary": recipe.summary,
            "source": recipe.source,
            "note": recipe.note,
            "published": recipe.published._asdict(),
            **recipe.config.model_dump(),
        }
        for name, recipe in recipes.RECIPES.items()
    ]
    if options.json:
        print_json(rows)
    else:
        print_table(
            ("recipe", "published test accuracy", "what it is"),
            [(row["name"], percent(row["published"]["test_accuracy"]), row["summary"]) for row in rows],
        )
    return 0


def train(options: argparse.Namespace) -> int:
    """Train a recipe, or go on with a run, with a progress bar; the run then shows in the browser."""
    if options.grid:
        return many.train_grid(options)
    store, settings = store_of(options), dict(setting(text) for text in options.set)
    if options.go_on:
        parent = store.find(options.go_on)
        run = store.create(continued(parent, settings), name_of(parent), parent=parent.id)
    else:
        config = with_data_at_hand(_configuration(options))
        run = store.create(config, options.recipe, recipe=options.recipe)
    run = _train_with_a_bar(store, run)
    answer: dict[str, Any] = {"run": run.id, "state": str(run.state), "dataset": run.config.dataset}
    if run.summary:
        answer |= run.summary.model_dump(include={"test_accuracy", "train_accuracy", "seconds", "parameters"})
    if run.status.reason:
        answer["reason"] = run.status.reason
    if options.json:
        print_json(answer)
    elif run.summary:
        print(
            f"{run.id}: {run.summary.test_accuracy:.2%} on the test set, {run.summary.train_accuracy:.2%} in training"
        )
    if run.state is RunState.FAILED:
        print(f"mnist_lab: {run.status.reason}", file=sys.stderr)
        return 1
    return 0


def show_code(options: argparse.Namespace) -> int:
    """A recipe as a short script in plain Keras that anybody can run."""
    config = _configuration(options)
    text = script(config)
    if options.json:
        print_json({"config": config.model_dump(), "script": text})
    else:
        print(text, end="")
    return 0


def _configuration(options: argparse.Namespace) -> TrainConfig:
    """The recipe asked for, with its changed settings."""
    return parse(dict(setting(text) for text in options.set), recipes.get(options.recipe).config)


def reproduce(options: argparse.Namespace) -> int:
    """Train the recipes that others have published; a table of what they print and what comes out here."""
    from mnist_lab.reports import reproduction

    store = store_of(options)
    outcomes = [
        reproduction.reproduce(
            store, name, options.seeds, lambda store, run_id: _train_with_a_bar(store, store.get(run_id))
        )
        for name in options.recipes or reproduction.names()
    ]
    for outcome in outcomes if options.bundle else []:
        reproduction.bundle(store, outcome.runs[0], outcome.name)
    if options.json:
        print_json({outcome.name: outcome.test_accuracies for outcome in outcomes})
        return 0
    words = ("python -m mnist_lab reproduce", *options.recipes, f"--seeds {options.seeds}")
    text = reproduction.report(outcomes, " ".join(words))
    if options.out:
        write_file(Path(options.out), text)
    else:
        print(text)
    return 0


def _train_with_a_bar(store: RunStore, run: Run) -> Run:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from mnist_lab.engine.worker import execute

    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("queued", total=run.config.rounds)

        def on_tick(tick: Tick) -> None:
            text = f"epoch {tick.epoch}  loss {tick.loss:.4f}  accuracy {tick.accuracy:.2%}"
            bar.update(task, completed=tick.position, description=text)

        return execute(store, run.id, on_tick, lambda phase: bar.update(task, description=phase))


def list_runs(options: argparse.Namespace) -> int:
    """All runs, newest first, and why some cannot be read."""
    listing = store_of(options).listing()
    rows = [
        {
            "run": run.id,
            "name": run.name,
            "recipe": run.asked.recipe,
            "parent": run.asked.parent,
            "group": run.asked.group,
            "state": str(run.state),
            "bundled": run.bundled,
            "config": run.config.model_dump(),
            **(run.summary.model_dump() if run.summary else {}),
        }
        for run in listing.runs
    ]
    if options.json:
        print_json(rows)
    else:
        print_table(
            ("run", "state", "test", "train", "parameters"),
            [
                (
                    row["run"],
                    row["state"],
                    percent(row.get("test_accuracy")),
                    percent(row.get("train_accuracy")),
                    f"{row['parameters']:,}" if "parameters" in row else "",
                )
                for row in rows
            ],
        )
    for run_id, problem in listing.problems.items():
        print(f"mnist_lab: {run_id} is left out: {problem}", file=sys.stderr)
    return 0


def evaluate(options: argparse.Namespace) -> int:
    """Score runs again on their dataset's test set; without names, the runs that come with the lab."""
    store = store_of(options)
    if options.runs_to_score:
        runs = [store.find(text) for text in options.runs_to_score]
    else:
        runs = [run for run in store.listing().runs if run.bundled]
    rows: list[dict[str, Any]] = []
    for run in runs:
        dataset = load(run.config.dataset)
        probabilities = model_of(store, run.id, threads=2).probabilities(dataset.x_test)
        anew = Evaluation(probabilities, dataset.y_test).accuracy
        recorded = run.summary.test_accuracy if run.summary else None
        rows.append({"run": run.id, "dataset": dataset.name, "test_accuracy": anew, "recorded": recorded})
    if options.json:
        print_json(rows)
    else:
        print_table(
            ("run", "test set", "accuracy", "recorded"),
            [(row["run"], row["dataset"], percent(row["test_accuracy"]), percent(row["recorded"])) for row in rows],
        )
    return 0


def compare(options: argparse.Namespace) -> int:
    """The verdict between two runs."""
    store = store_of(options)
    first, second = (store.find(text) for text in options.runs_to_compare)
    result = verdict(first, second, store)
    names = labels((first, second))
    text = sentence(result, names[first.id], names[second.id])
    if options.json:
        print_json({**asdict(result), "better": result.better, "verdict": text})
    else:
        print(text)
    return 0


def report(options: argparse.Namespace) -> int:
    """The comparison of several runs as one HTML file that opens offline."""
    from mnist_lab.reports.comparison import report

    store = store_of(options)
    runs = [store.find(text) for text in options.runs_to_report]
    out = Path(options.out)
    write_file(out, report(runs, store))
    if options.json:
        print_json({"report": str(out), "runs": [run.id for run in runs]})
    else:
        print(f"{out}: open it in a browser.")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mnist_lab", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, call: Any) -> argparse.ArgumentParser:
        summary = call.__doc__.splitlines()[0]
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(command=call)
        added.add_argument("--json", action="store_true", help="answer with JSON")
        if call not in (list_recipes, show_code):
            added.add_argument("--runs", metavar="DIR", help="where the runs are (default: MNIST_LAB_RUNS or ./runs)")
        return added

    reads = command("predict", predict)
    reads.add_argument("images", nargs="+", metavar="IMAGE", type=str, help="PNG, JPEG, WebP or GIF files")
    reads.add_argument("--model", metavar="RUN", default=DEFAULT_MODEL, help="id or name of a run")
    command("recipes", list_recipes)
    trains, codes = command("train", train), command("code", show_code)
    what = trains.add_mutually_exclusive_group(required=True)
    what.add_argument("--recipe", metavar="NAME", help="see `recipes`")
    what.add_argument(
        "--continue", dest="go_on", metavar="RUN", help="begin with the model of that run; `epochs` are those to add"
    )
    codes.add_argument("--recipe", required=True, metavar="NAME", help="see `recipes`")
    for changes in (trains, codes):
        changes.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of it")
    reproduces = command("reproduce", reproduce)
    reproduces.add_argument("recipes", nargs="*", metavar="RECIPE", help="default: all that have a source")
    reproduces.add_argument("--seeds", type=int, default=3, help="how many, where an epoch is short (default: 3)")
    reproduces.add_argument("--out", metavar="FILE", help="write the table there, such as docs/reproduction.md")
    reproduces.add_argument("--bundle", action="store_true", help="put the runs among those that come with the lab")
    many.add_grid_options(trains)
    many.add_search_options(command("search", many.search))
    command("runs", list_runs)
    evaluates = command("evaluate", evaluate)
    evaluates.add_argument("runs_to_score", nargs="*", metavar="RUN", help="ids or names of runs")
    archives.add_export_options(command("export", archives.export))
    archives.add_import_options(command("import", archives.take_in))
    compares = command("compare", compare)
    compares.add_argument("runs_to_compare", nargs=2, metavar="RUN", help="ids or names of two runs")
    reports = command("report", report)
    reports.add_argument("runs_to_report", nargs="+", metavar="RUN", help="ids or names of runs")
    reports.add_argument("--out", metavar="FILE", default="report.html", help="where to write it (report.html)")
    return parser
