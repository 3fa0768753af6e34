"""The house as a picture, drawn from the code into docs/architecture.md: python -m benchmarks.house

An arrow leads from a package to one that it needs; those that follow from others are left out (the transitive
reduction; Aho, Garey and Ullman 1972).
"""

from pathlib import Path

from tests.test_architecture import INSIDE, ORDER, ROOT, imports, name_of, package_of

DOCUMENT = ROOT / "docs" / "architecture.md"
BEGIN, END = "```mermaid\n", "```\n"


def needs(files: list[Path] = INSIDE) -> dict[str, set[str]]:
    """The packages that each package imports, whether at once or in a function."""
    found: dict[str, set[str]] = {package: set() for package in ORDER}
    for path in files:
        others = {package_of(module) for module, _ in imports(path) if module.startswith("mnist_lab.")}
        found[package_of(name_of(path))] |= others - {package_of(name_of(path))}
    return found


def picture() -> str:
    """The packages and the arrows between them, as Mermaid."""
    direct = needs()
    reached: dict[str, set[str]] = {}
    for package in ORDER:
        reached[package] = direct[package].union(*(reached[other] for other in direct[package]))
    lines = [
        f"    {package} --> {other}"
        for package in reversed(ORDER)
        for other in sorted(direct[package], key=ORDER.index, reverse=True)
        if not any(other in reached[between] for between in direct[package] - {other})
    ]
    return "\n".join(["flowchart TD", *lines, ""])


def drawn(text: str) -> str:
    """The document with the picture of today."""
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + picture() + END + rest.partition(END)[2]


def main() -> None:
    DOCUMENT.write_text(drawn(DOCUMENT.read_text("utf-8")), "utf-8")


if __name__ == "__main__":
    main()
