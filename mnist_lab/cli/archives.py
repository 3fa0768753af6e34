"""The commands that put runs into a zip file, and take them in from one."""

import argparse
from pathlib import Path

from mnist_lab.cli.output import print_json, store_of, write_file
from mnist_lab.comparing.families import labels
from mnist_lab.errors import ArchiveError
from mnist_lab.store import archives


def export(options: argparse.Namespace) -> int:
    """Write runs into a zip file that another lab can import."""
    store = store_of(options)
    runs = [store.find(text) for text in options.runs_to_export]
    path = Path(options.out or f"{runs[0].id}.zip")
    write_file(path, archives.pack(store, runs))
    if options.json:
        print_json({"file": str(path), "runs": [run.id for run in runs]})
    else:
        print(f"{path}: {', '.join(labels(runs).values())}")
    return 0


def take_in(options: argparse.Namespace) -> int:
    """Take in the runs of zip files that a lab has exported."""
    store, taken = store_of(options), []
    for file in options.files:
        try:
            content = Path(file).read_bytes()
        except OSError as error:
            raise ArchiveError(f"{file} cannot be read: {error.strerror or error}.") from error
        taken += archives.take_in(store, content)
    if options.json:
        print_json([run.id for run in taken])
    else:
        for run in taken:
            print(f"{run.id}: {run.name}")
    return 0


def add_export_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs_to_export", nargs="+", metavar="RUN", help="ids or names of runs")
    parser.add_argument("--out", metavar="FILE", help="the zip file (default: named after the first run)")


def add_import_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="+", metavar="FILE", help="zip files")
