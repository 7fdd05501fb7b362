"""``kontor status`` of the full profile: the log, who follows it and how far, what is parked, which servers answer.

Everything is asked at once and nothing for long: a server that is away is told as such, and what it would know is left
open. Where `work processes` stands only its own data folder knows; it is told on the machine that has it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import closing
from typing import Any, NamedTuple

import aiohttp
from rich.table import Table

from commands.errors import UnusableLog
from commands.routes import DECIDERS
from commands.store.server import Server as Postgres
from domain.stored.codec import decode_meta
from kontor import console
from kontor.folder import DataFolder
from kontor.operating.status import COUNTED_MAX, PARKED_SHOWN, stored_views
from kontor.proving.evidence import Damaged, Evidence
from kontor.proving.evidence_postgres import PostgresEvidence
from kontor.proving.evidence_servers import server_evidence
from kontor.settings import Settings, log_urls, required
from kontor.wiring.named import cassandra_settings, index_of, topic_of
from kontor.wiring.stores import IN_CASSANDRA, IN_REDIS, OF_PROCESSES
from projections.cassandraviews.sink import CassandraSink
from projections.folding import Parked
from projections.redisviews.server import RedisServer
from projections.redisviews.sink import RedisSink
from projections.search.elastic.generations import Generations
from projections.search.elastic.server import Server as Elastic

PATIENCE_S = 10.0
"""For a server's answer."""
CONNECTED_S = 6.0


class ServerState(NamedTuple):
    """What a server knows."""

    position: int | None = None
    """Of the consumer that fills it."""
    parked: Sequence[tuple[str, Parked]] = ()
    detail: Any = None


Look = Callable[[Settings], Awaitable[ServerState]]


async def full_status(settings: Settings) -> dict[str, Any]:
    """What ``status --json`` prints. Raises UnusableLog when the log cannot be read."""
    answers = await asyncio.gather(
        asyncio.to_thread(_log, settings), *(answer_of(look, settings) for look in LOOKS.values())
    )
    log, looked = answers[0], dict(zip(LOOKS, answers[1:], strict=True))
    found = {name: answer for name, answer in looked.items() if isinstance(answer, ServerState)}
    processes, checkouts = await asyncio.to_thread(_processes, DataFolder(settings.data))
    positions = {who: found[where].position if where in found else None for where, who in CONSUMERS.items()}
    parked = [event for answer in found.values() for event in answer.parked]
    return {
        "head": log["head"],
        "events": log["events"],
        "bytes": log["bytes"],
        "consumers": await asyncio.to_thread(_consumers, settings, positions | {"processes": processes}, log["head"]),
        "topic": found["kafka"].detail if "kafka" in found else None,
        "parked": [{"projection": name, **event._asdict()} for name, event in parked[:PARKED_SHOWN]],
        "queues": {"checkouts": checkouts},
        "servers": {"postgres": {"up": True, "error": None}}
        | {name: {"up": name in found, "error": None if name in found else str(looked[name])} for name in LOOKS},
    }


async def answer_of(look: Look, settings: Settings) -> ServerState | str:
    """What was found, or why nothing was."""
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await look(settings)
    except TimeoutError:
        return f"no answer in {PATIENCE_S:.0f} s"
    except UnusableLog as error:
        return str(error)
    except Exception as error:  # each client has its own
        return f"{type(error).__name__}: {error}"


# the log


def _log(settings: Settings) -> dict[str, Any]:
    with server_evidence(log_urls(settings)) as examined:
        try:
            head = examined.whole.extent()[2]
            kinds = _kinds(examined.each) if head <= COUNTED_MAX else None
            return {"head": head, "events": kinds, "bytes": sum(log.size() for log in examined.each)}
        except Damaged as damage:
            raise UnusableLog(str(damage)) from damage


def _kinds(logs: Sequence[PostgresEvidence]) -> dict[str, int]:
    counts = {
        decider.name: sum(log.count(f"{prefix}_", f"{prefix}`") for log in logs) for prefix, decider in DECIDERS.items()
    }
    return {name: count for name, count in counts.items() if count}


def _consumers(settings: Settings, positions: dict[str, int | None], head: int) -> dict[str, Any]:
    """A lag counts events; ``seconds`` is the age of the first of them. None for what is not known."""
    with server_evidence(log_urls(settings)) as examined:
        return {
            name: {
                "position": position,
                "lag": None if position is None else head - position,
                "seconds": None if position is None else _age(examined.whole, position, head),
            }
            for name, position in positions.items()
        }


