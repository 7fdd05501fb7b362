"""Mutants that docs/mutants.md explains are of code that is there: what is gone needs no explanation."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.papers import text_of
from tests.architecture.sources import files, functions

SURVIVOR = re.compile(r"^- `([\w.]+)`: `(.*?)` → `", re.MULTILINE)


def bare(text: str) -> str:
    """Without what a formatter puts between the same words."""
    return re.sub(r"\s+", "", text).replace(",)", ")").replace("(", "").replace(")", "")


def bodies(module: str, function: str) -> list[str]:
    found = [file for file in files("domain") if file.stem == module]
    return [
        ast.get_source_segment(file.read_text(encoding="utf-8"), node) or ""
        for file in found
        for node in functions(file)
        if node.name == function
    ]


@pytest.mark.parametrize(("where", "original"), SURVIVOR.findall(text_of("docs/mutants.md")))
def test_an_explained_mutant_is_of_code_that_is_there(where: str, original: str) -> None:
    names = where.split(".")
    candidates = bodies(names[0], names[-1])
    assert candidates, f"no function {names[-1]} in {names[0]}.py"
    assert any(bare(original) in bare(body) for body in candidates), f"{where} does not say: {original}"
