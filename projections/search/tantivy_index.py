"""The embedded search index: tantivy in one folder, written by one process, read by any number.

Layout of the folder: ``writer.lock``, ``version`` (of the schema) and tantivy's own files in ``index/``.
The position lies in a document of its own, so it is committed with the products or not at all.

Threads: every method may be called from any thread. Searches run at the same time and, like commits, without the
interpreter's lock; changes wait for each other.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec
import tantivy

from domain.catalog.language import DEFAULT
from projections.search import analysis, cursor, schema, spelling, stored, synonyms
from projections.search.attributes import Names
from projections.search.document import SearchDocument
from projections.search.explaining import explain, lifted
from projections.search.filters import filters
from projections.search.limits import within_limits
from projections.search.lock import FolderLock
from projections.search.merits import matched, ranked
from projections.search.pages import Pages
from projections.search.panics import as_errors
from projections.search.places import Places
from projections.search.port import (
    MAX_LIMIT,
    MAX_SUGGESTIONS,
    MAX_TEXT,
    Explanation,
    Facets,
    NotTheWriter,
    Rejected,
    SearchFailed,
    SearchQuery,
    SearchResult,
    Suggestion,
    Walk,
)
from projections.search.query import QueryBuilder
from projections.search.ranking import PLAIN, Ranking
from projections.search.tantivy_counting import Counting, count
from projections.search.tantivy_dialect import TantivyDialect
from projections.search.tantivy_suggest import Suggesting
from projections.search.translations import Titles
from projections.search.window import Page

HEAP = 30_000_000
"""Bytes the writer may buffer before it writes a segment. With the 15 MB that are the least, twice as much work: a bulk
load spends as long merging small segments as writing them."""


class TantivyIndex:
    """Opens a folder for reading; ``try_writer`` makes it the writer.

    A folder without a usable index reads as empty. It is wiped and made anew by the first process that may write.
    Another generation may take the index's place at any time (``places.py``). The writer then ceases to be one; what
    was shown is shown until the other is as far.
    """

    at_once = os.cpu_count() or 1
    """It works in this process, between what is said in Python and what the processor does without it."""

    def __init__(self, folder: Path, place: Path | None = None) -> None:
        """``place``: a generation to be looked into, whichever is shown."""
        self._folder = folder
        self._places = Places(folder)
        self._data = place or self._places.current()
        """The generation that is written, or shown where another process writes."""
        self._lock = FolderLock(folder)
        self._writing = threading.RLock()
        self._writer: tantivy.IndexWriter | None = None
        self._replacing = False
        """Whether a whole index stays visible until its successor is whole too."""
        self._schema = schema.build()
        self._names = Names()
        self._headlines = stored.Headlines()
        self._titled: dict[str, int] = {}
        """In how many titles stems stand, about: learnt anew after every commit that is seen."""
        self._next: tantivy.Index | None = None
        """What the writer writes while it is not as far as what is shown."""
        self._index: tantivy.Index | None = None
        self._index = self._open()
        self._commit = self._last_commit()

    # writing

    def try_writer(self) -> bool:
        with self._writing:
            if self._writer is not None:
                return True
            if not self._lock.acquire():
                return False
            was, self._data = self._data, self._places.current()
            index = self._open() or self._create()
            try:
                writer = index.writer(HEAP, 1)
                # A commit that was cut off has left files by the very names that the next one is going to choose.
                writer.garbage_collect_files()
                self._writer = writer
            except ValueError:
                self._data = was
                self._lock.release()
                return False
            if self._data == was or _position(self._schema, index.searcher()) >= self.position():
                self._index = index
            else:
                self._next = index
            return True

    def apply(self, upserts: Sequence[SearchDocument], deletes: Sequence[str]) -> None:
        with self._writing:
            writer = self._require_writer()
            for product_id in deletes:
                writer.delete_documents_by_term("id", product_id)
            for document in upserts:
                writer.delete_documents_by_term("id", document.product_id)
                for entry in schema.entries_json(document):
                    writer.add_json(entry)

    def start_over(self) -> None:
        with self._writing:
            self._require_writer().delete_all_documents()
            self._replacing = self.position() > 0

    def commit(self, position: int, walk: Walk | None = None) -> Sequence[Rejected]:
        with self._writing:
            self._heed_exchange()
            writer = self._require_writer()
            if self._replacing and position == 0:
                return ()
            writer.delete_documents_by_term("kind", schema.META)
            writer.add_json(schema.meta_json(position, walk))
            writer.commit()
            self._replacing = False
            if self._next is not None and position > 0:
                self._index, self._next = self._next, None
            self.refresh()
        return ()

    def _heed_exchange(self) -> None:
        """Raises NotTheWriter when another generation has taken the place of the one that is written."""
        if self._writer is not None and self._places.current() != self._data:
            self._discard()
            raise NotTheWriter("another generation of the index has taken its place")

    def close(self) -> None:
        with self._writing:
            if self._writer is not None:
                self._discard()
            self._lock.release()

    def _discard(self) -> None:
        """What was not committed, and the writer."""
        writer, self._writer, self._next, self._replacing = self._require_writer(), None, None, False
        writer.rollback()
        writer.wait_merging_threads()

    def _require_writer(self) -> tantivy.IndexWriter:
        if self._writer is None:
            raise NotTheWriter("another process writes this index; call try_writer first")
        return self._writer

    # the folder

    def _open(self) -> tantivy.Index | None:
        """The index in the folder; None if there is none that this version can read."""
        try:
            if (self._folder / "version").read_text() != str(schema.VERSION):
                return None
            index = tantivy.Index(self._schema, str(self._data), reuse=True)
            analysis.register(index)
            index.config_reader("manual")
            _prove(index)
        except (OSError, ValueError, SearchFailed):
            return None
        return index

    def _create(self) -> tantivy.Index:
        """An empty index; the version is written last, so half a creation is no index."""
        (self._folder / "version").unlink(missing_ok=True)
        shutil.rmtree(self._data, ignore_errors=True)
        self._data.mkdir(parents=True)
        index = tantivy.Index(self._schema, str(self._data), reuse=False)
        analysis.register(index)
        index.config_reader("manual")
        (self._folder / "version").write_text(str(schema.VERSION))
        return index

    def refresh(self) -> bool:
        """Shows what has been committed, by this process or another; reopens an index that was made anew.

        Raises NotTheWriter, once, when this process was the writer of another generation.
        """
        was, self._commit = self._commit, self._last_commit()
        if self._commit != was:
            self._titled = {}
        with self._writing:
            self._heed_exchange()
            if self._writer is None and self._places.current() != self._data and self._follow_exchange():
                self._commit = self._last_commit()
                return True
        index = self._index
        try:
            if index is None:
                raise ValueError("no index yet")
            index.reload()
        except (OSError, ValueError):
            if self._writer is None:
                self._index = self._open()
        return self._commit != was

    def _last_commit(self) -> tuple[int, int] | None:
        """Each puts another file in the place of the one before; None while there is none. Looked at before what it
        tells of is read, so that at worst the same commit is told of twice."""
        try:
            found = (self._data / "meta.json").stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _follow_exchange(self) -> bool:
        """Shows the other generation if it is as far as this one; whether it is."""
        was, self._data = self._data, self._places.current()
        other = self._open()
        if other is None or _position(self._schema, other.searcher()) < self.position():
            self._data = was
            return False
        self._index = other
        return True

    def position(self) -> int:
        index = self._next or self._index
        return 0 if index is None else _position(self._schema, index.searcher())

    def walk(self) -> Walk | None:
        index = self._next or self._index
        try:
            return None if index is None else _walk(index)
        except (SearchFailed, ValueError, msgspec.MsgspecError):
            return None  # damaged, so nothing to go on with

    # reading

    @as_errors()
    def search(self, query: SearchQuery, ranking: Ranking = PLAIN, least: int = 0) -> SearchResult:
        query = within_limits(query)
        place = cursor.decode(query)
        if self._index is None:
            return SearchResult([], 0, Facets())
        searcher = self._index.searcher()
        say = TantivyDialect(self._schema, searcher, self._titled)
        build = QueryBuilder(say, ranking.synonyms)
        words = ranked(say, build, query, ranking)
        counting = Counting(searcher, say, self._names, filters(say, query, ranking))
        found = counting.narrowed(say.everything() if words is None else words)
        by_score = words is not None and query.sort == "relevance"
        pages = Pages(searcher, say, self._headlines)
        page: Page = (
            pages.by_relevance(found, query, place, ranking) if by_score else pages.by_column(found, query, place)
        )
        if page.total < least:
            return SearchResult([], page.total, Facets())
        counted = matched(say, build, query, ranking) or say.everything()
        facets = counting.all_facets(query, counted, page.total)
        return SearchResult(page.product_ids, page.total, facets, page.next, page.prev)

    @as_errors()
    def count(self, query: SearchQuery, ranking: Ranking = PLAIN) -> int:
        query = within_limits(query)
        if self._index is None:
            return 0
        searcher = self._index.searcher()
        say = TantivyDialect(self._schema, searcher, self._titled)
        words = matched(say, QueryBuilder(say, ranking.synonyms), query, ranking)
        return count(searcher, say.all_of([words or say.everything(), *filters(say, query, ranking).values()]))

    @as_errors()
    def explain(self, query: SearchQuery, product_ids: Sequence[str], ranking: Ranking = PLAIN) -> list[Explanation]:
        query = within_limits(query)
        if self._index is None:
            return []
        searcher = self._index.searcher()
        say = TantivyDialect(self._schema, searcher, self._titled)
        build = QueryBuilder(say, ranking.synonyms)
        whole = ranked(say, build, query, ranking)
        wanted = [analysis.clean(product_id) for product_id in product_ids[:MAX_LIMIT]]
        if whole is None or not wanted:
            return []
        only = say.constant(say.all_of([say.these(wanted), say.sold_to(None) or say.everything()]), 0.0)

        def scores(queries: Sequence[tantivy.Query]) -> Iterator[dict[str, float]]:
            for one in queries:
                hits = searcher.search(say.all_of([one, only]), len(wanted), count=False).hits
                yield {stored.read(searcher, address).product_id: score for score, address in hits}

        explained = explain(say, build, query, ranking, wanted, whole, lambda queries: list(scores(queries)))
        if query.sort != "relevance":
            return explained
        found = say.all_of([whole, *(say.constant(part, 0.0) for part in filters(say, query, ranking).values())])
        return lifted(explained, Pages(searcher, say, self._headlines).front_lifts(found, query, ranking))

    @as_errors()
    def corrected(self, text: str, wanted: Sequence[str] = ()) -> str | None:
        if self._index is None:
            return None
        searcher = self._index.searcher()
        say = TantivyDialect(self._schema, searcher, self._titled)

        def titles(query: tantivy.Query) -> list[Titles]:
            found = searcher.search(query, spelling.TITLES, count=False).hits
            products = [stored.read(searcher, address) for _, address in found]
            return [product.titles or [(DEFAULT, product.title)] for product in products]

        def frequencies(words: Sequence[str]) -> dict[str, int]:
            return {word: say.frequency(word) for word in words}

        build = QueryBuilder(say, synonyms.packaged())
        typed = analysis.clean(text[:MAX_TEXT])
        return spelling.corrected(typed, say, build, titles, frequencies, say.languages(wanted))

    @as_errors()
    def suggest(self, text: str, limit: int = MAX_SUGGESTIONS, wanted: Sequence[str] = ()) -> list[Suggestion]:
        if self._index is None:
            return []
        searcher = self._index.searcher()
        say = TantivyDialect(self._schema, searcher, self._titled)
        suggesting = Suggesting(searcher, say, QueryBuilder(say, synonyms.packaged()), self._headlines)
        return suggesting.suggestions(analysis.clean(text[:MAX_TEXT]), max(0, min(limit, MAX_SUGGESTIONS)), wanted)


def _meta(shape: tantivy.Schema, searcher: tantivy.Searcher) -> tantivy.DocAddress | None:
    found = searcher.search(tantivy.Query.term_query(shape, "kind", schema.META), 1, count=False).hits
    return found[0][1] if found else None


def _position(shape: tantivy.Schema, searcher: tantivy.Searcher) -> int:
    meta = _meta(shape, searcher)
    return 0 if meta is None else int(searcher.fast_field_values("position", [meta])[0] or 0)


@as_errors()
def _walk(index: tantivy.Index) -> Walk | None:
    searcher = index.searcher()
    meta = _meta(index.schema, searcher)
    return None if meta is None else schema.walk_of(searcher.doc(meta).get_first("stored"))


@as_errors()
def _prove(index: tantivy.Index) -> None:
    """Reads a little of every part, so that a torn index fails when it is opened and not under a shopper."""
    searcher = index.searcher()
    _position(index.schema, searcher)
    for _, address in searcher.search(tantivy.Query.all_query(), 1).hits:
        searcher.doc(address)
