"""DECISIONS.md: its entries, the table that leads to them, and whoever points to one."""

from __future__ import annotations

import re

from tests.architecture.papers import PAPERS
from tests.architecture.sources import PACKAGES, ROOT, files, place

PAPER = (ROOT / "DECISIONS.md").read_text()
ENTRIES = [int(number) for number in re.findall(r"^## (\d+)\. ", PAPER, re.MULTILINE)]
ROW = re.compile(r"^\| [^|]+ \| ([\d, ]+) \|$", re.MULTILINE)
POINTER = re.compile(r"DECISIONS(?:\.md)? (\d+(?:(?:, | and )\d+)*)")


def numbers(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", text)]


def test_entries_follow_one_another() -> None:
    assert sorted(set(ENTRIES)) == ENTRIES


def test_the_table_leads_to_each() -> None:
    rows = [numbers(row) for row in ROW.findall(PAPER[: PAPER.index("\n## ")])]
    assert rows
    assert all(row == sorted(set(row)) for row in rows)
    assert {number for row in rows for number in row} == set(ENTRIES)


def test_who_points_to_an_entry_finds_one() -> None:
    papers = [ROOT / paper for paper in (*PAPERS, "ARCHITECTURE.md", "CHANGELOG.md", "DECISIONS.md")]
    pointers = {
        (place(file), number)
        for file in (*papers, *files(*PACKAGES, "scripts", "tests"))
        for listed in POINTER.findall(file.read_text())
        for number in numbers(listed)
    }
    assert pointers
    assert {(file, number) for file, number in pointers if number not in ENTRIES} == set()
