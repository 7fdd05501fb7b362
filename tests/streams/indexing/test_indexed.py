"""How far the index is, from a process that only reads it."""

from __future__ import annotations

from projections.search.port import SearchUnavailable
from streams.indexing.indexed import Indexed
from tests.waiting import until


class Index:
    def __init__(self) -> None:
        self.at = 3
        self.away = False
        self.another = False

    def refresh(self) -> bool:
        if self.away:
            raise SearchUnavailable("away")
        return self.another

    def position(self) -> int:
        return self.at


async def test_who_waits_hears_when_the_index_is_there():
    index = Index()
    indexed = Indexed(index)
    await indexed.start()
    assert await indexed.wait_for(3, 10)
    assert not await indexed.wait_for(4, 0.1)
    generation = indexed.generation
    index.at = 7
    assert await indexed.wait_for(7, 10)
    assert (indexed.position, indexed.generation) == (7, generation + 1)
    index.another = True
    await until(lambda: indexed.generation > generation + 1)
    await indexed.close()


async def test_an_index_that_is_away_stays_where_it_was():
    index = Index()
    indexed = Indexed(index)
    await indexed.start()
    assert await indexed.wait_for(3, 10)
    index.away, index.at = True, 9
    assert not await indexed.wait_for(9, 0.3)
    assert indexed.position == 3
    index.away = False
    assert await indexed.wait_for(9, 10)
    await indexed.close()
