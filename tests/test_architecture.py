"""The rules that keep the two sides apart."""

import ast
import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import mnist_lab
from tests.drawings import draw

ROOT = Path(__file__).parents[1]

TRAINING_SIDE = {
    *("mnist_lab.execution", "mnist_lab.training"),
    *(f"mnist_lab.networks.{name}" for name in ("checkpoints", "keras_models", "linear", "scratch_training")),
    *(f"mnist_lab.exploring.{name}" for name in ("answering", "dreaming", "gradients", "learning", "sweeping")),
}
MODULES = {module.name for module in pkgutil.walk_packages(mnist_lab.__path__, "mnist_lab.")} - {"mnist_lab.__main__"}
SOURCES = [ROOT / "app.py", *ROOT.glob("pages/**/*.py"), *ROOT.glob("mnist_lab/**/*.py")]


def imported(path: Path) -> set[str]:
    """The top-level packages that a file imports anywhere."""
    packages = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            packages |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            packages.add(node.module.partition(".")[0])
    return packages


def loaded_after(code: str) -> set[str]:
    """What a fresh interpreter has loaded after running `code`."""
    code += "\nimport json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_serving_side_never_loads_tensorflow():
    serving = sorted(MODULES - TRAINING_SIDE)
    assert {"mnist_lab.cli", "mnist_lab.jobs", "mnist_lab.prediction", "mnist_lab.ui.shell"} <= set(serving)
    loaded = loaded_after("".join(f"import {module}\n" for module in serving))
    assert not {"tensorflow", "keras"} & loaded


def test_predicting_never_loads_tensorflow_nor_streamlit(tmp_path):
    draw(1).save(tmp_path / "one.png")
    code = f"from mnist_lab.cli import main\nassert main(['predict', {str(tmp_path / 'one.png')!r}]) == 0"
    assert not {"tensorflow", "keras", "streamlit"} & loaded_after(code)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_packages_are_imported_on_their_own_side_only(path):
    name = path.relative_to(ROOT)
    packages = imported(path)
    if not (name.parts[:2] == ("mnist_lab", "ui") or name.parts[0] in ("app.py", "pages")):
        assert "streamlit" not in packages
    if name.with_suffix("").as_posix().replace("/", ".") not in TRAINING_SIDE:
        assert not {"tensorflow", "keras"} & packages
