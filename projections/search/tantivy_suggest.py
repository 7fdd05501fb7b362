"""What tantivy finds for a text that is being typed."""

from __future__ import annotations

from collections.abc import Sequence

import tantivy

from projections.search import stored
from projections.search.port import Suggestion
from projections.search.query import QueryBuilder, words_of
from projections.search.suggest import BRAND_COLUMNS, CATEGORY_COLUMNS, VALUES, choose
from projections.search.tantivy_dialect import TantivyDialect
from projections.search.translations import title_for


def suggestions(
    searcher: tantivy.Searcher,
    say: TantivyDialect,
    build: QueryBuilder[tantivy.Query],
    text: str,
    limit: int,
    wanted: Sequence[str],
    languages: Sequence[str],
) -> list[Suggestion]:
    """``wanted`` as the port has it, ``languages`` as terms call those of which there are any texts."""
    words = words_of(text)
    if not words or limit == 0:
        return []

    def once(query: tantivy.Query) -> tantivy.Query:
        return say.all_of([query, only]) if (only := say.sold_to(None)) else query

    categories = _values(searcher, once(build.completing("category_text", words)), CATEGORY_COLUMNS)
    brands = _values(searcher, once(build.completing("brand_text", words)), BRAND_COLUMNS)
    titles = searcher.search(once(build.completing_titles(words, languages)), limit * 2, count=False).hits
    return choose(words, limit, categories, brands, [_product(searcher, address, wanted) for _, address in titles])


def _values(searcher: tantivy.Searcher, query: tantivy.Query, columns: tuple[str, ...]) -> list[tuple[str, int]]:
    """The values behind a query, with their counts."""
    answer = searcher.aggregate(query, {column: {"terms": {"field": column, "size": VALUES}} for column in columns})
    return [(bucket["key"], bucket["doc_count"]) for column in columns for bucket in answer[column]["buckets"]]


def _product(searcher: tantivy.Searcher, address: tantivy.DocAddress, wanted: Sequence[str]) -> Suggestion:
    product = stored.read(searcher, address)
    title = title_for(product.titles, wanted) if product.titles else product.title
    return Suggestion(title, "product", product.product_id)
