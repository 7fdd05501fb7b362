"""The embedded profile's search index, built anew from the views beside the one that is shown."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from commands.engine import now_ms
from commands.mapper import recorded_or_unreadable
from commands.store.port import EventLog
from kontor.folder import DataFolder
from kontor.proving.comparing import Compared, digest_of
from kontor.replay.code import code_of_documents
from kontor.replay.rebuilding import NEAR, ROUNDS, Refused
from kontor.replay.telling import Telling
from kontor.wiring.logfiles import open_to_follow
from projections.projector import Projection
from projections.search import schema
from projections.search.document import SearchDocument
from projections.search.places import Places
from projections.search.port import SearchIndex, SearchQuery
from projections.search.tantivy_index import TantivyIndex
from projections.sqlite import SQLiteViews
from streams.indexing.assembly import OnSale
from streams.indexing.catalogued import Catalogued
from streams.indexing.documents import document
from streams.indexing.indexer import Indexer

NAME = "search"
BUILDING = "building"
LOOK_S = 0.02
PAGE = 2_000
CATCH_UP_S = 60.0


class Search:
    """Of one data folder. Methods raise Refused."""

    def __init__(self, folder: DataFolder, tell: Telling) -> None:
        self._folder = folder
        self._places = Places(folder.search)
        self._tell = tell

    async def replay(
        self, projections: tuple[Projection, ...], *, from_scratch: bool = False, verify: bool, dry: bool = False
    ) -> None:
        """One that was killed is gone on with, unless ``from_scratch``. ``verify``: nothing is swapped that differs
        from what is shown. ``dry``: nothing is swapped."""
        self._require()
        building = self._folder.search / BUILDING
        if from_scratch or not _goes_on(TantivyIndex(building)):
            shutil.rmtree(building, ignore_errors=True)
        log = open_to_follow(self._folder)
        views = SQLiteViews(self._folder.views, projections)
        index = TantivyIndex(building)
        try:
            await Building(log, views, index, self._tell).run()
            different = compare(TantivyIndex(self._folder.search), index, self._tell)
            position = index.position()
        finally:
            index.close()
            views.close()
            await log.close()
        if dry:
            shutil.rmtree(building)
            return
        if different and verify:
            shutil.rmtree(building)
            raise Refused(
                f"the index that is shown and the new one differ in {different:,} places; nothing was swapped. "
                "`kontor replay search` swaps it"
            )
        place = self._places.free()
        Places(building).current().rename(place)
        shutil.rmtree(building)
        self._show(place, position)

    def roll_back(self) -> None:
        """What was shown before is shown again, once whoever writes it has brought it up to date."""
        self._require()
        kept = self._places.kept()
        if kept is None or not kept.is_dir():
            raise Refused("nothing is kept to go back to of search; each `kontor replay` keeps what it replaces")
        position = TantivyIndex(self._folder.search, kept).position()
        if position == 0:
            raise Refused("the kept search index is damaged; `kontor replay search` makes a new one")
        self._show(kept, position)

    def _show(self, place: Path, position: int) -> None:
        self._places.show(place)
        text = f"swapped as of event {position:,}; the old one is kept"
        self._tell.step("swap", NAME, text, position=position)

    def _require(self) -> None:
        version = self._folder.search / "version"
        if not version.exists() or version.read_text() != str(schema.VERSION):
            raise Refused("there is no search index of this version; a service makes one when it starts")


def _goes_on(index: SearchIndex) -> bool:
    """Whether today's program had begun to fill it, and was not done."""
    walk = index.walk()
    return walk is not None and walk.code == code_of_documents()


class Value(NamedTuple):
    """Of a facet; of none it stands for all products."""

    facet: str = ""
    value: str = ""
    of_products: bool = False
    """Whether products say it of themselves: of those values only the most frequent are listed."""

    def __str__(self) -> str:
        return f"{self.facet} {self.value}" if self.facet else "all"


def compare(shown: SearchIndex, new: SearchIndex, tell: Telling) -> int:
    """What each leads to: all products, and how many there are of each value of each facet. How many differ."""
    compared = Compared(NAME, "products")
    live, built = _counts(shown), _counts(new)
    for one in _differing(live, built):
        if one.of_products:  # a list may lack it, or a few of its products (``facets.py``)
            asked = SearchQuery(attributes={one.facet: (one.value,)})
            live[one], built[one] = shown.count(asked), new.count(asked)
    for side, counts in ((compared.found, live), (compared.expected, built)):
        side.add(digest_of(sorted(counts.items())), counts[Value()])
    for one in _differing(live, built):
        compared.differs(f"{one}: {live.get(one, 0):,} live, {built.get(one, 0):,} new")
    tell.compared(NAME, compared)
    return compared.different


def _differing(live: Mapping[Value, int], built: Mapping[Value, int]) -> list[Value]:
    return [one for one in sorted(live.keys() | built.keys()) if live.get(one) != built.get(one)]


def _counts(index: SearchIndex) -> dict[Value, int]:
    found = index.search(SearchQuery(limit=1))
    facets = found.facets
    fixed = {"category": facets.category, "brand": facets.brand, "price": facets.price, "rating": facets.rating}
    counts = {Value(): found.total}
    for told, of_products in ((fixed, False), (facets.attributes, True)):
        counts |= {Value(name, one.value, of_products): one.count for name, them in told.items() for one in them}
    return counts


class Building:
    """One index on its way to where the views are."""

    def __init__(
        self,
        log: EventLog,
        views: Catalogued,
        index: SearchIndex,
        tell: Telling,
        describe: Callable[[OnSale], SearchDocument] = document,
    ) -> None:
        self._log = log
        self._views = views
        self._tell = tell
        self._described = 0
        self._make = describe
        self._index = index
        self._indexer = Indexer(log, views, index, now_ms, self._describe, code_of_documents())

    async def run(self) -> None:
        """Returns when the index has everything that the views had a moment ago, committed."""
        total = await self._views.count("products", "all", "")
        self._described = await asyncio.to_thread(self._done_before)
        before = f", {self._described:,} of them described by the one before" if self._described else ""
        self._tell.step("begin", NAME, f"{total:,} products{before}", position=0)
        with self._tell.counting(NAME, total, "documents") as told:
            async with self._indexing():
                while not self._indexer.writing:
                    told(self._described)
                    await asyncio.sleep(LOOK_S)
                await self._catch_up()
                told(self._described)

    def _done_before(self) -> int:
        """How many documents there are already."""
        self._index.try_writer()
        return self._index.count(SearchQuery()) if _goes_on(self._index) else 0

    @asynccontextmanager
    async def _indexing(self) -> AsyncIterator[None]:
        await self._indexer.start()
        try:
            yield
        finally:
            await self._indexer.close()

    async def _catch_up(self) -> None:
        """With what the views took in meanwhile."""
        for _ in range(ROUNDS):
            at, upto = self._indexer.position, self._upto()
            after = at
            while after < upto and (rows := await self._log.read(after, min(PAGE, upto - after))):
                events = [recorded_or_unreadable(row) for row in rows]
                self._indexer.applied(events, self._views.touched_by(events))
                after = rows[-1][0]
            if not await self._indexer.wait_for(upto, CATCH_UP_S):
                raise Refused(f"the new index did not come up with the views in {CATCH_UP_S:.0f} s; try again")
            if self._upto() - upto <= NEAR:
                return

    def _upto(self) -> int:
        return min(self._views.positions().values())

    def _describe(self, one: OnSale) -> SearchDocument:
        self._described += 1
        return self._make(one)
