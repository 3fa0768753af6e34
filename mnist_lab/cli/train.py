"""The commands that train one network at a time, or show what would be trained."""

import argparse
import sys
from pathlib import Path
from typing import Any

from mnist_lab.cli import search
from mnist_lab.cli.output import percent, print_json, print_table, setting, store_of, write_file
from mnist_lab.config import recipes
from mnist_lab.config.train_config import TrainConfig, parse
from mnist_lab.engine.continuation import continued, name_of
from mnist_lab.networks.script import script
from mnist_lab.store.run import Run, RunState
from mnist_lab.store.runs import RunStore
from mnist_lab.store.ticks import Tick


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
        return search.train_grid(options)
    store, settings = store_of(options), dict(setting(text) for text in options.set)
    if options.go_on:
        parent = store.find(options.go_on)
        run = store.create(continued(parent, settings), name_of(parent), parent=parent.id, beside=parent.asked.beside)
    else:
        run = store.create(_configuration(options), options.recipe, recipe=options.recipe)
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
