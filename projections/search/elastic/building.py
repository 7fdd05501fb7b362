"""A generation of the index beside the one that is shown: filled by one process, which then shows it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from projections.search.document import SearchDocument
from projections.search.elastic import bulk
from projections.search.elastic.generations import Current, Generations, write_alias
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.server import Server
from projections.search.port import Rejected, Walk

AT_ONCE = 2
"""Requests that the server works at: while it has one to wait for, nobody builds its next one."""
AHEAD = 2
"""Requests that are ready beside those, which is all that is held of what the server has no time for."""


class ElasticBuild(ElasticIndex):
    """Needs no lease, for nobody else writes it. ``begun`` is gone on with instead of a new one.

    Documents are encoded by whoever hands them over and sent by threads that do nothing else: the interpreter runs one
    of them at a time, and the server has to have its next request by then.
    """

    def __init__(self, server: Server, name: str, begun: Current | None = None) -> None:
        super().__init__(server, name)
        self._mine = begun
        self._changes: dict[str, SearchDocument | None] = {}
        self._senders = ThreadPoolExecutor(AT_ONCE, "search-build")
        self._sent: list[Future[list[Rejected]]] = []
        """Since the last commit."""
        self._sent_ids: set[str] = set()
        self._beside = Generations(server, name)

    @property
    def mine(self) -> Current:
        assert self._mine is not None
        return self._mine

    def try_writer(self) -> bool:
        if self._mine is None:
            self._mine = self._beside.create()
        elif self._current is not self._mine:
            self._refresh(self._mine.name)  # what the one before had sent is to be counted
        self._current = self._mine
        return True

    def start_over(self) -> None:
        """It is new, or was begun before and then takes in every document once more."""

    def apply(self, upserts: Sequence[SearchDocument], deletes: Sequence[str]) -> None:
        self._changes |= dict.fromkeys(deletes)
        self._changes |= {document.product_id: document for document in upserts}
        if len(self._changes) >= bulk.REQUEST_CHANGES_MAX:
            self._send(self.mine.position)

    def _send(self, version: int) -> None:
        """While further documents are made. ``version`` is that of the last commit, which none there is beyond."""
        changes, self._changes = self._changes, {}
        for request in bulk.requests(changes, version):
            if not self._sent_ids.isdisjoint(request.ids):
                wait(self._sent)  # of two requests at once either may come last, and the last word is the newer one's
                self._sent_ids.clear()
            self._wait_for_room()
            self._sent_ids.update(request.ids)
            self._sent.append(self._senders.submit(bulk.send, self._server, self.mine.name, request))

    def _wait_for_room(self) -> None:
        while len(under_way := [one for one in self._sent if not one.done()]) >= AT_ONCE + AHEAD:
            wait(under_way, return_when=FIRST_COMPLETED)

    def commit(self, position: int, walk: Walk | None = None) -> Sequence[Rejected]:
        """What is only a part of a walk is not made visible, for nobody looks at it."""
        self._send(position)
        sent, self._sent = self._sent, []
        self._sent_ids.clear()
        wait(sent)  # all of them, before one that failed is told: what comes next must not be overtaken by these
        rejected = [one for each in sent for one in each.result()]
        index = self.mine.name
        if walk is None:
            self._refresh(index)
        self._current = self._mine = self._beside.reach(index, position, walk)
        return rejected

    def _refresh(self, index: str) -> None:
        self._server.write("POST", f"/{write_alias(index)}/_refresh")

    def refresh(self) -> bool:
        return False

    def close(self) -> None:
        """The caller's server stays open."""
        self._senders.shutdown(cancel_futures=True)

    def show(self) -> None:
        """In place of what is shown, which is kept."""
        self._beside.exchange(self.mine.name)

    def delete(self) -> None:
        if self._mine is not None:
            self._beside.delete(self._mine.name)
