"""How rows, lists and progress are called in Redis.

    kontor/born                             which life of the store this is: gone after a flush, another one after it;
                                            and, after a dot, how often generations have been exchanged in it
    kontor/generations                      hash: catalog@2 → which generation is live, besides notes of others
    kontor/changes                          the channel of notices (notice.py)
    kontor:catalog@3:products:prd_…         a row: 8 bytes of position, then the row as MessagePack; nothing after the
                                            position for a row that is gone
    kontor:catalog@3:products.category:…    the list of one owner: a sorted set, all scores 0, so by member
    kontor:catalog@3:products.category      hash: owner → rows, of owners that have any
    kontor:catalog@3/progress               hash: partition → position
    kontor:catalog@3/parked                 hash: position → stream and error

The first generation of a projection is called like that; a later one has its number behind, as ``catalog@2~3``.

A member is the key, after 16 hexadecimal digits of order in an index that has one. Sorted sets compare members of
equal score byte by byte, so a page of a list is found in O(log n + its length) wherever it begins, ties or not; scores
would be doubles and leave ties to be searched through. Scripts use names that are not among their keys: one primary
with replicas, not a cluster.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from projections.beside import generation_of, name_of
from projections.folding import NOWHERE
from projections.projector import Index, Projection, Table
from projections.views import Place

PREFIX = "kontor"
_BIAS = 1 << 63
"""Makes any 64-bit order an unsigned number, which sorts by its digits."""
ORDER_WIDTH = 16


class Names:
    """Everything under one prefix, as it is called in one life of the store while one set of generations is live."""

    def __init__(
        self,
        prefix: str,
        projections: Sequence[Projection],
        numbers: Mapping[str, int] | None = None,
        life: bytes | None = None,
    ) -> None:
        """``numbers`` of the generations by projection. ``life`` as in ``born``; None while that was never asked."""
        self.prefix = prefix
        self.life = life
        self.born = f"{prefix}/born"
        self.changes = f"{prefix}/changes"
        self.generations = f"{prefix}/generations"
        self.numbers = {name: (numbers or {}).get(name, 0) for name in map(name_of, projections)}
        self.bases = [f"{prefix}:{generation_of(name, number)}" for name, number in self.numbers.items()]
        self.progress = [f"{base}/progress" for base in self.bases]
        self.parked = [f"{base}/parked" for base in self.bases]
        self.tables = {
            table.name: StoredTable(table, base)
            for projection, base in zip(projections, self.bases, strict=True)
            for table in projection.tables
        }


class Standing(NamedTuple):
    """Where a row stands in an index."""

    owner: str
    member: str


class StoredIndex:
    """One index: its names and members."""

    def __init__(self, index: Index, base: str) -> None:
        self.counts = base
        self._index = index
        self.order_width = 0 if index.order is None else ORDER_WIDTH

    def list_of(self, owner: str) -> str:
        return f"{self.counts}:{owner}"

    def standing(self, key: str, row: Any) -> Standing | None:
        owner = self._index.owner(key, row)
        if owner is None:
            return None
        order = self._index.order
        return Standing(owner, key if order is None else _ordered(order(key, row), key))

    def bounds(self, after: Place | None, backwards: bool) -> tuple[str, str]:
        """From where to where, as ZRANGE BYLEX wants it."""
        if after is None:
            return ("+", "-") if backwards else ("-", "+")
        beyond = "(" + (_ordered(after.order, after.key) if self.order_width else after.key)
        return beyond, "-" if backwards else "+"


class StoredTable:
    """One table: its names and the codec of its rows."""

    def __init__(self, table: Table, base: str) -> None:
        self.table = table
        self.rows = f"{base}:{table.name}:"
        self.indexes = {
            name: StoredIndex(index, f"{base}:{table.name}.{name}") for name, index in table.indexes.items()
        }
        self._decode = msgspec.msgpack.Decoder(table.row).decode
        self._encode = msgspec.msgpack.Encoder().encode

    def encode(self, position: int, row: Any) -> bytes:
        head = position.to_bytes(8, "big")
        return head if row is None else head + self._encode(row)

    def decode(self, value: bytes | None) -> Any | None:
        """The row; None for one that is gone or never was."""
        return None if value is None or len(value) == 8 else self._decode(memoryview(value)[8:])


def position_of(value: bytes | None) -> int:
    return NOWHERE if value is None else int.from_bytes(value[:8], "big")


def _ordered(order: int, key: str) -> str:
    return f"{order + _BIAS:016x}{key}"
