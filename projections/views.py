"""What readers ask of the projections' tables, whatever store keeps them.

Every adapter passes ``tests/contracts/views.py``.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple, Protocol

LISTED_MAX = 1_000
"""Rows of one owner that are listed at once, at most."""


class Place(NamedTuple):
    """Where a row stands in the list of its owner."""

    order: int
    """0 in an index without an order."""
    key: str


class Entry(NamedTuple):
    key: str
    row: Any


class Touched(dict[str, set[str]]):
    """Keys of the rows that a batch changed, by table name."""


class ViewsUnavailable(Exception):
    """The store does not answer now."""


class Views(Protocol):
    async def get(self, table: str, key: str) -> Any | None: ...

    async def get_many(self, table: str, keys: Collection[str]) -> dict[str, Any]:
        """The rows that exist, by key."""

    async def listed(
        self,
        table: str,
        index: str,
        owner: str,
        *,
        limit: int,
        after: Place | None = None,
        backwards: bool = False,
    ) -> list[Entry]:
        """Rows of an owner by order and key, ascending or backwards, beyond a place in that direction."""

    async def listed_all(self, table: str, index: str, owners: Collection[str]) -> dict[str, list[Entry]]:
        """The first LISTED_MAX rows of each owner."""

    async def count(self, table: str, index: str, owner: str) -> int: ...

    async def counts(self, table: str, index: str) -> dict[str, int]:
        """Rows of each owner that has any."""
