"""The archive of orders: every event that belongs to one, as bytes, by order and position.

It outlives hot storage; the log stays the truth. An event of an older schema is kept as it reads today.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from domain.recorded import Recorded
from domain.stored.codec import TOPICS, decode, decode_meta, encode
from projections.cassandraviews.connection import Connection
from projections.cassandraviews.driver import Query
from projections.cassandraviews.tables import in_batches

NAME = "timeline@1"
COLUMNS = "position, stream, version, topic, meta, data, hash"

_encode_meta = msgspec.msgpack.Encoder().encode


class Timeline:
    def __init__(self, keyspace: str) -> None:
        self.tables = {
            "timeline": f"CREATE TABLE IF NOT EXISTS {keyspace}.timeline (order_id text, position bigint, stream text, "
            "version int, topic text, meta blob, data blob, hash blob, PRIMARY KEY (order_id, position))"
        }
        self._put = (
            f"INSERT INTO {keyspace}.timeline (order_id, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?"
        )
        self._read = f"SELECT {COLUMNS} FROM {keyspace}.timeline WHERE order_id = ?"
        self.queries = [self._put, self._read]

    def put(self, events: Sequence[Recorded]) -> list[Sequence[Query]]:
        """The events that belong to orders, those of one order together."""
        orders: dict[str, list[Query]] = {}
        for recorded in events:
            if recorded.meta.correlation.startswith("ord_"):
                orders.setdefault(recorded.meta.correlation, []).append(self._row(recorded))
        return [batch for queries in orders.values() for batch in in_batches(queries)]

    def _row(self, recorded: Recorded) -> Query:
        event = recorded.event
        stored = (TOPICS[type(event)], _encode_meta(recorded.meta), encode(event), recorded.hash)
        envelope = (recorded.position, recorded.stream, recorded.version)
        return self._put, (recorded.meta.correlation, *envelope, *stored, recorded.position)

    async def read(self, connection: Connection, order_id: str) -> list[Recorded]:
        """In log order, empty for an order that is not there. Raises ViewsUnavailable, what ``decode`` raises."""
        return [
            Recorded(position, stream, version, decode(topic, data), decode_meta(meta), digest)
            for position, stream, version, topic, meta, data, digest in await connection.rows(self._read, (order_id,))
        ]
