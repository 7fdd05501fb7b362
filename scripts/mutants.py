"""Mutates the guards in ``domain/`` and tells which mutants no test of ``tests/domain`` kills (docs/mutants.md).

    python scripts/mutants.py                       # goes on where it was stopped
    python scripts/mutants.py domain/payments  # of these files only
    python scripts/mutants.py --report              # what is known so far, without running anything

To be run in the root of the checkout, where mutmut finds its settings. It copies the project to ``mutants/``, finds out
which tests call which function, and forks one process for each mutant that runs those, the fastest first, until one
fails. Here are the mutations (``scripts/guards.py``), the choice of files, and the report. Exits with 1 if a mutant
survives that docs/mutants.md does not explain.
"""

from __future__ import annotations

import argparse
import ast
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import libcst as cst
import mutmut as state
import pytest
from guards import EDGES, OPERATORS
from mutmut import __main__ as mutmut
from mutmut.mutation import file_mutation
from mutmut.mutation.data import SourceFileMutationData

ROOT = Path(__file__).resolve().parent.parent
EXPLAINED = ROOT / "docs" / "mutants.md"
NOTICED = {"killed", "timeout"}
"""A test failed, or did not come to an end."""
COPIED = {"domain", "commands", "projections", "streams", "readapi", "writeapi", "kontor", "tests"}
"""What is imported anew for a mutant of a function that makes functions."""


class _Undecorated(cst.CSTTransformer):
    """mutmut leaves decorated functions alone. A property becomes a method that is called by one; a cache goes."""

    def leave_FunctionDef(
        self, original_node: cst.FunctionDef, updated_node: cst.FunctionDef
    ) -> cst.FunctionDef | cst.FlattenSentinel[cst.BaseStatement]:
        code = cst.Module([]).code_for_node
        decorators = [code(each.decorator) for each in updated_node.decorators]
        if any(each.startswith("lru_cache") for each in decorators):
            return updated_node.with_changes(decorators=[])
        if decorators == ["property"] and isinstance(updated_node.body, cst.IndentedBlock):
            name = updated_node.name.value
            called = cst.parse_statement(f"{name} = property(lambda self: self.value_of_{name}())")
            function = updated_node.with_changes(decorators=[], name=cst.Name(f"value_of_{name}"))
            return cst.FlattenSentinel([function, called])
        return updated_node


class _Guards(file_mutation.MutationVisitor):
    """Leaves out what is no rule: assertions, the words of messages, and a number beside ``<`` (its edge is enough)."""

    def on_visit(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.Assert | cst.FormattedString):
            return False
        entered = super().on_visit(node)
        if isinstance(node, cst.ComparisonTarget) and isinstance(node.comparator, cst.Integer):
            return entered and type(node.operator) not in EDGES
        return entered


def _makers() -> Iterator[str]:
    """Functions that make functions, as mutmut names them. They are called while their module is imported, which is
    before there is a mutant: for theirs, everything is imported once more, and every test of their module is run."""
    for path in ROOT.glob("domain/**/*.py"):
        for found in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(found, ast.FunctionDef):
                inner = {each.name for each in ast.walk(found) if isinstance(each, ast.FunctionDef)}
                returned = [each.value for each in ast.walk(found) if isinstance(each, ast.Return)]
                named = {each.id for each in returned if isinstance(each, ast.Name)}
                if inner & named or any(isinstance(each, ast.Lambda) for each in returned):
                    yield f"{'.'.join(path.relative_to(ROOT).with_suffix('').parts)}.x_{found.name}"


