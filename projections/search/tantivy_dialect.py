"""Queries of tantivy, built term by term."""

from __future__ import annotations

from collections.abc import Sequence

import tantivy

from projections.search import analysis, attributes, schema, translations
from projections.search.destinations import ELSEWHERE, country_of
from projections.search.query import FIELDS, TIE_BREAKER, whole

Must, Should, MustNot = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
Query = tantivy.Query
_MANY = 16
_KINDS = {"rating": tantivy.FieldType.Float, "rating_down": tantivy.FieldType.Float}


class TantivyDialect:
    """Against one searcher, which knows how frequent each word is."""

    def __init__(self, shape: tantivy.Schema, searcher: tantivy.Searcher, titled: dict[str, int] | None = None) -> None:
        """``titled`` remembers in how many titles stems stand, for others who look at the same state of the index."""
        self._schema = shape
        self._searcher = searcher
        self._titled = {} if titled is None else titled
        self._differing = bool(searcher.doc_freq("kind", schema.THERE))
        self._translated = bool(searcher.doc_freq("told_title", translations.ANY))

    def languages(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """Those that are asked for, as terms call them; none where there is no text but in English."""
        return translations.term_languages(wanted) if self._translated else ()

    @property
    def products(self) -> int:
        return int(self._searcher.num_docs)

    def frequency(self, word: str) -> int:
        stem = analysis.stem(word)
        own = sum(self._searcher.doc_freq(field, stem) for field in FIELDS)
        return own + sum(self._searcher.doc_freq(field, way) for field, way in self._ways(word))

    def titled(self, stems: Sequence[str], titles: Sequence[str]) -> dict[str, int]:
        """In how many titles each of these words stands."""
        known = self._titled
        known |= {stem: self._searcher.doc_freq("title", stem) for stem in stems if stem not in known}
        return {stem: known[stem] for stem in stems}

    def knows_code(self, code: str) -> bool:
        return bool(self._searcher.doc_freq("code", code))

    def everything(self) -> Query:
        """Every entry of a product; the document that holds the position is none."""
        kinds = [schema.PRODUCT, *((schema.ANYWHERE, schema.THERE) if self._differing else ())]
        return Query.const_score_query(self.any("kind", kinds), 1.0)

    def sold_to(self, place: str | None) -> Query | None:
        if not self._differing:
            return None
        if place is None:
            return self.any("kind", [schema.PRODUCT, schema.ANYWHERE])
        country = country_of(place)
        elsewhere = self.without(self.term("to", ELSEWHERE), [self.term("but", country)])
        return self.some_of([self.term("kind", schema.PRODUCT), self.term("to", country), elsewhere], 1)

    def nothing(self) -> Query:
        return Query.empty_query()

    def term(self, field: str, value: str | bool) -> Query:
        return Query.term_query(self._schema, field, value, "basic" if field == "code" else "position")

    def any(self, field: str, values: Sequence[str]) -> Query:
        """A set of terms is sought by an automaton, which takes ten times as long as a few terms and is worth it for
        many alone."""
        if len(values) > _MANY:
            return Query.term_set_query(self._schema, field, list(values))
        known = [self.term(field, value) for value in values if self._searcher.doc_freq(field, value)]
        return self.constant(self.some_of(known, 1), 1.0) if known else self.nothing()

    def between(self, field: str, low: float | None, high: float | None) -> Query:
        return Query.range_query(self._schema, field, _kind(field), low, high)

    def priced(self, place: str | None, low: float | None, high: float | None) -> Query:
        """Of the entry that ``sold_to`` leaves."""
        return self.between("price", low, high)

    def attribute(self, name: str, values: Sequence[str]) -> Query:
        codes = [attributes.code(name, value) for value in values]
        return Query.term_set_query(self._schema, "attribute", codes)

    def these(self, product_ids: Sequence[str]) -> Query:
        return self.any("id", product_ids)

    def having(self, code: int) -> list[tantivy.DocAddress]:
        """A product with the attribute of this code."""
        query = Query.term_query(self._schema, "attribute", code)
        return [address for _, address in self._searcher.search(query, 1, count=False).hits]

    def word(self, field: str, word: str) -> Query:
        return self.term(field, analysis.stem(word))

    def fields(self, word: str) -> Query:
        stem = analysis.stem(word)
        own = [self.boost(self.term(field, stem), boost) for field, boost in FIELDS.items()]
        return self.best_of([*own, *self.translated(word)])

    def translated(self, word: str) -> list[Query]:
        worth = translations.FIELDS
        known = [one for one in self._ways(word) if self._searcher.doc_freq(*one)]
        return [self.boost(self.term(field, way), worth[field]) for field, way in known]

    def _ways(self, word: str) -> list[tuple[str, str]]:
        """Fields and terms to look for; none where there is no text but in English."""
        if not self._translated:
            return []
        return [(field, way) for field in translations.FIELDS for way in translations.ways(word)]

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

    def without(self, query: Query, unwanted: Sequence[Query]) -> Query:
        return Query.boolean_query([(Must, query), *((MustNot, each) for each in unwanted)])

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
