"""Deletes what a deployment left on the servers, whose names all begin with its namespace."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import psycopg
from aiokafka.admin import AIOKafkaAdminClient
from redis.asyncio import Redis

from kontor.settings import Settings
from kontor.wiring.named import cassandra_settings, index_of, topic_of
from projections.cassandraviews import driver
from projections.search.elastic.server import Refused, Server


async def clean(settings: Settings) -> None:
    """Its processes must have ended."""
    await asyncio.to_thread(_postgres, settings)
    await _redis(settings)
    await _kafka(settings)
    await asyncio.to_thread(_elasticsearch, settings)
    await asyncio.to_thread(_cassandra, settings)


def _postgres(settings: Settings) -> None:
    with psycopg.connect(str(settings.postgres_url), autocommit=True) as connection:
        for schema in (settings.namespace, f"{settings.namespace}_vault"):
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE".encode())


async def _redis(settings: Settings) -> None:
    async with Redis.from_url(str(settings.redis_url)) as redis:
        async for key in redis.scan_iter(match=f"{settings.namespace}*", count=1000):
            await redis.unlink(key)


async def _kafka(settings: Settings) -> None:
    topic = topic_of(settings)
    admin = AIOKafkaAdminClient(bootstrap_servers=topic.servers)
    await admin.start()
    await admin.delete_topics([topic.name, f"{settings.namespace}.signals"])
    await admin.close()


def _elasticsearch(settings: Settings) -> None:
    server = Server(str(settings.elasticsearch_url))
    with suppress(Refused):
        for index in server.get(f"/{index_of(settings)}*/_alias", expand_wildcards="all") or {}:
            server.write("DELETE", f"/{index}", ignore_unavailable="true")
    server.close()


def _cassandra(settings: Settings) -> None:
    driver.drop(cassandra_settings(settings))
