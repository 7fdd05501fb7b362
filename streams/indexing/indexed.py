"""How far the search index is, seen from a process that only reads it."""

from __future__ import annotations

import asyncio

from projections.search.port import SearchIndex, SearchUnavailable
from projections.views import ViewsUnavailable
from streams.views.following import Following

AWAITED_S = 0.03
"""Between two looks while somebody waits: each is a request to the server, and its writer does not hurry."""


class Indexed(Following):
    backlog = 0

    def __init__(self, search: SearchIndex) -> None:
        super().__init__(self._look, 1, AWAITED_S)
        self.generation = 0
        self._search = search

    async def _look(self) -> dict[int, int]:
        try:
            another = await asyncio.to_thread(self._search.refresh)
            position = await asyncio.to_thread(self._search.position)
        except SearchUnavailable as error:
            raise ViewsUnavailable(str(error)) from error
        if another or position != self.position:
            self.generation += 1
        return {0: position}
