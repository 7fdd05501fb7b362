"""Searches as the service would send them to Elasticsearch, to be sent there straight."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec

from kontor.bench.client import Client
from kontor.settings import Settings
from kontor.wiring.named import index_of
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.server import Server
from projections.search.port import SearchQuery
from projections.search.ranking import Ranking
from projections.search.rescue import Answer, answer


class Sent(NamedTuple):
    """The last request of a search, which is the one whose answer is shown. What found little is searched for a second
    time, and this is the second alone."""

    path: str
    body: bytes


class _Spied(Server):
    last = Sent("", b"")

    def search(self, path: str, body: Any = None, **params: Any) -> Any:
        if path.endswith("/_search"):  # and not what asks for the names of facets
            target = "&".join(f"{name}={value}" for name, value in params.items())
            self.last = Sent(f"{path}?{target}", msgspec.json.encode(body))
        return super().search(path, body, **params)


class Spy:
    """Searches an index as the service does, and tells what it was sent. Not for several threads."""

    def __init__(self, settings: Settings) -> None:
        self._url = str(settings.elasticsearch_url)
        self._server = _Spied(self._url)
        self._index = ElasticIndex(self._server, index_of(settings))

    def sent(self, query: SearchQuery, ranking: Ranking) -> tuple[Answer, Sent]:
        """What the search finds, and what it sends for that. Waits for the server."""
        return answer(self._index, query, ranking), self._server.last

    def connect(self) -> Client:
        """A connection of one's own to the server."""
        address = urlsplit(self._url)
        return Client(address.hostname or "", address.port or 9200)

    def close(self) -> None:
        self._index.close()
        self._server.close()


@contextmanager
def spying(settings: Settings) -> Iterator[Spy]:
    """Until the block ends."""
    spy = Spy(settings)
    try:
        yield spy
    finally:
        spy.close()
