"""The embedded search index: tantivy in one folder, written by one process, read by any number.

Layout of the folder: ``writer.lock``, ``version`` (of the schema) and tantivy's own files in ``index/``.
The position lies in a document of its own, so it is committed with the products or not at all.

Threads: every method may be called from any thread. Searches run at the same time and, like commits, without the
interpreter's lock; changes wait for each other.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import tantivy

from projections.search import analysis, cursor, facets, schema, stored, synonyms
from projections.search.attributes import Attribute, Names
from projections.search.document import SearchDocument
from projections.search.limits import within_limits
from projections.search.lock import FolderLock
from projections.search.pages import by_column, by_relevance
from projections.search.panics import as_errors
from projections.search.port import (
    MAX_SUGGESTIONS,
    MAX_TEXT,
    Facets,
    NotTheWriter,
    Rejected,
    SearchFailed,
    SearchQuery,
    SearchResult,
    Suggestion,
)
from projections.search.query import QueryBuilder
from projections.search.tantivy_dialect import TantivyDialect
from projections.search.tantivy_suggest import suggestions
from projections.search.window import Page

HEAP = 30_000_000
"""Bytes the writer may buffer before it writes a segment. With the 15 MB that are the least, twice as much work: a bulk
load spends as long merging small segments as writing them."""


class TantivyIndex:
    """Opens a folder for reading; ``try_writer`` makes it the writer.

    A folder without a usable index reads as empty. It is wiped and made anew by the first process that may write.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._data = folder / "index"
        self._lock = FolderLock(folder)
        self._writing = threading.RLock()
        self._writer: tantivy.IndexWriter | None = None
        self._replacing = False
        """Whether a whole index stays visible until its successor is whole too."""
        self._schema = schema.build()
        self._synonyms = synonyms.packaged()
        self._names = Names()
        self._index: tantivy.Index | None = None
        self._index = self._open()

    # writing

    def try_writer(self) -> bool:
        with self._writing:
            if self._writer is not None:
                return True
            if not self._lock.acquire():
                return False
            index = self._open() or self._create()
            try:
                self._writer = index.writer(HEAP, 1)
            except ValueError:
                self._lock.release()
                return False
            self._index = index
            return True

    def apply(self, upserts: Sequence[SearchDocument], deletes: Sequence[str]) -> None:
        with self._writing:
            writer = self._require_writer()
            for product_id in deletes:
                writer.delete_documents_by_term("id", product_id)
            for document in upserts:
                writer.delete_documents_by_term("id", document.product_id)
                writer.add_json(schema.document_json(document))

    def start_over(self) -> None:
        with self._writing:
            self._require_writer().delete_all_documents()
            self._replacing = self.position() > 0

    def commit(self, position: int) -> Sequence[Rejected]:
        with self._writing:
            writer = self._require_writer()
            if self._replacing and position == 0:
                return ()
            writer.delete_documents_by_term("kind", schema.META)
            writer.add_json(schema.meta_json(position))
            writer.commit()
            self._replacing = False
            self.refresh()
        return ()

    def close(self) -> None:
        with self._writing:
            if self._writer is not None:
                self._writer.rollback()
                self._writer.wait_merging_threads()
                self._writer = None
                self._replacing = False
            self._lock.release()

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

    def refresh(self) -> None:
        """Shows what has been committed, by this process or another; reopens an index that was made anew."""
        index = self._index
        try:
            if index is None:
                raise ValueError("no index yet")
            index.reload()
        except (OSError, ValueError):
            if self._writer is None:
                self._index = self._open()

    def position(self) -> int:
        return 0 if self._index is None else _position(self._schema, self._index.searcher())

    # reading

    @as_errors()
    def search(self, query: SearchQuery) -> SearchResult:
        query = within_limits(query)
        place = cursor.decode(query)
        if self._index is None:
            return SearchResult([], 0, Facets())
        searcher = self._index.searcher()
        say = TantivyDialect(self._schema, searcher, self._synonyms)
        build = QueryBuilder(say, self._synonyms)
        words = build.text(query.text)
        filters = build.filters(query)
        base = say.everything() if words is None else words

        def without(facet: str | None) -> tantivy.Query:
            parts = [part for name, part in filters.items() if name != facet]
            return say.all_of([base, *parts]) if parts else base

        def examples(codes: Sequence[int]) -> Iterator[Mapping[str, str]]:
            for code in codes:
                yield from (stored.read(searcher, address).attributes for address in say.having(code))

        def names(codes: Iterable[int]) -> dict[int, Attribute]:
            return self._names.of(codes, examples)

        passes = facets.plan(query, filters)
        answers = {name: searcher.aggregate(without(name), wanted) for name, wanted in passes.items() if wanted}
        ranked = by_relevance if words is not None and query.sort == "relevance" else by_column
        page: Page = ranked(searcher, say, without(None), query, place)
        return SearchResult(
            product_ids=page.product_ids,
            total=page.total,
            facets=facets.read(query, answers, names),
            next=page.next,
            prev=page.prev,
        )

    @as_errors()
    def suggest(self, text: str, limit: int = MAX_SUGGESTIONS) -> list[Suggestion]:
        if self._index is None:
            return []
        searcher = self._index.searcher()
        build = QueryBuilder(TantivyDialect(self._schema, searcher, self._synonyms), self._synonyms)
        return suggestions(searcher, build, analysis.clean(text[:MAX_TEXT]), max(0, min(limit, MAX_SUGGESTIONS)))


def _position(shape: tantivy.Schema, searcher: tantivy.Searcher) -> int:
    meta = searcher.search(tantivy.Query.term_query(shape, "kind", schema.META), 1, count=False).hits
    if not meta:
        return 0
    return int(searcher.fast_field_values("position", [meta[0][1]])[0] or 0)


@as_errors()
def _prove(index: tantivy.Index) -> None:
    """Reads a little of every part, so that a torn index fails when it is opened and not under a shopper."""
    searcher = index.searcher()
    _position(index.schema, searcher)
    for _, address in searcher.search(tantivy.Query.all_query(), 1).hits:
        searcher.doc(address)