def _age(events: Evidence, position: int, head: int) -> float:
    rows = events.rows(position, 1) if position < head else ()
    if not rows:
        return 0.0
    try:
        return max(0.0, round(time.time() - decode_meta(rows[0][4]).recorded_at / 1000, 3))
    except ValueError:  # damaged, which `kontor verify` tells
        return 0.0


# who follows it


async def _vault(settings: Settings) -> ServerState:
    (url,) = required(settings, "vault_url")

    def look() -> None:
        Postgres.at(url, "vault").connect().close()

    await asyncio.to_thread(look)
    return ServerState()


async def _kafka(settings: Settings) -> ServerState:
    topic = topic_of(settings)
    last = await topic.look()
    detail = {"name": topic.name, "partitions": topic.partitions, "last": last}
    return ServerState(min(last) if last is not None else 0, (), detail)


async def _redis(settings: Settings) -> ServerState:
    (url,) = required(settings, "redis_url")
    server = RedisServer(url)
    try:
        views = RedisSink(server, IN_REDIS, settings.namespace)
        _, progress = await views.life()
        return ServerState(_least(progress, settings), await views.parked())
    finally:
        await server.close()


async def _cassandra(settings: Settings) -> ServerState:
    views = CassandraSink(cassandra_settings(settings), IN_CASSANDRA)
    await views.start()
    try:
        await views.connection.wait(CONNECTED_S)
        return ServerState(_least(await views.progress(), settings), await views.parked())
    finally:
        await views.close()


async def _elasticsearch(settings: Settings) -> ServerState:
    (url,) = required(settings, "elasticsearch_url")
    with closing(Elastic(url)) as server:
        current = await asyncio.to_thread(Generations(server, index_of(settings)).current)
        return ServerState(0 if current is None else current.position)


async def _gateway(settings: Settings) -> ServerState:
    (url,) = required(settings, "provider_url")
    async with aiohttp.ClientSession(raise_for_status=True) as http, http.get(f"{url.rstrip('/')}/livez"):
        return ServerState()


def _least(progress: Mapping[int, int], settings: Settings) -> int:
    return min(progress.get(partition, 0) for partition in range(settings.partitions))


def _processes(folder: DataFolder) -> tuple[int | None, int | None]:
    """Position and open checkouts, where its folder is here."""
    positions, _, checkouts = stored_views(folder.processes, OF_PROCESSES)
    known = [position for position in positions.values() if position is not None]
    return min(known, default=None), checkouts


LOOKS: dict[str, Look] = {
    "vault": _vault,
    "kafka": _kafka,
    "redis": _redis,
    "cassandra": _cassandra,
    "elasticsearch": _elasticsearch,
    "gateway": _gateway,
}
CONSUMERS = {"kafka": "relay", "redis": "views", "cassandra": "orders", "elasticsearch": "search"}
"""Who fills it."""


# for people


def show(status: dict[str, Any]) -> None:
    out = console.out
    out.print(f"event log: {status['head']:,} events, {status['bytes'] / 1e6:,.1f} MB", markup=False)
    if status["events"]:
        out.print(
            "           " + ", ".join(f"{name} {count:,}" for name, count in status["events"].items()), markup=False
        )
    table = Table(box=None, pad_edge=False)
    for column in ("consumer", "position", "lag", "seconds"):
        table.add_column(column, justify="left" if column == "consumer" else "right")
    for name, at in status["consumers"].items():
        if at["position"] is None:
            table.add_row(name, "-", "not known here", "-")
        else:
            table.add_row(name, f"{at['position']:,}", f"{at['lag']:,}", f"{at['seconds']:,.1f}")
    console.table(table)
    topic = status["topic"]
    if topic is not None:
        said = "not made yet" if topic["last"] is None else f"{topic['partitions']} partitions"
        out.print(f"topic {topic['name']}: {said}", markup=False)
    out.print(
        f"parked events: {len(status['parked']) if len(status['parked']) < PARKED_SHOWN else 'many'}", markup=False
    )
    for event in status["parked"]:
        out.print(f"  {event['projection']} {event['position']} {event['stream']}: {event['error']}", markup=False)
    if status["queues"]["checkouts"] is not None:
        out.print(f"checkouts under way: {status['queues']['checkouts']}", markup=False)
    for name, server in status["servers"].items():
        out.print(f"{name}: {'up' if server['up'] else server['error']}", markup=False)