def prepare(files: list[str]) -> None:
    """Tells mutmut what to mutate: with our operators, in these files, and not again what was killed before."""
    mutate, collect = file_mutation.mutate_file_contents, mutmut.collect_source_file_mutation_data
    stats, run = mutmut.collect_or_load_stats, mutmut.PytestRunner.run_tests
    makers = set(_makers())

    def undecorated(filename: str, code: str, covered_lines: set[int] | None = None) -> file_mutation.MutatedFile:
        return mutate(filename, cst.parse_module(code).visit(_Undecorated()).code, covered_lines)

    def chosen(*, mutant_names: Any) -> tuple[list[tuple[SourceFileMutationData, str, int | None]], Any]:
        mutants, by_path = collect(mutant_names=mutant_names)
        of_these = [each for each in mutants if not files or str(each[0].path) in files]
        return [(data, name, code if _stands(data, name, code) else None) for data, name, code in of_these], by_path

    def with_makers(runner: mutmut.PytestRunner, **more: Any) -> None:
        stats(runner, **more)
        with mutmut.CatchOutput(spinner_title="Listing tests"):
            there = runner.list_all_tests().ids
        by_function = state.tests_by_mangled_function_name
        for tests in by_function.values():
            tests.intersection_update(there)  # mutmut before 3.8 remembers tests that are gone, and would fail for them
        for maker in makers:
            module = maker.rpartition(".")[0] + "."
            of_module = [tests for function, tests in by_function.items() if function.startswith(module)]
            by_function[maker] = set().union(*of_module)

    def imported_anew(self: mutmut.PytestRunner, *, mutant_name: str | None, tests: Any) -> int:
        if mutant_name and mutmut.mangled_name_from_mutant_name(mutant_name) in makers:
            for module in [each for each in sys.modules if each.partition(".")[0] in COPIED]:
                del sys.modules[module]
        return run(self, mutant_name=mutant_name, tests=tests)

    _put(file_mutation, mutation_operators=OPERATORS, MutationVisitor=_Guards)
    _put(mutmut, mutate_file_contents=undecorated, collect_source_file_mutation_data=chosen)
    _put(mutmut, collect_or_load_stats=with_makers)
    _put(mutmut.PytestRunner, run_tests=imported_anew)
    _put(mutmut, register_timeout=lambda **limit: None)  # the limit of processor time is enough (pyproject.toml)
    _put(pytest.Item, _nodeid=property(lambda item: item.nodeid))  # what mutmut before 3.8 calls it


def _stands(data: SourceFileMutationData, mutant: str, code: int | None) -> bool:
    """Whether there is no need to try it again."""
    found = status(code)
    return found in NOTICED or (found != "not checked" and described(str(data.path), mutant) in _explained())


@cache
def _explained() -> str:
    return EXPLAINED.read_text(encoding="utf-8")


def _put(place: object, **replacements: object) -> None:
    for name, replacement in replacements.items():
        setattr(place, name, replacement)


def status(code: int | None) -> str:
    """killed, survived, no tests, timeout, not checked, and what else mutmut knows."""
    return str(mutmut.status_by_exit_code[code])


def known(files: list[str]) -> Iterator[tuple[str, str, str]]:
    """Path, name and status of every mutant there is."""
    for path in sorted(ROOT.glob("domain/**/*.py")):
        name = str(path.relative_to(ROOT))
        if not files or name in files:
            data = SourceFileMutationData(path=name)
            data.load()
            yield from ((name, key, status(code)) for key, code in data.exit_code_by_key.items())


def described(path: str, name: str) -> str:
    """`inventory.hold_stock`: `if at < end:` → `if at <= end:`"""
    diff = mutmut.get_diff_for_mutant(name, path=path).splitlines()[2:]
    old, new = (" ".join(line[1:].strip() for line in diff if line.startswith(sign)) for sign in "-+")
    return f"`{function(name)}`: `{old}` → `{new}`"


def function(mutant: str) -> str:
    *_, module, name = mutant.split(".")
    mangled = name.rpartition("__mutmut_")[0].removeprefix("x")
    return f"{module}.{mangled.replace('ǁ', '.').strip('.').removeprefix('_')}".replace("value_of_", "")


def report(files: list[str], show: Callable[[str], None] = print) -> int:
    """Prints a line for each file and for each mutant that needs one; how many are neither killed nor explained."""
    counts: dict[str, Counter[str]] = {}
    unexplained = []
    for path, name, found in known(files):
        if found not in {*NOTICED, "not checked"}:
            if (text := described(path, name)) in _explained():
                found = "explained"
            else:
                unexplained.append(f"{found}: {name}\n    {text}")
        counts.setdefault(path, Counter())[found] += 1
    for path, of_file in counts.items():
        show(f"{path}: {', '.join(f'{number} {what}' for what, number in sorted(of_file.items()))}")
    total = sum(counts.values(), Counter())
    show(f"in all: {', '.join(f'{number} {what}' for what, number in sorted(total.items()))}")
    for line in unexplained:
        show(line)
    return len(unexplained)


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutate the guards in domain/ and run the fast domain tests.")
    parser.add_argument("files", nargs="*", metavar="FILE", help="such as domain/payments/payment.py; without: all")
    parser.add_argument("--report", action="store_true", help="tell what is known and run nothing")
    parser.add_argument("--children", type=int, default=1, help="how many mutants are tried at once")
    chosen = parser.parse_args()
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    if not chosen.report:
        prepare(chosen.files)
        mutmut._run((), chosen.children)
    return 1 if report(chosen.files) else 0


if __name__ == "__main__":
    sys.exit(main())
