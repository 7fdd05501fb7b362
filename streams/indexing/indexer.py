"""The indexer: keeps the search index up with the catalog.

The follower says which rows a batch of events touched. From these come the products whose search document may have
changed. Their documents are built from the views and handed to the index as they come; every so often, and rarely
while there are many, they are committed together with the position, in a thread, because a commit waits for the disk.
One process writes the index and the others read along; should the writer end, another takes its place.

Most events change no document (a sale that leaves enough in stock). Then the position moves on in memory alone, and
reaches the disk now and then: what is lost in a crash is read from the log again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from heapq import heappop, heappush
from itertools import count

import structlog

from commands.engine import now_ms
from commands.errors import StorageUnavailable
from commands.logs.merged import placed
from commands.mapper import recorded_or_unreadable
from commands.outage import Outage
from commands.pausing import pause
from commands.store.port import EventLog
from domain.recorded import Recorded
from projections.search.document import SearchDocument
from projections.search.port import NotTheWriter, SearchIndex, SearchUnavailable, Walk
from projections.views import Place, Touched, ViewsUnavailable
from streams.indexing.assembly import BATCH, OnSale, assemble, in_slices
from streams.indexing.catalogued import Catalogued
from streams.indexing.concerned import Concerned
from streams.indexing.documents import document
from streams.indexing.lackingproducts import LackingProducts
from streams.indexing.pending import Pending

PACE_S = 0.2
"""Between two commits, unless somebody waits."""
BULK_PACE_S = 2.0
"""The same during a bulk load: a commit takes up to half a second of a processor, however little is new."""
BULK = 200
"""Documents since the last commit from which on it is a bulk load."""
UNCOMMITTED_MAX = 20_000
PERSIST_S = 1.0
"""How long a position that came without changes may stay in memory only."""
LOOK_S = 5.0
"""How often the writer looks whether the index is still there while nothing happens."""
IDLE_S = 0.25
"""How often a process that only reads looks for news, and for the writer's place."""
AWAITED_S = 0.03
"""The same while somebody waits; the writer is another process and cannot be hurried."""
RETRY_S = 1.0
AGAIN_S = 0.02
"""After another index has taken the place of ours."""
DOCUMENTS_PER_SLICE = 20
"""Built and handed to the index before others get their turn: about 3 ms."""
REBUILD_COMMIT_S = 5.0
REPLAY_MAX = 200_000
"""Events behind which it is cheaper to index every product anew."""
READ_PAGE = 1_000

log = structlog.get_logger("indexer")


