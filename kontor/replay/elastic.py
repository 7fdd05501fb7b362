"""The full profile's search index, built anew from the views in Redis beside the one that is shown."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from commands.errors import StorageUnavailable
from kontor.replay.code import code_of_documents
from kontor.replay.rebuilding import Refused
from kontor.replay.search import NAME, Building, compare
from kontor.replay.telling import Telling
from kontor.settings import Settings, required
from kontor.wiring.named import index_of
from kontor.wiring.opened import opened_log
from kontor.wiring.stores import IN_REDIS
from projections.redisviews.reader import RedisViews
from projections.redisviews.server import RedisServer
from projections.search.elastic.building import ElasticBuild
from projections.search.elastic.generations import Current, Generations
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.server import Server
from projections.search.port import SearchUnavailable
from projections.views import ViewsUnavailable
from streams.indexing.cataloguing import Cataloguing
from streams.indexing.indexcatalog import document_with_copy
from streams.views.noticing import Noticing


class InElasticsearch:
    """Methods raise Refused."""

    def __init__(self, settings: Settings, tell: Telling) -> None:
        self._settings = settings
        self._tell = tell

    async def replay(self, *, from_scratch: bool, verify: bool, dry: bool) -> None:
        """One that was killed is gone on with, unless ``from_scratch``. ``verify``: nothing is shown that differs from
        what is. ``dry``: nothing is shown."""
        with _refusing():
            unfinished = None if from_scratch else await asyncio.to_thread(self._unfinished)
            async with self._built(unfinished) as (shown, build):
                different = await asyncio.to_thread(compare, shown, build, self._tell)
                if dry or (different and verify):
                    await asyncio.to_thread(build.delete)
                if dry:
                    return
                if different and verify:
                    raise Refused(
                        f"the index that is shown and the new one differ in {different:,} places; nothing was swapped. "
                        "`kontor replay search` swaps it"
                    )
                await self._show(build)

    async def roll_back(self) -> None:
        """What was shown before is shown again, brought up to date."""
        with _refusing():
            kept = await asyncio.to_thread(self._kept)
            if kept is None:
                raise Refused("nothing is kept to go back to of search; each `kontor replay` keeps what it replaces")
            async with self._built(kept) as (_, build):
                await self._show(build)

    def _kept(self) -> Current | None:
        return self._generation(Generations.kept)

    def _unfinished(self) -> Current | None:
        return self._generation(lambda generations: generations.unfinished(code_of_documents()))

    def _generation(self, about: Callable[[Generations], Current | None]) -> Current | None:
        (url,) = required(self._settings, "elasticsearch_url")
        server = Server(url)
        try:
            return about(Generations(server, index_of(self._settings)))
        finally:
            server.close()

    @asynccontextmanager
    async def _built(self, begun: Current | None) -> AsyncIterator[tuple[ElasticIndex, ElasticBuild]]:
        """What is shown, and what has everything that the views had a moment ago."""
        redis_url, elastic_url = required(self._settings, "redis_url", "elasticsearch_url")
        async with AsyncExitStack() as stack:
            log = opened_log(stack, self._settings)
            redis, elastic = RedisServer(redis_url), Server(elastic_url)
            stack.push_async_callback(redis.close)
            stack.callback(elastic.close)
            views = RedisViews(redis, IN_REDIS, self._settings.namespace)
            noticing = Noticing(views, self._settings.partitions)
            cataloguing = Cataloguing(log, views, noticing, IN_REDIS)
            for part in (noticing, cataloguing):
                await part.start()
                stack.push_async_callback(part.close)
            name = index_of(self._settings)
            build = ElasticBuild(elastic, name, begun)
            await Building(log, cataloguing, build, self._tell, document_with_copy).run()
            yield ElasticIndex(elastic, name), build

    async def _show(self, build: ElasticBuild) -> None:
        position = build.position()
        await asyncio.to_thread(build.show)
        self._tell.step("swap", NAME, f"swapped as of event {position:,}; the old one is kept", position=position)


@contextmanager
def _refusing() -> Iterator[None]:
    """Whichever of the servers goes away, and whenever: it is said in words."""
    try:
        yield
    except (SearchUnavailable, ViewsUnavailable, StorageUnavailable) as error:
        raise Refused(f"{error}; try again") from error
