"""The commands that look at runs."""

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mnist_lab.cli.output import percent, print_json, print_table, store_of, write_file
from mnist_lab.comparing.families import labels
from mnist_lab.comparing.verdicts import sentence, verdict
from mnist_lab.datasets.mnist import load
from mnist_lab.inference.evaluation import Evaluation
from mnist_lab.store.models import model_of


def list_runs(options: argparse.Namespace) -> int:
    """All runs, newest first, and why some cannot be read."""
    listing = store_of(options).listing()
    rows = [
        {
            "run": run.id,
            "name": run.name,
            "recipe": run.asked.recipe,
            "parent": run.asked.parent,
            "damage": run.asked.damage and run.asked.damage.model_dump(),
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
        found = Evaluation(probabilities, dataset.y_test).accuracy
        recorded = run.summary.test_accuracy if run.summary else None
        rows.append({"run": run.id, "dataset": dataset.name, "test_accuracy": found, "recorded": recorded})
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
