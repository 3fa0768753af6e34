"""Every assertion of the tests can fail: none is true whatever it is about."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ALWAYS_TRUE = (ast.Constant, ast.Dict, ast.GeneratorExp, ast.JoinedStr, ast.Lambda, ast.List, ast.Set, ast.Tuple)


def doubtful(text: str) -> list[int]:
    """The lines of assertions that cannot fail, or may say nothing.

    `assert a <= 45 if long else 30` and `assert a or b` hold wherever their other half does, a tuple or a generator
    holds always, and an `expect` that nothing is asked of asks nothing.
    """
    return [node.lineno for node in ast.walk(ast.parse(text)) if _is_doubtful(node)]


def _is_doubtful(node: ast.AST) -> bool:
    match node:
        case ast.Assert(test=ast.IfExp() | ast.BoolOp(op=ast.Or())):
            return True
        case ast.Assert(test=ast.Compare(left=left, comparators=others)):
            sides = [ast.dump(side) for side in (left, *others)]
            return len(set(sides)) < len(sides) or any(isinstance(side, ast.GeneratorExp) for side in (left, *others))
        case ast.Assert(test=test):
            return isinstance(test, ALWAYS_TRUE)
        case ast.Expr(value=ast.Call(func=ast.Name(id="expect"))):
            return True
    return False


@pytest.mark.parametrize(
    "assertion",
    [
        "assert a <= 45 if long else 30",
        "assert a == 1 or b",
        "assert (a == 1, 'why')",
        "assert (a for a in found)",
        "assert [a == 1]",
        "assert f'{a}'",
        "assert lambda: a == 1",
        "assert a == a",
        "assert found == (a for a in found)",
        "expect(page)",
    ],
)
def test_what_cannot_fail_is_found(assertion):
    assert doubtful(assertion) == [1]


@pytest.mark.parametrize(
    "assertion", ["assert a <= (45 if long else 30)", "assert a and b", "assert a == b", "expect(page).to_be_visible()"]
)
def test_what_can_fail_is_left_alone(assertion):
    assert doubtful(assertion) == []


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_every_assertion_can_fail(path):
    assert doubtful(path.read_text("utf-8")) == []
