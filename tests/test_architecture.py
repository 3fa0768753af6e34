"""The order of the house: which packages may import which, and what is imported nowhere else."""

import ast
import json
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

import mnist_lab
from mnist_lab.store.run import (
    CHECKPOINT,
    CHECKPOINTS,
    CONFIG,
    EVALUATION,
    KERAS_MODEL,
    METRICS,
    MODEL,
    STATUS,
)
from tests.drawings import draw

ROOT = Path(__file__).parents[1]
ORDER = (
    *("errors", "config", "images", "datasets", "networks", "inference", "store", "comparing", "exploring"),
    *("training", "gradients", "plots", "engine", "reports", "lessons", "classroom", "cli", "ui"),
)
EARLIER = ("augmentation", "pens")  # names that the scripts of an earlier lab import
TENSORFLOW = ("training", "gradients")
HIDDEN = (".annotations", ".bets", ".engines", ".explored", ".rooms", ".studies", ".trash", ".visitors")
PAGES = ("draw", "train", "compare", "explore", "lessons", "room", "join")  # packages of `ui`
MODULES = {module.name for module in pkgutil.walk_packages(mnist_lab.__path__, "mnist_lab.")} - {"mnist_lab.__main__"}
SOURCES = [ROOT / "app.py", *ROOT.glob("pages/**/*.py"), *ROOT.glob("mnist_lab/**/*.py")]
INSIDE = sorted(path for path in ROOT.glob("mnist_lab/*/**/*.py"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".").removesuffix(".__init__")


def package_of(module: str) -> str:
    return module.split(".")[1]


@lru_cache(maxsize=1000)
def nodes(path: Path) -> list[ast.AST]:
    """All of a file's syntax."""
    return [*ast.walk(ast.parse(path.read_text("utf-8")))]


@lru_cache(maxsize=1000)
def imports(path: Path) -> tuple[tuple[str, bool], ...]:
    """The modules that a file imports, each with whether that is so as soon as the file is imported itself."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[tuple[str, bool]]:
    later = {
        inner
        for node in nodes(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        or (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test))
        for inner in ast.walk(node)
    }
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node not in later) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from ((name if name in MODULES else node.module, node not in later) for name in names)


def packages(path: Path) -> set[str]:
    """The top-level packages that a file imports anywhere."""
    return {module.partition(".")[0] for module, _ in imports(path)}


def loaded_after(code: str) -> set[str]:
    """What a fresh interpreter has loaded after running `code`."""
    code += "\nimport json, sys; print(json.dumps(list(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_every_module_has_its_room() -> None:
    assert {package_of(module) for module in MODULES} == {*ORDER, *EARLIER}


@pytest.mark.parametrize("path", INSIDE, ids=name_of)
def test_a_package_imports_only_those_before_it(path: Path) -> None:
    own = package_of(name_of(path))
    for module, at_once in imports(path):
        if module.startswith("mnist_lab."):
            other = package_of(module)
            assert ORDER.index(other) <= ORDER.index(own), module
            if at_once and other in TENSORFLOW:
                assert own in TENSORFLOW, module


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_tensorflow_and_streamlit_stay_in_their_rooms(path: Path) -> None:
    room = name_of(path).split(".")
    if room[0] == "mnist_lab" and room[1:2] != ["ui"]:
        assert "streamlit" not in packages(path)
    if room[1:2] not in ([one] for one in TENSORFLOW):
        assert not {"tensorflow", "keras"} & packages(path)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_only_the_store_spells_the_names_of_its_files(path: Path) -> None:
    if name_of(path).startswith("mnist_lab.store.") or path.name == "keras_files.py":  # there a file in Keras's zip
        return
    texts = {node.value for node in nodes(path) if isinstance(node, ast.Constant)}
    assert not texts & {CONFIG, STATUS, METRICS, MODEL, KERAS_MODEL, EVALUATION, CHECKPOINTS, CHECKPOINT}
    assert not {text for text in texts if isinstance(text, str) and text.startswith(HIDDEN)}


@pytest.mark.parametrize("path", sorted(ROOT.glob("mnist_lab/ui/*/*.py")), ids=name_of)
def test_a_page_imports_no_other_page(path: Path) -> None:
    own = name_of(path).split(".")[2]
    pages = {module.split(".")[2] for module, _ in imports(path) if module.startswith("mnist_lab.ui.")} & set(PAGES)
    assert pages <= {own}


def test_the_serving_side_never_loads_tensorflow() -> None:
    serving = sorted(module for module in MODULES if package_of(module) not in TENSORFLOW)
    assert {"mnist_lab.cli.parser", "mnist_lab.engine.engine", "mnist_lab.ui.shell"} <= set(serving)
    loaded = loaded_after("".join(f"import {module}\n" for module in serving))
    assert not {"tensorflow", "keras"} & loaded


def test_predicting_never_loads_tensorflow_nor_streamlit(tmp_path: Path) -> None:
    draw(1).save(tmp_path / "one.png")
    code = f"from mnist_lab.cli import main\nassert main(['predict', {str(tmp_path / 'one.png')!r}]) == 0"
    assert not {"tensorflow", "keras", "streamlit"} & loaded_after(code)


def test_the_picture_of_the_house_is_that_of_the_code() -> None:
    from benchmarks.house import DOCUMENT, drawn

    text = DOCUMENT.read_text("utf-8")
    assert drawn(text) == text, "python -m benchmarks.house draws it anew"


@pytest.mark.parametrize("document", [*ROOT.glob("docs/*.md"), *ROOT.glob("*.md")], ids=name_of)
def test_documents_name_modules_that_exist(document: Path) -> None:
    named = re.findall(rf"`(?:mnist_lab\.)?({'|'.join(ORDER[1:])})\.(?!json)([a-z_]+)", document.read_text("utf-8"))
    assert not {f"{package}.{module}" for package, module in named if f"mnist_lab.{package}.{module}" not in MODULES}
