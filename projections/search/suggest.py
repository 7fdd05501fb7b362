"""Type-ahead: categories, brands and products that go on from what was typed."""

from __future__ import annotations

from typing import Literal

import tantivy

from projections.search import analysis, stored
from projections.search.port import Suggestion
from projections.search.query import MAX_WORDS, QueryBuilder

OF_EACH_FACET = 2
_LEVELS = ("level0", "level1", "level2")


def suggestions(searcher: tantivy.Searcher, build: QueryBuilder, text: str, limit: int) -> list[Suggestion]:
    """The last word may be unfinished, the others are meant as they stand."""
    words = analysis.words(text)[:MAX_WORDS]
    if not words or limit == 0:
        return []
    found = _values(searcher, build.completing("category_text", words), _LEVELS, words, "category")
    found += _values(searcher, build.completing("brand_text", words), ("brand",), words, "brand")
    titles = searcher.search(build.completing("title", words), limit * 2, count=False).hits
    found += [_product(searcher, address) for _, address in titles]
    unique = {suggestion.text.casefold(): suggestion for suggestion in reversed(found)}
    return list(reversed(unique.values()))[:limit]


def _values(
    searcher: tantivy.Searcher,
    query: tantivy.Query,
    columns: tuple[str, ...],
    words: list[str],
    kind: Literal["category", "brand"],
) -> list[Suggestion]:
    """The values behind a query, most products first, that themselves hold the word being typed."""
    request = {column: {"terms": {"field": column, "size": 20}} for column in columns}
    answer = searcher.aggregate(query, request)
    counted = [(b["doc_count"], b["key"]) for column in columns for b in answer[column]["buckets"]]
    named = [(-count, value) for count, value in counted if _goes_on(value.rpartition("/")[2], words[-1])]
    return [Suggestion(value, kind) for _, value in sorted(named)[:OF_EACH_FACET]]


def _goes_on(value: str, typed: str) -> bool:
    return any(word.startswith(typed) for word in analysis.words(value))


def _product(searcher: tantivy.Searcher, address: tantivy.DocAddress) -> Suggestion:
    product = stored.read(searcher, address)
    return Suggestion(product.title, "product", product.product_id)
