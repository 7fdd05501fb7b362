"""The part of ``replay-full`` that builds a search index anew; limit, the same documents by the official client's bulk.

Log and views lie in files here: the server that the documents go to is what is measured.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from commands.mapper import record
from commands.store.sqlite import INSERT, SQLiteLog
from kontor.bench.redis_sink import catalog_events
from kontor.bench.replay import Silent
from kontor.embedded import PROJECTIONS, settle_garbage
from kontor.folder import DataFolder
from kontor.replay.search import Building
from projections.search.elastic.building import ElasticBuild
from projections.search.elastic.generations import Generations
from projections.search.elastic.mapping import STATE_ID, index_settings, mappings
from projections.search.elastic.server import Server
from projections.sqlite import SQLiteViews
from streams.follower import Follower

CHUNK = 500
"""Documents in one request; as many as the replay sends."""


async def elasticsearch(url: str, path: Path, products: int) -> dict[str, Any]:
    """``path`` is an empty folder."""
    server, name = Server(url), f"bench-{secrets.token_hex(4)}"
    try:
        built = await _built(server, name, DataFolder(path), products)
        settle_garbage()
        by_client = await asyncio.to_thread(_by_the_client, url, name, Generations(server, name))
    finally:
        await asyncio.to_thread(Generations(server, name).drop)
        server.close()
    return {
        "elasticsearch_documents_per_s": round(products / built),
        "elasticsearch_ratio_to_client_bulk": round(by_client / built, 3),
        "documents": products,
    }


async def _built(server: Server, name: str, folder: DataFolder, products: int) -> float:
    """Seconds from the first row read to the last document committed."""
    log = SQLiteLog.open(folder.log)
    with closing(sqlite3.connect(folder.log)) as connection, connection:
        rows = (
            record(one.position, one.stream, one.version, one.event, one.meta)[1] for one in catalog_events(products)
        )
        connection.executemany(INSERT, rows)
    views = SQLiteViews(folder.views, PROJECTIONS)
    try:
        await Follower(log, views).catch_up()
        settle_garbage()
        began = time.perf_counter()
        await Building(log, views, ElasticBuild(server, name), Silent()).run()
        return time.perf_counter() - began
    finally:
        views.close()
        await log.close()


def _by_the_client(url: str, name: str, generations: Generations) -> float:
    """Seconds for the same documents and settings."""
    from elasticsearch import Elasticsearch, helpers

    index = f"{name}-alone"
    with Elasticsearch(url, request_timeout=60) as client:
        documents = [
            (hit["_id"], hit["_source"]) for hit in helpers.scan(client, index=_built_index(client, generations))
        ]
        client.indices.create(index=index, settings=index_settings(), mappings=mappings())
        try:
            return _timed(client, index, documents)
        finally:
            client.indices.delete(index=index)


def _built_index(client: Any, generations: Generations) -> str:
    (index,) = client.indices.get(index=f"{generations.alias}-*", expand_wildcards="all")
    return str(index)


def _timed(client: Any, index: str, documents: Sequence[tuple[str, Any]]) -> float:
    from elasticsearch import helpers

    began = time.perf_counter()
    actions = ({"_index": index, "_id": key, "_source": source} for key, source in documents if key != STATE_ID)
    helpers.bulk(client, actions, chunk_size=CHUNK)
    client.indices.refresh(index=index)
    return time.perf_counter() - began
