"""Every shape in which an event was ever stored, one file each, never edited: they must decode and fold for ever.

A file holds the topic, the stored bytes (base64), and the same readable (binary fields as base64). ``examples.py`` says
what is in them, ``generate.py`` writes those that are missing, ``digests.txt`` keeps them from being changed.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

FOLDER = Path(__file__).parent
DIGESTS = FOLDER / "digests.txt"


class Stored(NamedTuple):
    """A file of the corpus; its name is the topic, or the topic and what is particular about it."""

    name: str
    topic: str
    data: bytes
    plain: Any


def files() -> list[Path]:
    return sorted(FOLDER.glob("*@*.json"))


def read(path: Path) -> Stored:
    content = msgspec.json.decode(path.read_bytes())
    return Stored(path.stem, content["topic"], base64.b64decode(content["data"]), content["plain"])


def digests() -> dict[str, str]:
    """SHA-256 by file name."""
    lines = DIGESTS.read_text(encoding="utf-8").splitlines() if DIGESTS.exists() else []
    return {name: digest for digest, name in (line.split("  ") for line in lines)}
