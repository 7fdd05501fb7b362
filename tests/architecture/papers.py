"""README and documentation, and the fenced blocks in them."""

from __future__ import annotations

import re
from typing import NamedTuple

from tests.architecture.sources import ROOT

FENCE = re.compile(r"^(`{3,}|~{3,})\s*(.*?)\s*$")
PAPERS = ["README.md", *sorted(str(file.relative_to(ROOT)) for file in (ROOT / "docs").rglob("*.md"))]


class Block(NamedTuple):
    paper: str
    line: int
    """Of its first line, from 1."""
    kind: str
    """What stands behind the fence."""
    text: str

    def __str__(self) -> str:
        return f"{self.paper}:{self.line}"


def text_of(paper: str) -> str:
    return (ROOT / paper).read_text(encoding="utf-8")


def blocks_in(text: str, paper: str = "") -> list[Block]:
    blocks, fence, kind, first = [], "", "", 0
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        found = FENCE.match(line)
        if not fence and found:
            fence, kind, first = found[1], found[2], number + 1
        elif fence and found and found[1].startswith(fence) and not found[2]:
            blocks.append(Block(paper, first, kind, "\n".join(lines[first - 1 : number - 1])))
            fence = ""
    return blocks


def all_blocks() -> list[Block]:
    return [block for paper in PAPERS for block in blocks_in(text_of(paper), paper)]
