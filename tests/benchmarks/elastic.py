"""What the Elasticsearch adapter adds to the server it talks to, on the rated Icecat catalog.

``python -m tests.benchmarks.elastic`` with a server in KONTOR_ELASTICSEARCH_URL prints a table: searches through the
adapter beside the same requests sent straight to the server, answers unread, turn by turn; and documents indexed beside
the same lines sent straight, encoded before. Relevance is measured as for the embedded engines.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from projections.search import cursor
from projections.search.document import SearchDocument
from projections.search.elastic import bulk, queries
from projections.search.elastic.generations import Generations, write_alias
from projections.search.elastic.index import ElasticIndex
from projections.search.elastic.server import Server
from projections.search.port import SearchQuery
from projections.search.ranking import PLAIN
from tests.benchmarks import icecat
from tests.elastic import names_of_its_own
from tests.needed import VARIABLES

ROUNDS = 20
WARM_UP = 2
BATCH = 2_000


class Straight:
    """A bare connection: sends bytes, reads bytes."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port)

    def post(self, path: str, body: bytes, kind: str = "application/json") -> bytes:
        self._connection.request("POST", path, body, {"Content-Type": kind})
        response = self._connection.getresponse()
        answer = response.read()
        assert response.status == 200, answer[:500]
        return answer


class Spied(Server):
    """Remembers the last search it sent."""

    last: tuple[str, Any, dict[str, Any]]

    def search(self, path: str, body: Any = None, **params: Any) -> Any:
        self.last = (path, body, params)
        return super().search(path, body, **params)


def searching(index: ElasticIndex, server: Spied, straight: Straight, texts: Sequence[str]) -> dict[str, list[float]]:
    """Milliseconds of each search, both ways in turn, the first rounds not counted."""
    times: dict[str, list[float]] = {"straight": [], "adapter": [], "adapter, words unknown": []}

    def timed(name: str, turn: int, work: Any, *args: Any) -> None:
        started = time.perf_counter()
        work(*args)
        if turn >= WARM_UP:
            times[name].append((time.perf_counter() - started) * 1e3)

    for turn in range(ROUNDS + WARM_UP):
        for text in texts:
            query = SearchQuery(text=text, limit=20)
            index.search(query)
            path, body, params = server.last
            target = path + "?" + "&".join(f"{name}={value}" for name, value in params.items())
            ways = [
                lambda: timed("adapter", turn, index.search, query),  # noqa: B023  # called at once
                lambda: timed("straight", turn, straight.post, target, msgspec.json.encode(body)),  # noqa: B023
            ]
            for way in ways[:: 1 if turn % 2 else -1]:
                way()
            index._searching._vocabulary._forget_at = 0.0
            timed("adapter, words unknown", turn, index.search, query)
    return times


def building(index: ElasticIndex, texts: Sequence[str]) -> float:
    """Microseconds of processor time for the body of a request."""
    started = time.process_time()
    for text in texts * 20:
        query = SearchQuery(text=text)
        say = index._searching.dialect(text, PLAIN.synonyms)
        msgspec.json.encode(queries.search_body(query, say, PLAIN, cursor.decode(query)))
    return (time.process_time() - started) / (len(texts) * 20) * 1e6


def searched(index: ElasticIndex, texts: Sequence[str]) -> float:
    """Microseconds of processor time for a whole search, without the server's."""
    started = time.process_time()
    for text in texts * 5:
        index.search(SearchQuery(text=text))
    return (time.process_time() - started) / (len(texts) * 5) * 1e6


def in_batches(documents: Sequence[SearchDocument]) -> Iterator[Sequence[SearchDocument]]:
    for first in range(0, len(documents), BATCH):
        yield documents[first : first + BATCH]


def indexed_by_adapter(index: ElasticIndex, documents: Sequence[SearchDocument]) -> float:
    """Documents a second, each batch committed."""
    index.start_over()
    started = time.perf_counter()
    for position, some in enumerate(in_batches(documents), 1):
        index.apply(some, ())
        assert not index.commit(position)
    return len(documents) / (time.perf_counter() - started)


def indexed_straight(generations: Generations, straight: Straight, documents: Sequence[SearchDocument]) -> float:
    """The same into an index of the same shape, from lines that are ready."""
    index = generations.create()
    bodies = []
    for some in in_batches(documents):
        changes = {document.product_id: document for document in some}
        bodies.append([b"\n".join(lines) + b"\n" for _, lines in bulk._requests(changes, 1)])
    started = time.perf_counter()
    for batch in bodies:
        for body in batch:
            straight.post(f"/{write_alias(index)}/_bulk", body, "application/x-ndjson")
        straight.post(f"/{index}/_refresh", b"")
    return len(documents) / (time.perf_counter() - started)


def percentile(times: list[float], share: float) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * share))]


def main() -> int:
    variable = VARIABLES["elasticsearch"]
    url, data = os.environ.get(variable), icecat.folder()
    if not url or not (data / "products.ndjson.gz").exists():
        print(f"needs a server ({variable}) and the rated Icecat catalog ({data})", file=sys.stderr)
        return 1
    documents, rated = list(icecat.documents(data)), icecat.rated_queries(data)
    texts = [query.text for query in rated]
    with names_of_its_own(url) as name:
        server, straight = Spied(url), Straight(url)
        index = ElasticIndex(server, name)
        assert index.try_writer()
        generations = Generations(server, f"{name}-straight")
        rates: dict[str, list[float]] = {"straight": [], "adapter": []}
        for way in ("straight", "adapter", "adapter", "straight"):
            rates[way].append(
                indexed_straight(generations, straight, documents)
                if way == "straight"
                else indexed_by_adapter(index, documents)
            )
        scores = [icecat.ndcg(index.search(SearchQuery(text=q.text, limit=10)).product_ids, q.gains) for q in rated]
        times = searching(index, server, straight, texts)
        print(f"nDCG@10: {sum(scores) / len(scores):.4f}")
        print("documents/s:", {way: [round(rate) for rate in found] for way, found in rates.items()})
        print(f"bulk, adapter / straight: {sum(rates['adapter']) / sum(rates['straight']):.0%}")
        for way, found in times.items():
            print(f"{way}: " + ", ".join(f"p{share} {percentile(found, share / 100):.2f} ms" for share in (50, 90, 99)))
        added = [percentile(times["adapter"], share) - percentile(times["straight"], share) for share in (0.5, 0.99)]
        print(f"added at p50: {added[0]:.2f} ms, at p99: {added[1]:.2f} ms")
        print(
            f"processor time of a search: {searched(index, texts):.0f} µs, to build it {building(index, texts):.0f} µs"
        )
        index.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
