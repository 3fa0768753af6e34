"""How the command line reads settings and prints answers."""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mnist_lab.errors import ConfigError, StoreError
from mnist_lab.store.runs import RunStore


def setting(text: str, option: str = "--set", example: str = "epochs=3") -> tuple[str, str]:
    """The two sides of KEY=VALUE. Raises ConfigError where there is no equals sign."""
    key, equals, value = text.partition("=")
    if not equals:
        raise ConfigError(f"{option} takes KEY=VALUE, not {text!r}; for example {option} {example}")
    return key.strip().replace("-", "_"), value.strip()


def store_of(options: argparse.Namespace) -> RunStore:
    """The store that `--runs` names, or the default one."""
    return RunStore(options.runs) if options.runs else RunStore.default()


def percent(share: float | None) -> str:
    """A share in [0, 1] for people: "97.68%", or nothing."""
    return "" if share is None else f"{share:.2%}"


def write_file(path: Path, content: bytes | str) -> None:
    """Write a file that was asked for, text as UTF-8. Raises StoreError where it cannot be written."""
    try:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    except OSError as error:
        raise StoreError(f"{path} cannot be written ({error.strerror or error}). Give another --out.") from error


def print_json(value: Any) -> None:
    """Print an answer for programs."""
    print(json.dumps(value, indent=2))


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print an answer for people."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*header, box=None, pad_edge=False)
    for row in rows:
        table.add_row(*row)
    Console().print(table)
