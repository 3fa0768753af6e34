"""The code that trains a network: by hand, from the lab's own source; with a library, as a script."""

import ast
from functools import lru_cache
from pathlib import Path

from mnist_lab import networks
from mnist_lab.config.train_config import TrainConfig
from mnist_lab.networks.script import script

SCRATCH = Path(networks.__file__).parent / "scratch.py"
BY_HAND = ("Layer", "Function", "Gradient", "start", "forward", "backward", "update", "learn")
COSTS = {"mean-squared-error": ("quadratic_cost", "mean_squared_error"), "quadratic-cost": ("quadratic_cost",)}


def source(config: TrainConfig) -> list[str]:
    """The lines of code that build and train such a network, without blank lines, comments and docstrings.

    By hand, reading the data and going through the epochs come on top.
    """
    if config.network == "scratch":
        return _by_hand(config)
    return [line for line in script(config).splitlines() if line.strip()]


def _by_hand(config: TrainConfig) -> list[str]:
    """The parts of `networks/scratch.py` that this network needs."""
    functions = {layer.activation for layer in config.hidden_layers} | {config.output}
    entries = [("ACTIVATIONS", name) for name in sorted(functions)] + [("INITIALIZATIONS", config.initialization)]
    names = [*(f"{table}.{name}" for table, name in entries), *BY_HAND, *COSTS.get(config.loss, ("cross_entropy",))]
    return [line for name in names for line in _definitions().get(name, [])]


@lru_cache(maxsize=1)
def _definitions() -> dict[str, list[str]]:
    """The lines of each class and function of `networks/scratch.py`, and of each entry of its tables."""
    text = SCRATCH.read_text("utf-8")
    lines, found = text.splitlines(), dict[str, list[str]]()
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found[node.name] = _lines(node, lines)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.value, ast.Dict):
            for key, value in zip(node.value.keys, node.value.values, strict=True):
                entry = f"{ast.unparse(node.target)}.{ast.literal_eval(key)}" if key else ""
                found[entry] = lines[value.lineno - 1 : value.end_lineno]
    return found


def _lines(part: ast.ClassDef | ast.FunctionDef, lines: list[str]) -> list[str]:
    has_docstring = ast.get_docstring(part) is not None
    docstring = range(part.body[0].lineno, (part.body[0].end_lineno or 0) + 1) if has_docstring else range(0)
    numbers = range(part.lineno, (part.end_lineno or 0) + 1)
    return [lines[number - 1] for number in numbers if number not in docstring and lines[number - 1].strip()]
