"""A search index that outlives processes: a dictionary with one writer at a time, and commits that fail, half way or
after all was done.
"""

from __future__ import annotations

from collections.abc import Sequence

from kontor.simulation.store import Faults
from projections.search.document import SearchDocument
from projections.search.port import NotTheWriter, Rejected, SearchUnavailable, Walk

FAILS, REPLY_LOST, AWAY = 0.04, 0.04, 0.02


class Index:
    """What is durable: documents, and the position that they are of."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self.documents: dict[str, SearchDocument] = {}
        self.position = 0
        self.made = 0
        """How often it was begun anew."""
        self.commits = 0
        self.writer: object = None

    def lose(self) -> None:
        """It is disposable."""
        self.documents, self.position, self.made = {}, 0, self.made + 1


class Window:
    """One process's view of the index; whoever dies gives up the writer's place, and what was not committed."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._upserts: dict[str, SearchDocument | None] = {}
        self._anew = False
        self._see()

    def try_writer(self) -> bool:
        self._reach()
        if self._index.writer is None:
            self._index.writer = self
            self._see()
        return self._index.writer is self

    def start_over(self) -> None:
        self._require_writer()
        self._upserts, self._anew = {}, True

    def apply(self, upserts: Sequence[SearchDocument], deletes: Sequence[str]) -> None:
        self._require_writer()
        self._upserts.update(dict.fromkeys(deletes))
        self._upserts.update((one.product_id, one) for one in upserts)

    def walk(self) -> Walk | None:
        """Nobody is given a code here, so nobody goes on."""
        return None

    def commit(self, position: int, walk: Walk | None = None) -> Sequence[Rejected]:
        self._require_writer()
        self._require_the_same()
        faults = self._index.faults
        if faults.strikes(FAILS, "a commit of the index ends half way"):
            for key in list(self._upserts)[: faults.chance.randrange(len(self._upserts) + 1)]:
                self._put(key)
            self._upserts.clear()
            raise SearchUnavailable("half way")
        if self._anew:
            self._index.documents.clear()
        for key in list(self._upserts):
            self._put(key)
        self._index.position, self._anew = position, False
        self._index.commits += 1
        self._see()
        if faults.strikes(REPLY_LOST, "the index is committed, and nobody hears of it"):
            raise SearchUnavailable("no answer")
        return ()

    def position(self) -> int:
        return self._position

    def refresh(self) -> bool:
        self._reach()
        if self._index.writer is self:
            self._require_the_same()
        another = (self._made, self._commits) != (self._index.made, self._index.commits)
        self._see()
        return another

    def close(self) -> None:
        if self._index.writer is self:
            self._index.writer = None

    def _require_the_same(self) -> None:
        """Who began with another one gives up: whoever is next looks how far this one is."""
        if self._made != self._index.made:
            self._upserts, self._anew = {}, False
            self.close()
            raise NotTheWriter("the index is gone")

    def _put(self, key: str) -> None:
        one = self._upserts.pop(key)
        if one is None:
            self._index.documents.pop(key, None)
        else:
            self._index.documents[key] = one

    def _see(self) -> None:
        self._made, self._commits, self._position = self._index.made, self._index.commits, self._index.position

    def _reach(self) -> None:
        if self._index.faults.strikes(AWAY, "the index does not answer"):
            raise SearchUnavailable("no answer")

    def _require_writer(self) -> None:
        if self._index.writer is not self:
            raise NotTheWriter("another process writes")
