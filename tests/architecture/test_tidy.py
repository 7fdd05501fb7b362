"""House rules that no linter knows. Each test names the places that break its rule."""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from pathlib import Path

import pytest

from domain.decider import Decider
from domain.stored.codec import TOPICS
from tests.architecture.sources import PACKAGES, ROOT, Function, files, functions, place, tree

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 400
LONG_FUNCTION_LINES = 40
"""From here on a public function says in a docstring what it is for."""

LONG_FILES: dict[str, int] = {}
"""Files allowed to be longer, with their length. Numbers here only go down; nothing is added."""

IMPURE_MODULES = {"time", "random", "secrets", "os", "socket", "asyncio", "threading", "subprocess", "io", "tempfile"}
IMPURE_CALLS = {"now", "utcnow", "today", "uuid1", "uuid4", "urandom"}
IMPURE_BUILTINS = {"open", "print", "input"}

MEASURING = (
    "catalog/affinity",
    "catalog/attributes",
    "catalog/cells",
    "catalog/merit",
    "catalog/units",
    "sellers/sellerrating",
)
"""Files of the domain that measure and weigh, and know no money: only they may say ``float``, or divide by ``/``."""

OURS = (*PACKAGES, "scripts", "stack", "tests")


def named(node: ast.expr) -> str:
    """The last word of a dotted name: ``now`` of ``datetime.now``."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def imported(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Import):
        return {alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ImportFrom) and node.module:
        return {node.module.split(".")[0]}
    return set()


def test_the_rooms_are_there() -> None:
    assert [package for package in PACKAGES if not files(package)] == []


def test_functions_stay_short() -> None:
    def lines(function: Function) -> int:
        return (function.end_lineno or function.lineno) - function.lineno + 1

    long = {
        f"{place(path, function)} {function.name}: {lines(function)}"
        for path in files(*OURS)
        for function in functions(path)
        if lines(function) > FUNCTION_LINES_MAX
    }
    assert sorted(long) == []


def test_files_stay_short() -> None:
    lengths = {place(path): len(path.read_text(encoding="utf-8").splitlines()) for path in files(*OURS)}
    long = {name: length for name, length in lengths.items() if length > LONG_FILES.get(name, FILE_LINES_MAX)}
    assert long == {}
    done = [name for name in LONG_FILES if lengths.get(name, 0) <= FILE_LINES_MAX]
    assert done == [], "short enough now: take them off LONG_FILES"


def test_only_the_command_line_prints() -> None:
    prints = [
        place(path, node)
        for path in files(*PACKAGES)
        if path.relative_to(ROOT).parts[0] != "kontor"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert prints == []


def test_no_bare_except() -> None:
    bare = [
        place(path, node)
        for path in files(*OURS)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler) and node.type is None
    ]
    assert bare == []


def test_nothing_is_skipped_but_what_is_missing() -> None:
    """And that is a failure in CI: ``tests/needed.py`` sees to it."""
    skips = [
        place(path, node)
        for path in files("tests")
        if path != ROOT / "tests" / "needed.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and named(node.func) in {"skip", "importorskip", "xfail"}
    ]
    assert skips == []


def impurities(path: Path) -> list[str]:
    found = []
    for node in ast.walk(tree(path)):
        if modules := imported(node) & IMPURE_MODULES:
            found.append(f"{place(path, node)} imports {', '.join(sorted(modules))}")
        if isinstance(node, ast.Attribute) and node.attr in IMPURE_CALLS:
            found.append(f"{place(path, node)} {node.attr}")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_BUILTINS:
            found.append(f"{place(path, node)} {node.func.id}()")
    return found


def test_the_domain_reads_no_clock_and_draws_no_numbers() -> None:
    assert [found for path in files("domain") for found in impurities(path)] == []


def says_float(node: ast.AST) -> bool:
    """By its name, by a literal, or by a division that makes one."""
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Div)
    is_name = isinstance(node, ast.Name) and node.id == "float"
    return is_name or (isinstance(node, ast.Constant) and isinstance(node.value, float))


def test_money_is_never_a_float() -> None:
    measuring = {ROOT / "domain" / f"{name}.py" for name in MEASURING}
    of_money = [path for path in files("domain") if path not in measuring]
    assert ROOT / "domain" / "pricing" / "pricing.py" in of_money
    assert [place(path, node) for path in of_money for node in ast.walk(tree(path)) if says_float(node)] == []


def test_files_that_measure_know_no_money_and_need_their_floats() -> None:
    for name in MEASURING:
        path = ROOT / "domain" / f"{name}.py"
        modules = {node.module for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)}
        assert "domain.money" not in modules, name
        assert any(says_float(node) for node in ast.walk(tree(path))), f"{name} says no float any more: take it off"


def test_every_module_says_what_it_is_for() -> None:
    silent = [place(path) for path in files(*PACKAGES) if tree(path).body and not ast.get_docstring(tree(path))]
    assert silent == []


def unexplained(node: ast.stmt) -> bool:
    """Public, not plain from its name, and silent: a class with behaviour, or a function of some length."""
    if isinstance(node, ast.ClassDef):
        methods = [part for part in node.body if isinstance(part, Function) and not part.name.startswith("_")]
        explained = any(ast.get_docstring(part) for part in (node, *methods))
        return bool(methods) and not node.name.startswith("_") and not explained
    if isinstance(node, Function):
        long = (node.end_lineno or node.lineno) - node.lineno + 1 >= LONG_FUNCTION_LINES
        return long and not node.name.startswith("_") and not ast.get_docstring(node)
    return False


@pytest.mark.parametrize("package", PACKAGES)
def test_public_things_are_explained(package: str) -> None:
    silent = [
        f"{place(path, node)} {getattr(node, 'name', '')}"
        for path in files(package)
        for node in tree(path).body
        if unexplained(node)
    ]
    assert silent == []


def registered_events() -> tuple[list[str], list[str]]:
    """The names and classes written in the table ``EVENTS`` of ``domain/stored/codec.py``, doubles included."""
    path = ROOT / "domain" / "stored" / "codec.py"
    for node in tree(path).body:
        if isinstance(node, ast.AnnAssign) and named(node.target) == "EVENTS":
            assert isinstance(node.value, ast.Dict), place(path, node)
            names = [key.value for key in node.value.keys if isinstance(key, ast.Constant)]
            classes = [named(row.elts[1]) for row in node.value.values if isinstance(row, ast.Tuple)]
            return names, classes
    pytest.fail(f"no table EVENTS in {place(path)}")


def test_stored_event_names_are_unique_and_well_formed() -> None:
    names, classes = registered_events()
    assert names
    assert [name for name, count in Counter(names).items() if count > 1] == []
    assert [name for name, count in Counter(classes).items() if count > 1] == []
    assert [name for name in names if not re.fullmatch(r"[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*", name)] == []


def test_every_event_that_changes_a_state_has_a_stored_name() -> None:
    names = [".".join(path.relative_to(ROOT).with_suffix("").parts) for path in files("domain")]
    modules = [importlib.import_module(name) for name in names]
    deciders = [thing for module in modules for thing in vars(module).values() if isinstance(thing, Decider)]
    assert deciders
    nameless = {kind.__name__ for decider in deciders for kind in decider.evolutions if kind not in TOPICS}
    assert sorted(nameless) == []
