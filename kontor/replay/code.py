"""Which program folds: rows that were begun by another are not gone on with."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path
from types import ModuleType

import domain
import projections
import streams


@cache
def code_of_views() -> str:
    """Names the source of events and projections."""
    return code_of(*_sources(domain, projections))


@cache
def code_of_documents() -> str:
    """Names the source of them and of what makes search documents of the views."""
    return code_of(*_sources(domain, projections, streams))


def code_of(*files: Path) -> str:
    """Names these files as they are."""
    digest = blake2b(digest_size=8)
    for file in files:
        digest.update(blake2b(file.read_bytes()).digest())
    return digest.hexdigest()


def _sources(*packages: ModuleType) -> list[Path]:
    return sorted(file for package in packages for file in Path(package.__path__[0]).rglob("*.py"))
