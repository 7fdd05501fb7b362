"""What ``kontor bench all`` runs, in this order."""

from __future__ import annotations

from kontor.bench.book.embedded import EMBEDDED
from kontor.bench.book.full import FULL

CASES = (*EMBEDDED, *FULL)
