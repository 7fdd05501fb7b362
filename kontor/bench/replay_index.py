"""The part of ``replay-full`` that builds a search index anew; limit, the same documents by the official client's bulk.

Log and views lie in files here: the server that the documents go to is what is measured. They take turns, each from an
index that is not there to one that has everything to find.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

from commands.mapper import record
from commands.store.sqlite import INSERT, SQLiteLog
from kontor.bench.redis_sink import catalog_events
from kontor.bench.replay import Silent
from kontor.bench.report import median
from kontor.folder import DataFolder
from kontor.replay.search import Building
from kontor.wiring.embedded import PROJECTIONS, settle_garbage
from projections.search.elastic.building import ElasticBuild
from projections.search.elastic.mapping import STATE_ID, index_settings, mappings
from projections.search.elastic.server import Server
from projections.sqlite import SQLiteViews
from streams.views.follower import Follower

ROUNDS = 3
CHUNK = 500
"""Documents in one request; as many as the replay sends."""
Documents = Sequence[tuple[str, Any]]
"""By id."""


async def elasticsearch(url: str, path: Path, products: int) -> dict[str, Any]:
    """``path`` is an empty folder."""
    built, by_client = [], []
    async with _followed(DataFolder(path), products) as (log, views):
        for _ in range(ROUNDS):
            seconds, documents = await _built(url, log, views)
            built.append(seconds)
            by_client.append(await asyncio.to_thread(_by_the_client, url, documents))
    return {
        "elasticsearch_documents_per_s": round(products / median(built)),
        "elasticsearch_client_bulk_documents_per_s": round(products / median(by_client)),
        "elasticsearch_ratio_to_client_bulk": round(median([b / a for a, b in zip(built, by_client, strict=True)]), 3),
        "documents": products,
    }


@asynccontextmanager
async def _followed(folder: DataFolder, products: int) -> AsyncIterator[tuple[SQLiteLog, SQLiteViews]]:
    """A log of a catalog and views of it."""
    log = SQLiteLog.open(folder.log)
    with closing(sqlite3.connect(folder.log)) as connection, connection:
        events = catalog_events(products)
        rows = (record(one.position, one.stream, one.version, one.event, one.meta)[1] for one in events)
        connection.executemany(INSERT, rows)
    views = SQLiteViews(folder.views, PROJECTIONS)
    try:
        await Follower(log, views).catch_up()
        yield log, views
    finally:
        views.close()
        await log.close()


async def _built(url: str, log: SQLiteLog, views: SQLiteViews) -> tuple[float, Documents]:
    """Seconds, and what is in the index."""
    server = Server(url)
    build = ElasticBuild(server, f"bench-{secrets.token_hex(4)}")
    settle_garbage()
    began = time.perf_counter()
    try:
        await Building(log, views, build, Silent()).run()
        seconds = time.perf_counter() - began
        return seconds, await asyncio.to_thread(_documents, url, build.mine.name)
    finally:
        build.delete()
        build.close()
        server.close()


def _documents(url: str, index: str) -> Documents:
    from elasticsearch import Elasticsearch, helpers

    with Elasticsearch(url, request_timeout=60) as client:
        found = helpers.scan(client, index=index, size=1_000)
        return [(hit["_id"], hit["_source"]) for hit in found if hit["_id"] != STATE_ID]


def _by_the_client(url: str, documents: Documents) -> float:
    """Seconds."""
    from elasticsearch import Elasticsearch, helpers

    index = f"bench-{secrets.token_hex(4)}"
    with Elasticsearch(url, request_timeout=60) as client:
        settle_garbage()
        began = time.perf_counter()
        client.indices.create(index=index, settings=index_settings(), mappings=mappings())
        try:
            actions = ({"_index": index, "_id": key, "_source": source} for key, source in documents)
            helpers.bulk(client, actions, chunk_size=CHUNK)
            client.indices.refresh(index=index)
            return time.perf_counter() - began
        finally:
            client.indices.delete(index=index)
