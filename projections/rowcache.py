"""What was folded just now is what is wanted next: rows as last folded in this process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import Any

ROWS_CACHED_MAX = 20_000
BYTES_CACHED_MAX = 4_000_000
"""Of rows as stored; as objects they take five times as much."""


class RowCache:
    """Rows as last folded here, None for one that is gone. Bounded by number and by bytes, the oldest leave first."""

    def __init__(self) -> None:
        self._rows: OrderedDict[tuple[str, str], tuple[Any, int]] = OrderedDict()
        self._bytes = 0
        self.hits = self.misses = 0

    def get_many(self, table: str, keys: Iterable[str]) -> tuple[dict[str, Any], list[str]]:
        """What is known, and the keys of what is not."""
        found: dict[str, Any] = {}
        missing: list[str] = []
        get = self._rows.get
        for key in keys:
            known = get((table, key))
            if known is None:
                missing.append(key)
            else:
                found[key] = known[0]
        self.hits += len(found)
        self.misses += len(missing)
        return found, missing

    def put(self, table: str, key: str, row: Any, size: int) -> None:
        place, rows = (table, key), self._rows
        known = rows.pop(place, None)
        self._bytes += size - (known[1] if known is not None else 0)
        rows[place] = (row, size)
        while self._bytes > BYTES_CACHED_MAX or len(rows) > ROWS_CACHED_MAX:
            self._bytes -= rows.popitem(last=False)[1][1]

    def forget(self, table: str, key: str) -> None:
        known = self._rows.pop((table, key), None)
        if known is not None:
            self._bytes -= known[1]

    def clear(self) -> None:
        self._rows.clear()
        self._bytes = 0
