"""What is asked of a Postgres log, on whichever connection: streams, snapshots, answers, and how they are put."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import psycopg

from commands.routes import decider_of
from commands.store.patience import answered
from commands.store.port import Loaded, News, Reply, Row, Snapshot, Wanted, new_row, news_of, wanted_of
from commands.store.postgres_library import SELECT

STREAMS = f"""
WITH wanted AS (SELECT * FROM unnest(%s::text[], %s::int8[]) AS wanted (stream, generation)),
snapped AS (SELECT kept.* FROM wanted JOIN snapshots AS kept USING (stream, generation))
SELECT 0::int8, stream, version, ''::text, ''::bytea, state, hash FROM snapped
UNION ALL
SELECT event.* FROM wanted LEFT JOIN snapped USING (stream) CROSS JOIN LATERAL (
    {SELECT} WHERE stream = wanted.stream AND version > coalesce(snapped.version, 0) ORDER BY version
) AS event
"""
"""Down the index once for each stream, whatever statistics say; snapshots come as rows of position 0."""
OFFERS = """
SELECT stream FROM events
WHERE substr(stream, strpos(stream, '.') + 1) = %s AND version = 1 AND left(stream, 4) = 'off_'
ORDER BY stream LIMIT %s
"""
"""As the index offers_by_sku has it."""
NAMES = """
WITH RECURSIVE found (stream) AS (
    (SELECT stream FROM events WHERE stream > %s AND stream < %s ORDER BY stream {order} LIMIT 1)
    UNION ALL
    SELECT (
        SELECT stream FROM events WHERE stream {beyond} found.stream AND stream {within} %s
        ORDER BY stream {order} LIMIT 1
    ) FROM found WHERE stream IS NOT NULL
)
SELECT stream FROM found WHERE stream IS NOT NULL LIMIT %s
"""
"""A step down the index for each name, however long the streams are."""
FORWARDS = NAMES.format(order="ASC", beyond=">", within="<")
BACKWARDS = NAMES.format(order="DESC", beyond="<", within=">")
PLACED = """
SELECT stream FROM events
WHERE position > (SELECT max(position) FROM events) - %s
    AND topic LIKE 'order.placed@%%' AND position(%s::bytea IN data) > 0
ORDER BY position DESC LIMIT %s
"""
MOVED = "SELECT topic, array_agg(stream) FROM events WHERE position > %s GROUP BY topic"
"""Few rows with many names in them: a row costs as much as ten names."""
TAIL = SELECT + "WHERE position > %s ORDER BY position"
TAIL_OF = f"""
WITH tail AS MATERIALIZED ({SELECT} WHERE position > %s)
SELECT * FROM tail WHERE stream = ANY(%s) ORDER BY position
"""
"""Down the index of positions once, whatever statistics say."""
FEW = 50
"""Events that are read at once, without asking first whether they are wanted."""
REPLIES = "SELECT key, digest, status, headers, body, at FROM replies WHERE key = ANY(%s)"
PUT_REPLIES = """
INSERT INTO replies (key, digest, status, headers, body, at)
SELECT * FROM unnest(%s::text[], %s::bytea[], %s::int4[], %s::bytea[], %s::bytea[], %s::int8[])
ON CONFLICT (key) DO UPDATE SET digest = excluded.digest, status = excluded.status, headers = excluded.headers,
    body = excluded.body, at = excluded.at
"""
PUT_SNAPSHOTS = """
INSERT INTO snapshots (stream, version, generation, hash, state)
SELECT * FROM unnest(%s::text[], %s::int8[], %s::int8[], %s::bytea[], %s::bytea[])
ON CONFLICT (stream) DO UPDATE SET version = excluded.version, generation = excluded.generation,
    hash = excluded.hash, state = excluded.state
"""

Read = Callable[[str, Sequence[Any], Callable[[Any], Any]], Awaitable[list[Any]]]


async def fetch(
    connection: psycopg.AsyncConnection[Any], query: str, parameters: Sequence[Any], make: Callable[[Any], Any]
) -> list[Any]:
    cursor = connection.cursor(binary=True, row_factory=lambda _: make)
    with answered(connection):
        await cursor.execute(query.encode(), parameters)
        return await cursor.fetchall()


def may_be_there(stream: str) -> bool:
    """Postgres keeps no zero character in a text and refuses to look for one, as if it were in trouble itself."""
    return "\0" not in stream


async def load_streams(read: Read, streams: Iterable[str]) -> dict[str, Loaded]:
    """One query for many streams."""
    rows: dict[str, list[Row]] = {stream: [] for stream in streams}
    wanted = list(filter(may_be_there, rows))
    if not wanted:
        return {stream: Loaded(None, found) for stream, found in rows.items()}
    generations = [decider_of(stream).generation for stream in wanted]
    snapshots: dict[str, Snapshot] = {}
    for row in await read(STREAMS, (wanted, generations), new_row):
        if row.position:
            rows[row.stream].append(row)
        else:
            generation = decider_of(row.stream).generation
            snapshots[row.stream] = Snapshot(row.stream, row.version, generation, row.hash, row.data)
    return {stream: Loaded(snapshots.get(stream), found) for stream, found in rows.items()}


async def moved_since(read: Read, after: int, head: int, wants: Wanted) -> News:
    """Of many events only those that are wanted cross the wire."""
    if head - after <= FEW:
        return news_of(await read(TAIL, (after,), new_row), wants)
    moved = {topic: set(streams) for topic, streams in await read(MOVED, (after,), tuple)}
    wanted = wanted_of(moved, wants)
    rows = await read(TAIL_OF, (after, list(wanted)), new_row) if wanted else []
    return News(set().union(*moved.values()), rows)


async def stored_replies(read: Read, keys: Iterable[str]) -> dict[str, Reply]:
    wanted = list(keys)
    return {reply.key: reply for reply in await read(REPLIES, (wanted,), Reply._make)} if wanted else {}


def columns(rows: Sequence[Any]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]
