"""What tantivy finds for a text that is being typed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import tantivy

from projections.search import stored
from projections.search.port import Suggestion
from projections.search.query import QueryBuilder, words_of
from projections.search.suggest import BRAND_COLUMNS, CATEGORY_COLUMNS, VALUES, choose
from projections.search.tantivy_dialect import TantivyDialect
from projections.search.translations import title_for


class Suggesting(NamedTuple):
    """From one searcher."""

    searcher: tantivy.Searcher
    say: TantivyDialect
    build: QueryBuilder[tantivy.Query]
    headlines: stored.Headlines

    def suggestions(self, text: str, limit: int, wanted: Sequence[str]) -> list[Suggestion]:
        """``wanted`` as the port has it."""
        words = words_of(text)
        if not words or limit == 0:
            return []
        languages = self.say.languages(wanted)
        categories = self._values(self.build.completing("category_text", words), CATEGORY_COLUMNS)
        brands = self._values(self.build.completing("brand_text", words), BRAND_COLUMNS)
        titles = self._sold(self.build.completing_titles(words, languages))
        found = self.searcher.search(titles, limit * 2, count=False).hits
        addresses = [address for _, address in found]
        products = self._in_languages(addresses, wanted) if languages else self._own(addresses)
        return choose(words, limit, categories, brands, products)

    def _sold(self, query: tantivy.Query) -> tantivy.Query:
        only = self.say.sold_to(None)
        return self.say.all_of([query, only]) if only else query

    def _values(self, query: tantivy.Query, columns: tuple[str, ...]) -> list[tuple[str, int]]:
        """The values behind a query, with their counts. Nine in ten of what is typed name none, and to see that nothing
        is found takes a half to a quarter of counting it."""
        sold = self._sold(query)
        if not self.searcher.search(sold, 1, count=False).hits:
            return []
        wanted = {column: {"terms": {"field": column, "size": VALUES}} for column in columns}
        answer = self.searcher.aggregate(sold, wanted)
        return [(bucket["key"], bucket["doc_count"]) for column in columns for bucket in answer[column]["buckets"]]

    def _own(self, addresses: list[tantivy.DocAddress]) -> list[Suggestion]:
        """By their own titles, which are remembered."""
        found = self.headlines.of(self.searcher, addresses)
        return [Suggestion(headline.title, "product", headline.product_id) for headline in found]

    def _in_languages(self, addresses: list[tantivy.DocAddress], wanted: Sequence[str]) -> list[Suggestion]:
        found = [stored.read(self.searcher, address) for address in addresses]
        titles = [title_for(product.titles, wanted) if product.titles else product.title for product in found]
        return [Suggestion(title, "product", product.product_id) for title, product in zip(titles, found, strict=True)]
