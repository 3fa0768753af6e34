"""python -m mnist_lab: what the pages do, without a browser. The answers are a contract for other programs."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from mnist_lab.cli import archives, predict, runs, search, train
from mnist_lab.errors import MnistLabError
from mnist_lab.store.runs import DEFAULT_MODEL


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; 0 where all went well."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.command(options))
    except MnistLabError as error:
        print(f"mnist_lab: {error}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m mnist_lab", description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, call: Any) -> argparse.ArgumentParser:
        summary = call.__doc__.splitlines()[0]
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(command=call)
        added.add_argument("--json", action="store_true", help="answer with JSON")
        if call not in (train.list_recipes, train.show_code):
            added.add_argument("--runs", metavar="DIR", help="where the runs are (default: MNIST_LAB_RUNS or ./runs)")
        return added

    reads = command("predict", predict.predict)
    reads.add_argument("images", nargs="+", metavar="IMAGE", type=str, help="PNG, JPEG, WebP or GIF files")
    reads.add_argument("--model", metavar="RUN", default=DEFAULT_MODEL, help="id or name of a run")
    command("recipes", train.list_recipes)
    trains, codes = command("train", train.train), command("code", train.show_code)
    what = trains.add_mutually_exclusive_group(required=True)
    what.add_argument("--recipe", metavar="NAME", help="see `recipes`")
    what.add_argument(
        "--continue", dest="go_on", metavar="RUN", help="begin with the model of that run; `epochs` are those to add"
    )
    codes.add_argument("--recipe", required=True, metavar="NAME", help="see `recipes`")
    for changes in (trains, codes):
        changes.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change a setting of it")
    reproduces = command("reproduce", train.reproduce)
    reproduces.add_argument("recipes", nargs="*", metavar="RECIPE", help="default: all that have a source")
    reproduces.add_argument("--seeds", type=int, default=3, help="how many, where an epoch is short (default: 3)")
    reproduces.add_argument("--out", metavar="FILE", help="write the table there, such as docs/reproduction.md")
    reproduces.add_argument("--bundle", action="store_true", help="put the runs among those that come with the lab")
    search.add_grid_options(trains)
    search.add_search_options(command("search", search.search))
    command("runs", runs.list_runs)
    evaluates = command("evaluate", runs.evaluate)
    evaluates.add_argument("runs_to_score", nargs="*", metavar="RUN", help="ids or names of runs")
    archives.add_export_options(command("export", archives.export))
    archives.add_import_options(command("import", archives.take_in))
    compares = command("compare", runs.compare)
    compares.add_argument("runs_to_compare", nargs=2, metavar="RUN", help="ids or names of two runs")
    reports = command("report", runs.report)
    reports.add_argument("runs_to_report", nargs="+", metavar="RUN", help="ids or names of runs")
    reports.add_argument("--out", metavar="FILE", default="report.html", help="where to write it (report.html)")
    return parser
