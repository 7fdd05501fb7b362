"""``kontor verify --views``: the log's proof goes on to what was made of it, in whatever stores this profile has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from commands.engine import now_ms
from commands.errors import UnusableLog
from kontor import console
from kontor.folder import DataFolder
from kontor.proving.comparing import Compared, Store, compare
from kontor.proving.evidence import Damaged, Named, evidence
from kontor.readonly import open_readonly
from kontor.settings import Settings, required
from projections.folding import Kept, Parked
from projections.search.port import SearchFailed
from projections.sqlitereading import SeenViews, SQLiteRows
from projections.views import ViewsUnavailable

if TYPE_CHECKING:
    from projections.search.elastic.index import ElasticIndex

CONNECT_S = 15.0


class Stores(NamedTuple):
    stores: Sequence[Store]
    search: ElasticIndex | None
    """Made of the rows of the first store; None in the embedded profile, whose index cannot be read out."""


async def compare_views(settings: Settings, log: Named) -> list[Compared]:
    """With a log. Raises UnusableLog, also for stores that do not answer."""
    try:
        async with AsyncExitStack() as stack:
            opened = _in_full if settings.profile == "full" else _embedded
            stores, search = await stack.enter_async_context(opened(settings))
            compared = await compare(lambda: stack.enter_context(evidence(log)), stores)
            if search is not None:
                from kontor.proving.comparing_search import compare_search

                head = compared[0].expected.count
                compared += await compare_search(stores[0].views, search, now_ms, head)
            return compared
    except (ViewsUnavailable, SearchFailed, Damaged) as error:
        raise UnusableLog(f"the views cannot be compared: {error}") from error


@asynccontextmanager
async def _in_full(settings: Settings) -> AsyncIterator[Stores]:
    from kontor.wiring import named, stores
    from projections.cassandraviews.reader import CassandraViews
    from projections.redisviews.reader import RedisViews
    from projections.redisviews.server import RedisServer
    from projections.search.elastic.index import ElasticIndex
    from projections.search.elastic.server import Server

    redis_url, elastic_url = required(settings, "redis_url", "elasticsearch_url")
    async with AsyncExitStack() as stack:
        server = RedisServer(redis_url)
        stack.push_async_callback(server.close)
        redis = RedisViews(server, stores.IN_REDIS, settings.namespace)
        cassandra = CassandraViews(named.cassandra_settings(settings), stores.IN_CASSANDRA)
        await cassandra.start()
        stack.push_async_callback(cassandra.close)
        await cassandra.connection.wait(CONNECT_S)
        elastic = Server(elastic_url)
        stack.callback(elastic.close)
        yield Stores(
            [
                Store("Redis", redis, stores.IN_REDIS, settings.partitions),
                Store("Cassandra", cassandra, stores.IN_CASSANDRA, settings.partitions, cassandra.timeline),
            ],
            ElasticIndex(elastic, named.index_of(settings)),
        )


@asynccontextmanager
async def _embedded(settings: Settings) -> AsyncIterator[Stores]:
    from kontor.wiring.stores import PROJECTIONS
    from projections.checkouts.projector import CHECKOUTS

    path = DataFolder(settings.data).views
    if not path.exists():
        raise UnusableLog(f"there are no views at {path}; a service makes them when it starts")
    reader = open_readonly(path)
    try:
        views = InAFile(SeenViews(reader, PROJECTIONS))
        # A checkout is folded from several streams; its rows are notes of the process that sees to it.
        yield Stores([Store("views.db", views, [one for one in PROJECTIONS if one is not CHECKOUTS], 1)], None)
    finally:
        reader.close()


class InAFile:
    """The embedded views, to be walked."""

    def __init__(self, file: SQLiteRows) -> None:
        self.file = file
        self.get, self.get_many, self.count = file.get, file.get_many, file.count
        self.listed, self.listed_all, self.counts = file.listed, file.listed_all, file.counts

    async def progress(self) -> Mapping[int, int]:
        return {0: min(self.file.positions().values())}

    async def walk(self, table: str) -> AsyncIterator[tuple[str, Kept]]:
        for entry in self.file.walk(table):
            yield entry

    async def parked(self) -> list[tuple[str, Parked]]:
        return [(projection, Parked(at, stream, error)) for projection, at, stream, error in self.file.parked()]


def show(compared: Sequence[Compared]) -> None:
    """Every table with what is wrong with it; exits with 1 if anything is."""
    for one in compared:
        line = f"{one.store}, {one.what}: {one.found.count:,} of {one.expected.count:,}"
        if one.found.digest:
            line += f", digest {one.found.digest:016x}"
        if one.newer:
            line += f"; {one.newer:,} moved on meanwhile"
        console.out.print(line, markup=False)
        for difference in one.differences:
            console.err.print(f"  {difference}", markup=False)
        if one.different > len(one.differences):
            console.err.print(f"  and {one.different - len(one.differences):,} more", markup=False)
    different = sum(one.different for one in compared)
    if different:
        console.fail(f"{different:,} differences between the views and the log; the views can be folded anew from it")
    console.out.print("the views are what the log adds up to", markup=False)