class Indexer:
    away = False
    """Read by who writes it, it lies in the process's own folder."""

    def __init__(
        self,
        event_log: EventLog,
        views: Catalogued,
        search: SearchIndex,
        clock: Callable[[], int] = now_ms,
        describe: Callable[[OnSale], SearchDocument] = document,
        code: str = "",
    ) -> None:
        """``describe`` makes the document of a product. An index that the same ``code`` had begun to fill, a name for
        what makes the documents, is filled on from where that ended."""
        self.position = 0
        """Searches show at least everything up to here."""
        self.reached: list[Callable[[int], None]] = []
        """Told of that position whenever it moves on."""
        self.writing = False
        """Whether this process is the one that writes the index."""
        self.began: list[Callable[[], None]] = []
        """Called when it has become the one, also of an index that has taken the place of its own. What the documents
        are to know without an event that says so is to be told again: it may have been told to another index."""
        self.generation = 0
        """Changes whenever searches may find something else than before."""
        self.parked = LackingProducts()
        self._log = event_log
        self._views = views
        self._search = search
        self._clock = clock
        self._describe = describe
        self._code = code
        self._pending = Pending()
        self._uncommitted: set[str] = set()
        """Products whose documents the index has but does not show yet."""
        self._unwritten = 0
        self._building = False
        """Not in a process that only reads, nor while a commit is written or after one that failed."""
        self._seen = self._stored = self._owed = 0
        self._concerned = Concerned(event_log, views, clock)
        self._waiters: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = count()
        self._news = asyncio.Event()
        self._hurry = asyncio.Event()
        self._committed_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._closing = False
        self._outage = Outage(log, "indexing_waits", "indexing_goes_on")

    # callers' side

    @property
    def backlog(self) -> int:
        """Products whose documents are being built or still to be, about; 0 where nobody is at it now."""
        return self._unwritten + len(self._pending) if self._building else 0

    async def start(self) -> None:
        """Becomes the writer if it can and catches up, in the background: a large catalog takes minutes to index."""
        self._stored = self._search.position()
        # An index that is ahead of the views may be of another log; it is built anew then.
        self.position = min(self._stored, *self._views.positions().values())
        self._task = asyncio.create_task(self._work(), name="indexer")

    async def close(self) -> None:
        """Writes what is pending, then stops."""
        self._closing = True
        self._news.set()
        self._hurry.set()
        if self._task is not None:
            await self._task

    def applied(self, events: Sequence[Recorded], touched: Touched) -> None:
        """For ``follower.applied``: what the views have just taken in."""
        self._seen = max(self._seen, events[-1].position)
        self._pending.add(touched)
        self._news.set()
        self._hurry_if_awaited()

    def touch(self, touched: Touched) -> None:
        """These are others without an event that says so."""
        self._pending.add(touched)
        self._news.set()

    def renew(self, product_ids: Iterable[str]) -> bool:
        """Makes new documents of these, if this process is the one that does; whether it is."""
        if self.writing:
            self._pending.products.update(product_ids)
            self._news.set()
        return self.writing

    async def wait_for(self, position: int, timeout: float) -> bool:
        """Whether searches show everything up to ``position`` within ``timeout`` seconds."""
        position, timeout = await placed(self._log, position, timeout)
        if position <= self.position:
            return True
        future = asyncio.get_running_loop().create_future()
        heappush(self._waiters, (position, next(self._order), future))
        self._hurry_if_awaited()
        try:
            async with asyncio.timeout(timeout):
                await future
        except TimeoutError:
            return False
        return True

    # the task

    async def _work(self) -> None:
        while True:
            try:
                if not self.writing:
                    await self._try_writing()
                await (self._index() if self.writing else self._read_along())
                self._outage.ended()
            except Exception as error:
                self._building = False
                self._failed(error)
                if self._closing:
                    return
                await asyncio.sleep(AGAIN_S if isinstance(error, NotTheWriter) else RETRY_S)
                continue
            if self._closing and (not self.writing or self._seen <= self.position == self._stored):
                return
            await self._rest()

    def _failed(self, error: Exception) -> None:
        if isinstance(error, NotTheWriter):
            self.writing = False
            self._concerned.forget()  # the documents of that index were made by somebody else
        if isinstance(error, NotTheWriter | SearchUnavailable | ViewsUnavailable | StorageUnavailable):
            self._outage.met(error, position=self.position)
        else:
            log.exception("indexing_failed", position=self.position)

    async def _rest(self) -> None:
        """Until there is something to do, and then until it is time."""
        if self._closing:
            return
        if self.writing:
            if not self._uncommitted:
                await pause(self._news, LOOK_S if self._stored == self.position else PERSIST_S)
            if self.backlog < BULK:
                await pause(self._hurry, min(PACE_S, self._due() - asyncio.get_running_loop().time()))
        elif self._awaited(self._seen):
            await asyncio.sleep(AWAITED_S)
        else:
            await pause(self._hurry, IDLE_S)
        self._news.clear()
        self._hurry.clear()

    async def _try_writing(self) -> None:
        if self._closing or not await asyncio.to_thread(self._search.try_writer):
            return
        self._concerned.forget()  # what was read along has been written by nobody, if the writer died with it
        self._stored = self._search.position()
        target = min(self._views.positions().values())
        if self._stored == 0 or not 0 <= target - self._stored <= REPLAY_MAX:
            await self._rebuild(target)
        if self._closing:
            return  # perhaps half way: the next start begins where this one did
        await self._replay(target)
        self._seen = max(self._seen, target)
        self.writing = True
        self.generation += 1
        for told in self.began:
            told()

    async def _replay(self, target: int) -> None:
        """Touches what the events since the last commit concern."""
        after = self._stored
        while after < target and (rows := await self._log.read(after, min(READ_PAGE, target - after))):
            self._pending.add(self._views.touched_by([recorded_or_unreadable(row) for row in rows]))
            after = rows[-1].position
            await asyncio.sleep(0)

    async def _rebuild(self, target: int) -> None:
        """Every product, from the catalog as it stands; where no whole index is shown meanwhile, commits in between let
        searches find what is there so far."""
        walk = self._begun(target)
        if walk is None:
            await asyncio.to_thread(self._search.start_over)
            walk = Walk(target, "", self._code)
        loop = asyncio.get_running_loop()
        committed_at, indexed = loop.time(), 0
        while some := await self._views.listed("products", "all", "", after=Place(0, walk.last), limit=BATCH):
            keys = [key for key, _ in some]
            await self._write(keys)
            walk, indexed = walk._replace(last=keys[-1]), indexed + len(keys)
            if loop.time() - committed_at > REBUILD_COMMIT_S:
                rejected = await asyncio.to_thread(self._search.commit, 0, walk)
                self.parked.committed(self._uncommitted, rejected)
                self._uncommitted.clear()
                self.generation += 1
                committed_at = loop.time()
            if self._closing:
                return
        log.info("index_rebuilt", products=indexed, position=walk.position)
        await self._commit(walk.position)

    def _begun(self, target: int) -> Walk | None:
        """What was ended before it was whole, if it is worth going on with."""
        walk = self._search.walk() if self._code else None
        fits = walk is not None and walk.code == self._code and 0 <= target - walk.position <= REPLAY_MAX
        return walk if fits else None

    async def _index(self) -> None:
        """Hands over what is pending; commits when it is time, or if the position has not been stored for long."""
        if self._seen <= self._stored:
            await asyncio.to_thread(self._search.refresh)
            if self._search.position() < self._stored:
                raise NotTheWriter("the index is gone, or an older one has taken its place")
        pending, self._pending = self._pending, Pending()
        reached, products = max(self._seen, self.position), set[str]()
        self._building = True
        try:
            products = await self._concerned.products(pending)
            await self._write(sorted(products))
            if self._uncommitted:
                due = asyncio.get_running_loop().time() >= self._due() or self._awaited(reached)
            else:
                overdue = asyncio.get_running_loop().time() - self._committed_at >= PERSIST_S
                due = self._stored < reached and (overdue or self._closing)
            if due or (self._closing and self._uncommitted):
                await self._commit(reached)
        except BaseException:
            # The flags are remembered already, so their products must not be lost.
            pending.products |= products | self._uncommitted
            self._pending.merge(pending)
            raise
        finally:
            self._unwritten = 0
        if not self._uncommitted:
            self._reach(reached)

    def _due(self) -> float:
        """When to commit next, if there is anything to."""
        if len(self._uncommitted) >= UNCOMMITTED_MAX:
            return 0.0
        return self._committed_at + (PACE_S if len(self._uncommitted) < BULK else BULK_PACE_S)

    async def _commit(self, position: int) -> None:
        self._building = False
        rejected = await asyncio.to_thread(self._search.commit, position)
        self._building = True
        self.parked.committed(self._uncommitted, rejected)
        self._uncommitted.clear()
        self.generation += 1
        self._stored = position
        self._committed_at = asyncio.get_running_loop().time()
        self._reach(position)

    async def _read_along(self) -> None:
        """Shows what the writer committed. Events that change no document need no commit to count as shown."""
        pending, self._pending = self._pending, Pending()
        reached = self._seen
        try:
            if await self._concerned.products(pending):
                self._owed = reached
        except BaseException:
            self._pending.merge(pending)
            raise
        another = await asyncio.to_thread(self._search.refresh)
        stored = self._search.position()
        if another or stored != self._stored:
            self._stored = stored
            self.generation += 1
        self._reach(max(self._stored, reached if self._stored >= self._owed else 0))

    async def _write(self, product_ids: Sequence[str]) -> None:
        self._unwritten = len(product_ids)
        for some in in_slices(product_ids, DOCUMENTS_PER_SLICE):
            found = await assemble(self._views, some, self._clock())
            upserts = [self._describe(one) for one in found.values() if one.product.published]
            kept = {one.product_id for one in upserts}
            for one in found.values():
                self._concerned.described(one)
            self._search.apply(upserts, [key for key in some if key not in kept])
            self._uncommitted.update(some)
            self._unwritten -= len(some)
            await asyncio.sleep(0)

    # who waits

    def _reach(self, position: int) -> None:
        if position > self.position:
            self.position = position
            for told in self.reached:
                told(position)
        while self._waiters and self._waiters[0][0] <= self.position:
            _, _, future = heappop(self._waiters)
            if not future.done():
                future.set_result(None)

    def _hurry_if_awaited(self) -> None:
        if self._awaited(self._seen):
            self._hurry.set()

    def _awaited(self, reached: int) -> bool:
        """Whether somebody waits for a position up to ``reached``."""
        while self._waiters and self._waiters[0][2].done():
            heappop(self._waiters)
        return bool(self._waiters) and self._waiters[0][0] <= reached
