"""What is told on the channel when a batch is in: how far its partitions are now, and what the batch touched.

The script that writes the batch publishes the notice, so nothing is ever written and not told, and notices come in
the order of the writes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from projections.views import Touched

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[dict[str, list[str]], dict[str, list[str]]]).decode


class Notice(NamedTuple):
    born: bytes
    """Which life of the store this is about."""
    reached: dict[int, int]
    """Up to where the store has the partitions that were written. None: a life has just begun, and nothing is in it."""
    touched: Touched
    owners: dict[str, set[str]]
    """Owners of the lists that touched rows stand or stood in, by ``table.index``, of the indexes that are told of."""


def body(touched: Touched, owners: dict[str, set[str]]) -> bytes:
    """What the writer knows; the script puts life, partitions and positions in front."""
    plain: tuple[Any, Any] = (_lists(touched), _lists(owners))
    return _encode(plain)


def read(message: bytes) -> Notice:
    born, reached, rest = message.split(b" ", 2)
    touched, owners = _decode(rest) if rest else ({}, {})
    return Notice(
        born,
        {int(partition): int(at) for one in reached.split(b",") if one for partition, at in [one.split(b":")]},
        Touched({table: set(keys) for table, keys in touched.items()}),
        {index: set(of) for index, of in owners.items()},
    )


def _lists(sets: dict[str, set[str]]) -> dict[str, list[str]]:
    return {name: list(keys) for name, keys in sets.items()}
