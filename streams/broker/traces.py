"""Which traces events belong to, as the relay tells it: in a header of each message, and to whoever collects spans.

The value of a message holds the same, but those who only pass messages on do not look into it.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from commands.store.port import Row
from domain.stored.codec import DAMAGED

HEADER = "traceparent"


class _Traced(msgspec.Struct, array_like=True, gc=False):
    """The beginning of ``domain.recorded.Meta``; what is not wanted is not decoded."""

    occurred_at: int
    recorded_at: int
    actor: msgspec.Raw
    command_id: msgspec.Raw
    correlation: msgspec.Raw
    causation: msgspec.Raw
    traceparent: str


_decode = msgspec.msgpack.Decoder(_Traced).decode


def traceparent_of(row: Row) -> str:
    """Empty when there is none, or when the row is damaged, which is for others to tell."""
    try:
        return _decode(row.meta).traceparent
    except DAMAGED:
        return ""


def traces_of(rows: Iterable[Row], at_most: int) -> list[str]:
    """Each once, in the order of the rows."""
    found: dict[str, None] = {}
    for row in rows:
        if len(found) >= at_most:
            break
        traceparent = traceparent_of(row)
        if traceparent:
            found[traceparent] = None
    return list(found)
