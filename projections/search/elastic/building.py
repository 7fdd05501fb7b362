"""A generation of the index beside the one that is shown: filled by one process, which then shows it."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from projections.search.document import SearchDocument
from projections.search.elastic import bulk
from projections.search.elastic.generations import Current, Generations, write_alias
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.server import Server
from projections.search.port import Rejected, Walk


class ElasticBuild(ElasticIndex):
    """Needs no lease, for nobody else writes it. ``begun`` is gone on with instead of a new one."""

    def __init__(self, server: Server, name: str, begun: Current | None = None) -> None:
        super().__init__(server, name)
        self._mine = begun
        self._changes: dict[str, SearchDocument | None] = {}
        self._sender = ThreadPoolExecutor(1, "search-build")
        self._sent: list[Future[list[Rejected]]] = []
        self._beside = Generations(server, name)

    @property
    def mine(self) -> Current:
        assert self._mine is not None
        return self._mine

    def try_writer(self) -> bool:
        if self._mine is None:
            self._mine = self._beside.create()
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
        self._sent.append(self._sender.submit(bulk.write, self._server, self.mine.name, changes, version))

    def commit(self, position: int, walk: Walk | None = None) -> Sequence[Rejected]:
        self._send(position)
        sent, self._sent = self._sent, []
        rejected = [one for each in sent for one in each.result()]
        index = self.mine.name
        self._server.write("POST", f"/{write_alias(index)}/_refresh")
        self._current = self._mine = self._beside.reach(index, position, walk)
        return rejected

    def refresh(self) -> bool:
        return False

    def close(self) -> None:
        """The caller's server stays open."""
        self._sender.shutdown(cancel_futures=True)

    def show(self) -> None:
        """In place of what is shown, which is kept."""
        self._beside.exchange(self.mine.name)

    def delete(self) -> None:
        if self._mine is not None:
            self._beside.delete(self._mine.name)
