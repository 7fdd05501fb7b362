"""Queries of tantivy, built term by term."""

from __future__ import annotations

import math
from collections.abc import Sequence

import tantivy

from projections.search import analysis, attributes, schema
from projections.search.query import FIELDS, SYNONYM_BOOST, TIE_BREAKER, whole
from projections.search.synonyms import Synonyms

Must, Should = tantivy.Occur.Must, tantivy.Occur.Should
Query = tantivy.Query
_KINDS = {"rating": tantivy.FieldType.Float, "rating_down": tantivy.FieldType.Float}


class TantivyDialect:
    """Against one searcher, which knows how frequent each word is."""

    def __init__(self, shape: tantivy.Schema, searcher: tantivy.Searcher, synonyms: Synonyms) -> None:
        self._schema = shape
        self._searcher = searcher
        self._synonyms = synonyms

    @property
    def products(self) -> int:
        return int(self._searcher.num_docs)

    def frequency(self, word: str) -> int:
        stem = analysis.stem(word)
        return sum(self._searcher.doc_freq(field, stem) for field in FIELDS)

    def knows_code(self, code: str) -> bool:
        return bool(self._searcher.doc_freq("code", code))

    def everything(self) -> Query:
        """Every product; the document that holds the position is none."""
        return Query.const_score_query(self.term("kind", schema.PRODUCT), 1.0)

    def nothing(self) -> Query:
        return Query.empty_query()

    def term(self, field: str, value: str | bool) -> Query:
        return Query.term_query(self._schema, field, value, "basic" if field == "code" else "position")

    def any(self, field: str, values: Sequence[str]) -> Query:
        return Query.term_set_query(self._schema, field, list(values))

    def between(self, field: str, low: float | None, high: float | None) -> Query:
        return Query.range_query(self._schema, field, _kind(field), low, high)

    def attribute(self, name: str, values: Sequence[str]) -> Query:
        codes = [attributes.code(name, value) for value in values]
        return Query.term_set_query(self._schema, "attribute", codes)

    def having(self, code: int) -> list[tantivy.DocAddress]:
        """A product with the attribute of this code."""
        query = Query.term_query(self._schema, "attribute", code)
        return [address for _, address in self._searcher.search(query, 1, count=False).hits]

    def word(self, field: str, word: str) -> Query:
        return self.term(field, analysis.stem(word))

    def fields(self, word: str) -> Query:
        stem = analysis.stem(word)
        return self.best_of([self.boost(self.term(field, stem), boost) for field, boost in FIELDS.items()])

    def synonyms(self, words: Sequence[str]) -> list[Query]:
        weight = self._weight(words)
        return [self._synonym(other, weight) for other in self._synonyms.others(words)]

    def _synonym(self, words: Sequence[str], weight: float) -> Query:
        """One other phrase, its words next to each other."""
        boost = SYNONYM_BOOST * min(1.0, weight / self._weight(words))
        if len(words) == 1:
            return self.boost(self.fields(words[0]), boost)
        phrases = [self.boost(self.phrase(field, words, 0), boost * worth) for field, worth in FIELDS.items()]
        return self.best_of(phrases)

    def _weight(self, words: Sequence[str]) -> float:
        """The inverse document frequency of a phrase, as if its words were independent."""
        everything = self.products + 1
        return sum(math.log1p(everything / (self.frequency(word) + 0.5)) for word in words)

    def phrase(self, field: str, words: Sequence[str], slop: int) -> Query:
        return Query.phrase_query(self._schema, field, [analysis.stem(word) for word in words], slop)

    def fuzzy(self, field: str, word: str, distance: int) -> Query:
        return Query.fuzzy_term_query(self._schema, field, word, distance=distance)

    def prefix(self, field: str, word: str) -> Query:
        return Query.fuzzy_term_query(self._schema, field, word, distance=0, prefix=True)

    def boost(self, query: Query, boost: float) -> Query:
        return Query.boost_query(query, boost)

    def constant(self, query: Query, score: float) -> Query:
        return Query.const_score_query(query, score)

    def best_of(self, queries: Sequence[Query]) -> Query:
        return Query.disjunction_max_query(queries, TIE_BREAKER)

    def some_of(self, queries: Sequence[Query], required: int) -> Query:
        return Query.boolean_query([(Should, query) for query in queries], minimum_number_should_match=required)

    def all_of(self, queries: Sequence[Query], preferably: Sequence[Query] = ()) -> Query:
        clauses = [(Must, query) for query in queries] + [(Should, query) for query in preferably]
        return Query.boolean_query(clauses)

    def beyond(self, column: str, rising: bool, value: float, tie: int) -> Query:
        """What stands behind (value, tie) in the order (column, tie), both rising or both falling."""
        edge = value if column in _KINDS else whole(value)
        later = self._behind("tie", rising, tie)
        further = self._behind(column, rising, edge)
        return self.some_of([further, self.all_of([self.between(column, edge, edge), later])], 1)

    def _behind(self, column: str, rising: bool, value: float) -> Query:
        edge = value if column in _KINDS else whole(value)
        low, high = (edge, None) if rising else (None, edge)
        return Query.range_query(self._schema, column, _kind(column), low, high, not rising, rising)


def _kind(column: str) -> tantivy.FieldType:
    return _KINDS.get(column, tantivy.FieldType.Integer)
