"""The search index on Elasticsearch: read by any number of processes, written by the one that holds the lease.

Changes wait in memory until they are committed; then they go out in bulk, each with the position as its version, the
index is refreshed, and the position is stored in the index itself, after everything that it promises.

Threads: every method may be called from any thread.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import structlog

from projections.search import analysis, cursor, spelling, synonyms, translations
from projections.search.document import SearchDocument
from projections.search.elastic import bulk, mapping, queries, results
from projections.search.elastic.dialect import ElasticDialect, Query
from projections.search.elastic.generations import Current, Generations, is_missing, write_alias
from projections.search.elastic.lease import TTL_S, Lease
from projections.search.elastic.searching import Searching
from projections.search.elastic.server import CONNECTIONS, Body, Refused, Server
from projections.search.elastic.words import Words
from projections.search.explaining import explain, lifted
from projections.search.limits import within_limits
from projections.search.merits import ranked
from projections.search.port import (
    MAX_LIMIT,
    MAX_SUGGESTIONS,
    MAX_TEXT,
    Copy,
    Explanation,
    Facets,
    NotTheWriter,
    Rejected,
    SearchQuery,
    SearchResult,
    SearchUnavailable,
    Suggestion,
    Walk,
)
from projections.search.query import QueryBuilder, words_of
from projections.search.ranking import PLAIN, Ranking
from projections.search.translations import Titles

NAME = "kontor-products"
_NOTHING = SearchResult([], 0, Facets())
K = TypeVar("K")
V = TypeVar("V")

log = structlog.get_logger("search")


class ElasticIndex:
    """Opens the index for reading; ``try_writer`` makes it the writer.

    Indices that begin with the same name belong to it. One that is missing or not ours reads as empty, and the first
    process that may write makes a new one.
    """

    at_once = CONNECTIONS

    def __init__(self, server: Server, name: str = NAME, lease_ttl_s: float = TTL_S) -> None:
        self._server = server
        self._generations = Generations(server, name)
        self._lease = Lease(server, f"{name}-lease", lease_ttl_s)
        self._searching = Searching(self._ask)
        self._writing = threading.RLock()
        self._buffering = threading.Lock()
        self._buffer: dict[str, bulk.Change] = {}
        self._writer = False
        self._target: str | None = None
        """The generation that the writer writes; None until there is one."""
        self._hidden = False
        """Whether searches see an older generation until this one is whole."""
        self._current: Current | None = None
        self._known = False
        """Whether the server has ever said what the current generation is."""
        try:
            self.refresh()
        except SearchUnavailable as error:
            log.warning("search_unavailable", reason=str(error))

    # writing

    def try_writer(self) -> bool:
        with self._writing:
            if self._writer and self._lease.held:
                return True
            if not self._lease.acquire():
                return False
            self._forget_changes()
            self._current, self._known = self._generations.current(), True  # even if readers do not see it yet
            self._target = None if self._current is None else self._current.name
            self._writer, self._hidden = True, False
            return True

    def start_over(self) -> None:
        with self._writing:
            self._require_writer()
            self._forget_changes()
            self._begin()

    def _begin(self) -> str:
        """A new generation."""
        index = self._generations.create().name
        self._hidden = self.position() > 0
        if not self._hidden:
            self._generations.show(index)
        self._target = index
        self.refresh()
        return index

    def apply(self, upserts: Sequence[SearchDocument], deletes: Sequence[str]) -> None:
        self._require_writer()
        with self._buffering:
            self._buffer |= dict.fromkeys(deletes)
            self._buffer |= {document.product_id: document for document in upserts}

    def commit(self, position: int, walk: Walk | None = None) -> Sequence[Rejected]:
        with self._writing:
            self._require_writer()
            target = self._target or self._begin()
            self._require_shown(target)
            with self._buffering:
                changes, self._buffer = self._buffer, {}
            try:
                rejected = bulk.write(self._server, target, changes, position)
                self._server.write("POST", f"/{write_alias(target)}/_refresh")
                self._show(self._generations.reach(target, position, walk))
            except Refused as refused:
                if is_missing(refused) or refused.status == 409:
                    self._give_up()
                    raise NotTheWriter(str(refused)) from refused
                raise
            return rejected

    def _require_shown(self, target: str) -> None:
        """Somebody may have built another one beside, which is the one to be written now."""
        shown = None if self._hidden else self._generations.current()
        if shown is not None and shown.name != target:
            self._give_up()
            raise NotTheWriter(f"{shown.name} has taken its place")

    def _show(self, written: Current) -> None:
        if self._hidden and written.position > 0:
            self._generations.show(written.name)
            self._hidden = False
        if not self._hidden:
            self._current = written

    def close(self) -> None:
        with self._writing:
            self._give_up()
            self._searching.close()
            self._server.close()

    def _require_writer(self) -> None:
        if not (self._writer and self._lease.held):
            raise NotTheWriter("another process writes this index; call try_writer first")

    def _give_up(self) -> None:
        """An index that is gone, or ahead of its writer, is not this writer's any more: whoever is next looks anew."""
        self._lease.release()
        self._writer = False
        self._forget_changes()

    def _forget_changes(self) -> None:
        """What waited may be older by now than what another writer has written."""
        with self._buffering:
            self._buffer = {}

    # reading

    def refresh(self) -> bool:
        """Goes over to another index once that is as far as what was seen, while that is still there."""
        was, shown = self._current, self._generations.current()
        self._known = True
        another = was is not None and shown is not None and was.name != shown.name
        if was is not None and shown is not None and another and shown.position < was.position:
            still = self._generations.of(was.name)
            if still is not None and still.position > 0:
                return False
        self._current = shown
        return another or (was is not None and shown is not None and was.commit != shown.commit)

    def position(self) -> int:
        return 0 if self._current is None else self._current.position

    def walk(self) -> Walk | None:
        return None if self._current is None else self._current.walk

    def search(self, query: SearchQuery, ranking: Ranking = PLAIN, least: int = 0) -> SearchResult:
        query = within_limits(query)
        place = cursor.decode(query)
        if self._is_empty():
            return _NOTHING
        try:
            return self._searching.result(query, ranking, place, least)
        except Refused as refused:
            if is_missing(refused):
                return _NOTHING
            raise

    def count(self, query: SearchQuery, ranking: Ranking = PLAIN) -> int:
        query = within_limits(query)
        if self._is_empty():
            return 0
        try:
            say = self._searching.dialect(query.text, ranking.synonyms)
            return int(self._ask("_count", queries.count_body(query, say, ranking))["count"])
        except Refused as refused:
            if is_missing(refused):
                return 0
            raise

    def explain(self, query: SearchQuery, product_ids: Sequence[str], ranking: Ranking = PLAIN) -> list[Explanation]:
        query = within_limits(query)
        wanted = [analysis.clean(product_id) for product_id in product_ids[:MAX_LIMIT]]
        if not wanted or self._is_empty():
            return []
        try:
            say = self._searching.dialect(query.text, ranking.synonyms)
            build = QueryBuilder(say, ranking.synonyms)
            whole = ranked(say, build, query, ranking)
            if whole is None:
                return []

            def scores(parts: Sequence[Query]) -> list[dict[str, float]]:
                return results.scores(self._ask("_msearch", queries.score_lines(parts, wanted)))

            explained = explain(say, build, query, ranking, wanted, whole, scores)
            if query.sort != "relevance":
                return explained
            return lifted(explained, self._searching.lifts(query, ranking, say))
        except Refused as refused:
            if is_missing(refused):
                return []
            raise

    def corrected(self, text: str, wanted: Sequence[str] = ()) -> str | None:
        text = analysis.clean(text[:MAX_TEXT])
        if not words_of(text) or self._is_empty():
            return None

        def titles(query: Query) -> list[Titles]:
            return results.titles(self._ask("_search", queries.titles_body(query)))

        try:
            say = self._searching.dialect(text, synonyms.packaged())
            build = QueryBuilder(say, synonyms.packaged())
            return spelling.corrected(
                text, say, build, titles, self._searching.frequencies, translations.term_languages(wanted)
            )
        except Refused as refused:
            if is_missing(refused):
                return None
            raise

    def suggest(self, text: str, limit: int = MAX_SUGGESTIONS, wanted: Sequence[str] = ()) -> list[Suggestion]:
        words = words_of(analysis.clean(text[:MAX_TEXT]))
        limit = max(0, min(limit, MAX_SUGGESTIONS))
        if not words or limit == 0 or self._is_empty():
            return []
        build = QueryBuilder(ElasticDialect(Words(0, {}, {})), synonyms.packaged())
        try:
            lines = queries.suggest_lines(build, words, limit, translations.term_languages(wanted))
            return results.suggestions(words, limit, wanted, self._ask("_msearch", lines))
        except Refused as refused:
            if is_missing(refused):
                return []
            raise

    # standing in for other stores

    def copies(self, product_ids: Sequence[str]) -> dict[str, Copy]:
        wanted = {"ids": list(product_ids)}
        return self._unless_missing("_mget", wanted, results.copies, _source_includes=f"{mapping.KEPT},description")

    def categories(self) -> dict[tuple[str, ...], int]:
        return self._unless_missing("_search", queries.category_body(), results.categories)

    def _unless_missing(self, what: str, body: Body, read: Callable[[Any], dict[K, V]], **params: str) -> dict[K, V]:
        try:
            return {} if self._is_empty() else read(self._ask(what, body, **params))
        except Refused as refused:
            if is_missing(refused):
                return {}
            raise

    # as a whole, for checks

    def product_ids(self) -> Iterator[str]:
        """Of all documents that searches see, in no order."""
        if self._is_empty():
            return
        current = self._current
        assert current is not None
        opened = self._server.write("POST", f"/{current.name}/_pit", keep_alive=queries.WALK_KEPT)
        after = None
        try:
            while hits := self._server.search("/_search", queries.walk_body(opened["id"], after))["hits"]["hits"]:
                yield from (hit["_id"] for hit in hits)
                after = hits[-1]["sort"]
        finally:
            self._server.once("DELETE", "/_pit", {"id": opened["id"]})

    def documents(self, product_ids: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """As they are stored; those that searches see, by product."""
        if self._is_empty() or not product_ids:
            return {}
        found = self._ask("_mget", {"ids": list(product_ids)}, realtime="false")["docs"]
        return {one["_id"]: one["_source"] for one in found if one.get("found")}

    def _is_empty(self) -> bool:
        if not self._known:
            self.refresh()
        return self._current is None

    def _ask(self, what: str, body: Body, **params: str) -> Any:
        """Of the index whose position was told; of whatever has taken its place if that was deleted."""
        current = self._current
        try:
            asked = self._generations.alias if current is None else current.name
            return self._server.search(f"/{asked}/{what}", body, **params)
        except Refused as refused:
            if current is None or not is_missing(refused):
                raise
        return self._server.search(f"/{self._generations.alias}/{what}", body, **params)
