"""Cassandra as a place where projections are folded anew."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from kontor.proving.comparing import Compared
from kontor.replay.compared import compare
from projections.beside import name_of
from projections.cassandraviews import driver
from projections.cassandraviews.generation import CassandraGeneration, books_of
from projections.cassandraviews.reader import CassandraViews
from projections.cassandraviews.settings import CassandraSettings
from projections.generations import Role
from projections.projector import Projection
from streams.history.replaying import Lane

CONNECT_S = 15.0
PATIENCE_S = 60.0
"""For an answer: nobody waits for this one, and to make a table takes its time."""


class InCassandra:
    """The generations of projections that Cassandra keeps."""

    def __init__(self, settings: CassandraSettings, partitions: int) -> None:
        """Raises what the driver does."""
        self._settings = settings = replace(settings, read_s=PATIENCE_S, write_s=PATIENCE_S)
        self._session = driver.connect(settings, books_of(settings))
        self._partitions = partitions

    def close(self) -> None:
        self._session.close()

    def generation(self, projection: Projection, role: Role) -> CassandraGeneration:
        return CassandraGeneration(self._session, self._settings, projection, role, self._partitions)

    def is_live(self, projection: Projection) -> bool:
        return self.generation(projection, "_gone").is_followed()

    async def compared(self, lane: Lane) -> list[Compared]:
        generation: Any = lane.generation
        projection = generation.projection
        live = {name_of(projection): generation.noted()["live"] or 0}
        async with AsyncExitStack() as stack:
            both = [CassandraViews(self._settings, (projection,), one) for one in (live, generation.shape.numbers)]
            for views in both:
                await views.start()
                stack.push_async_callback(views.close)
                await views.connection.wait(CONNECT_S)
            return await compare("Cassandra", projection, both[0], both[1], lane.position)
