"""Imports point one way. The rules stand in pyproject.toml; here they are applied, and shown to bite."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT

VIOLATIONS = [
    ("domain/planted.py", "import commands\n", "imports point one way"),
    ("commands/planted.py", "import projections.catalog\n", "imports point one way"),
    ("readapi/planted.py", "import writeapi\n", "imports point one way"),
    ("projections/catalog/planted.py", "import projections.stock\n", "projections never import each other"),
    ("projections/reviews/planted.py", "import projections.wishlists\n", "projections never import each other"),
    ("domain/planted.py", "import sqlite3\n", "the domain does no I/O and knows no framework"),
    ("domain/planted.py", "import fastapi\n", "the domain does no I/O and knows no framework"),
    ("commands/planted.py", "import aiokafka\n", "only the ends of the topic know a broker's client"),
]


def lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The packages and their rules, where a violation can be planted."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_imports_point_one_way() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


def test_every_projection_is_held_apart_from_the_others() -> None:
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (apart,) = [rule["modules"] for rule in rules if rule["type"] == "independence"]
    folders = {f"projections.{file.parent.name}" for file in (ROOT / "projections").glob("*/projector.py")}
    assert folders | {"projections.search"} == set(apart)


@pytest.mark.parametrize(("path", "text", "contract"), VIOLATIONS, ids=lambda value: value.strip())
def test_a_planted_violation_is_caught(copy: Path, path: str, text: str, contract: str) -> None:
    (copy / path).write_text(text, encoding="utf-8")
    result = lint_imports(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    assert f"{contract} BROKEN" in result.stdout, result.stdout
    assert "planted" in result.stdout, result.stdout
