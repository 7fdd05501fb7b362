"""The mutations that ``make mutants`` tries: what a guard may get wrong, and nothing that only words it otherwise.

Each is ``(node type, function)`` as mutmut wants them: the function yields what may stand in the node's place. They are
chosen so that none is killed by whatever kills another: a condition that is negated, say, dies of the tests that kill
the same condition made always true, so only the latter is tried.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import libcst as cst

Operator = tuple[type, Callable[[Any], Iterator[cst.CSTNode]]]

EDGES: dict[type[cst.BaseCompOp], type[cst.BaseCompOp]] = {
    cst.LessThan: cst.LessThanEqual,
    cst.LessThanEqual: cst.LessThan,
    cst.GreaterThan: cst.GreaterThanEqual,
    cst.GreaterThanEqual: cst.GreaterThan,
}
OPPOSITES: dict[type[cst.BaseCompOp], type[cst.BaseCompOp]] = {
    cst.LessThan: cst.GreaterThanEqual,
    cst.LessThanEqual: cst.GreaterThan,
    cst.GreaterThan: cst.LessThanEqual,
    cst.GreaterThanEqual: cst.LessThan,
    cst.Equal: cst.NotEqual,
    cst.NotEqual: cst.Equal,
    cst.In: cst.NotIn,
    cst.NotIn: cst.In,
    cst.Is: cst.IsNot,
    cst.IsNot: cst.Is,
}
SUMS: dict[type[cst.CSTNode], type[cst.CSTNode]] = {
    cst.Add: cst.Subtract,
    cst.Subtract: cst.Add,
    cst.Multiply: cst.Add,
    cst.FloorDivide: cst.Multiply,
    cst.Modulo: cst.FloorDivide,
    cst.BitOr: cst.BitAnd,
    cst.BitAnd: cst.BitOr,
    cst.AddAssign: cst.SubtractAssign,
    cst.SubtractAssign: cst.AddAssign,
}
SWAPPED = {"min": "max", "max": "min", "any": "all", "all": "any"}


def edge(node: cst.ComparisonTarget) -> Iterator[cst.ComparisonTarget]:
    """``<`` becomes ``<=``."""
    if other := EDGES.get(type(node.operator)):
        yield node.with_changes(operator=other())


def opposite(node: cst.ComparisonTarget) -> Iterator[cst.ComparisonTarget]:
    """``<`` becomes ``>=``, ``in`` becomes ``not in``."""
    if other := OPPOSITES.get(type(node.operator)):
        yield node.with_changes(operator=other())


def always(node: cst.If | cst.IfExp | cst.CompIf) -> Iterator[cst.CSTNode]:
    """The condition holds always, or never: the guard is gone."""
    if isinstance(node.test, cst.Name) and node.test.value in {"True", "False"}:
        return
    yield node.with_changes(test=cst.Name("True"))
    yield node.with_changes(test=cst.Name("False"))


def loop(node: cst.While) -> Iterator[cst.While]:
    """No turn at all. One that never ends would only take time."""
    yield node.with_changes(test=cst.Name("False"))


def half(node: cst.BooleanOperation) -> Iterator[cst.BaseExpression]:
    """``a and b`` becomes ``a``, or ``b``. That it becomes ``a or b`` is seen by the same tests."""
    for side in (node.left, node.right):
        yield side.with_changes(lpar=[cst.LeftParen(), *side.lpar], rpar=[*side.rpar, cst.RightParen()])


def denial(node: cst.UnaryOperation) -> Iterator[cst.BaseExpression]:
    """``not a`` becomes ``a``, and ``-a`` becomes ``a``."""
    if isinstance(node.operator, cst.Not | cst.Minus):
        yield node.expression


def bound(node: cst.Call) -> Iterator[cst.BaseExpression]:
    """``max(a, 0)`` becomes ``a``, or ``0``; of one list, ``min``; and ``any`` becomes ``all``."""
    if not isinstance(node.func, cst.Name) or node.func.value not in SWAPPED:
        return
    sides = [argument.value for argument in node.args if argument.keyword is None and not argument.star]
    if len(sides) == 2 and len(node.args) == 2:
        for side in sides:
            yield side.with_changes(lpar=[cst.LeftParen(), *side.lpar], rpar=[*side.rpar, cst.RightParen()])
    else:
        yield node.with_changes(func=cst.Name(SWAPPED[node.func.value]))


def off_by_one(node: cst.Integer) -> Iterator[cst.Integer]:
    yield node.with_changes(value=str(node.evaluated_value + 1))


def arithmetic(node: cst.BinaryOperation | cst.AugAssign) -> Iterator[cst.CSTNode]:
    """``+`` becomes ``-``."""
    if other := SUMS.get(type(node.operator)):
        yield node.with_changes(operator=other())


def flag(node: cst.Name) -> Iterator[cst.Name]:
    if node.value in {"True", "False"}:
        yield node.with_changes(value=str(node.value != "True"))


def verdict(node: cst.Return) -> Iterator[cst.Return]:
    """What a predicate says, always or never."""
    if isinstance(node.value, cst.Comparison | cst.BooleanOperation) or (
        isinstance(node.value, cst.UnaryOperation) and isinstance(node.value.operator, cst.Not)
    ):
        yield node.with_changes(value=cst.Name("True"))
        yield node.with_changes(value=cst.Name("False"))


def turn(node: cst.Continue | cst.Break) -> Iterator[cst.CSTNode]:
    """``continue`` becomes ``break``, and ``break`` becomes ``pass``."""
    yield cst.Break() if isinstance(node, cst.Continue) else cst.Pass()


OPERATORS: list[Operator] = [
    (cst.ComparisonTarget, edge),
    (cst.ComparisonTarget, opposite),
    (cst.If, always),
    (cst.IfExp, always),
    (cst.CompIf, always),
    (cst.While, loop),
    (cst.BooleanOperation, half),
    (cst.UnaryOperation, denial),
    (cst.Call, bound),
    (cst.Integer, off_by_one),
    (cst.BinaryOperation, arithmetic),
    (cst.AugAssign, arithmetic),
    (cst.Name, flag),
    (cst.Return, verdict),
    (cst.Continue, turn),
    (cst.Break, turn),
]
