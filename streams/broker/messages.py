"""What travels on the topic of a log, and what each message states.

Every message of a partition states an interval of the log, ``(after, position]``: **within it, the partition has no
event but the one at ``position``**, or none at all if the message is a watermark. That is true or false by the log
alone, whoever says it and whenever, which is all that consumers rely on:

    A consumer that knows the partition completely up to R meets a message:
        position <= R            told before: dropped
        after <= R < position    the next one: taken, and R becomes position
        R < after                something is missing: (R, after] comes from the log itself

By induction R is true for any sequence of true statements, so repeats, two relays that write through each other, lost
or recreated topics and offsets that are out of date cannot make a consumer skip an event. How often the third case
occurs is a matter of speed only; ``relay.py`` says why it does not on a topic that nobody has touched.

A message on the wire: key, the stream's id; value, the row as MessagePack array, its event not decoded; headers in
ASCII, ``position``, ``after``, ``name`` (``order.placed@2``) and, if the event belongs to a trace, ``traceparent``. A
watermark has neither key, value, name nor trace.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import NamedTuple
from zlib import crc32

import msgspec
import structlog

from commands.store.port import Position, Row
from domain.stored.codec import DAMAGED
from streams.broker.traces import HEADER, traceparent_of

Headers = list[tuple[str, bytes]]

log = structlog.get_logger("topic")
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Row).decode


class Message(NamedTuple):
    after: Position
    position: Position
    value: bytes
    """The encoded row at ``position``; empty for a watermark."""

    @property
    def row(self) -> Row | None:
        """None for a watermark, and for bytes that are not the event's."""
        try:
            row = _decode(self.value) if self.value else None
        except DAMAGED:
            return None
        return row if row is not None and row.position == self.position else None


Letter = tuple[bytes | None, bytes, Headers]
"""A message as it is given to a producer: key, value, headers."""


def of_row(row: Row, after: Position) -> Letter:
    """The event at ``row.position``, the first of its partition after ``after``."""
    headers = [("position", b"%d" % row[0]), ("after", b"%d" % after), _named(row[3])]
    if traceparent := traceparent_of(row):
        headers.append((HEADER, traceparent.encode()))
    return row[1].encode(), _encode(row), headers


def watermark(position: Position, after: Position) -> Letter:
    """No event in (after, position]."""
    return None, b"", [("position", b"%d" % position), ("after", b"%d" % after)]


@cache
def _named(topic: str) -> tuple[str, bytes]:
    return "name", topic.encode()


def read(headers: Iterable[tuple[str, bytes]], value: bytes | None) -> Message | None:
    """None for a message that is none of ours. Whoever drops it misses nothing: if it came in the place of one that
    stated something, the next one's interval begins beyond what is known."""
    named = dict(headers)
    try:
        return Message(int(named["after"]), int(named["position"]), value or b"")
    except (KeyError, ValueError):
        log.warning("foreign_message", headers=sorted(named))
        return None


def partition_of(stream: str, partitions: int) -> int:
    """The same for ever: all events of a stream lie in one partition, in their order."""
    return crc32(stream.encode()) % partitions
