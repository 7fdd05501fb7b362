"""What `make mutants` breaks: each guard, in every way in which it may be wrong alone."""

from __future__ import annotations

import libcst as cst
import pytest

from scripts.guards import OPERATORS


class Nodes(cst.CSTVisitor):
    def __init__(self) -> None:
        self.found: list[cst.CSTNode] = []

    def on_visit(self, node: cst.CSTNode) -> bool:
        self.found.append(node)
        return True


def mutants(code: str) -> set[str]:
    module, nodes = cst.parse_module(code), Nodes()
    module.visit(nodes)
    return {
        module.deep_replace(node, mutant).code
        for node in nodes.found
        for kind, operator in OPERATORS
        if isinstance(node, kind)
        for mutant in operator(node)
    }


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("if a(): b()", {"if True: b()", "if False: b()"}),
        ("x = a if b else c", {"x = a if True else c", "x = a if False else c"}),
        ("x = [a for a in b if a]", {"x = [a for a in b if True]", "x = [a for a in b if False]"}),
        ("while a: b()", {"while False: b()"}),
        ("x = a and b", {"x = (a)", "x = (b)"}),
        ("x = a or (b)", {"x = (a)", "x = ((b))"}),
        ("x = not a", {"x = a"}),
        ("x = a < b", {"x = a <= b", "x = a >= b"}),
        ("x = a >= b", {"x = a > b", "x = a < b"}),
        ("x = a == b", {"x = a != b"}),
        ("x = a not in b", {"x = a in b"}),
        ("x = a is None", {"x = a is not None"}),
        ("return a == b", {"return True", "return False", "return a != b"}),
        ("x = max(a, b)", {"x = (a)", "x = (b)"}),
        ("x = min(a)", {"x = max(a)"}),
        ("x = any(a)", {"x = all(a)"}),
        ("x = a - b", {"x = a + b"}),
        ("a += b", {"a -= b"}),
        ("x = 7", {"x = 8"}),
        ("x = True", {"x = False"}),
        ("if True: a()", {"if False: a()"}),
        ("x = a()", set()),
    ],
)
def test_a_guard_is_broken_in_every_way_that_no_other_stands_for(code: str, expected: set[str]):
    assert mutants(code) == expected


@pytest.mark.parametrize(("turn", "other"), [("continue", "break"), ("break", "pass")])
def test_a_loop_goes_on_or_ends(turn: str, other: str):
    assert mutants(f"for a in b:\n    {turn}") == {f"for a in b:\n    {other}"}
