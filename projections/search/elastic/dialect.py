"""Queries of Elasticsearch, as the dictionaries that its JSON is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from projections.search import attributes, translations
from projections.search.elastic import destinations
from projections.search.elastic.words import Words
from projections.search.query import FIELDS, TIE_BREAKER

Query = Mapping[str, Any]
_WEIGHED, _TRANSLATED = (
    [f"{field}^{worth}" for field, worth in fields.items()] for fields in (FIELDS, translations.FIELDS)
)


class ElasticDialect:
    """With the frequencies of the words it will be asked for."""

    def __init__(self, words: Words) -> None:
        self._words = words

    @property
    def products(self) -> int:
        return self._words.products

    def frequency(self, word: str) -> int:
        return self._words.frequency(word)

    def knows_code(self, code: str) -> bool:
        return self._words.knows_code(code)

    def everything(self) -> Query:
        return {"match_all": {}}

    def nothing(self) -> Query:
        return {"match_none": {}}

    def sold_to(self, place: str | None) -> None:
        """Each product is one document; what it costs there lies in it."""

    def term(self, field: str, value: str | bool) -> Query:
        return {"term": {field: value}}

    def any(self, field: str, values: Sequence[str]) -> Query:
        return {"terms": {field: list(values)}}

    def between(self, field: str, low: float | None, high: float | None) -> Query:
        ends = {name: end for name, end in (("gte", low), ("lte", high)) if end is not None}
        return {"range": {field: ends}}

    def priced(self, place: str | None, low: float | None, high: float | None) -> Query:
        same = self.between("price", low, high)
        return same if place is None else destinations.between(place, same, same["range"]["price"])

    def attribute(self, name: str, values: Sequence[str]) -> Query:
        return {"terms": {"attribute": [attributes.code(name, value) for value in values]}}

    def these(self, product_ids: Sequence[str]) -> Query:
        return {"ids": {"values": [*filter(None, product_ids)]}}  # the server refuses an empty one

    def word(self, field: str, word: str) -> Query:
        return {"match": {field: word}}

    def fields(self, word: str) -> Query:
        return self.best_of([_in_any(word, _WEIGHED), *self.translated(word)])

    def translated(self, word: str) -> list[Query]:
        """Whether any product has it is not asked: what is remembered of words is a minute old."""
        return [_in_any(" ".join(translations.ways(word)), _TRANSLATED)]

    def phrase(self, field: str, words: Sequence[str], slop: int) -> Query:
        return {"match_phrase": {field: {"query": " ".join(words), "slop": slop}}}

    def fuzzy(self, field: str, word: str, distance: int) -> Query:
        return {"fuzzy": {field: {"value": word, "fuzziness": distance, "rewrite": "constant_score"}}}

    def prefix(self, field: str, word: str) -> Query:
        if field in translations.FIELDS:
            return {"prefix": {field: {"value": word, "rewrite": "constant_score"}}}
        return self.constant({"match": {f"{field}.beginning": word}}, 1.0)

    def boost(self, query: Query, boost: float) -> Query:
        return {"bool": {"must": query, "boost": boost}}

    def constant(self, query: Query, score: float) -> Query:
        return {"constant_score": {"filter": query, "boost": score}}

    def best_of(self, queries: Sequence[Query]) -> Query:
        return {"dis_max": {"queries": list(queries), "tie_breaker": TIE_BREAKER}}

    def some_of(self, queries: Sequence[Query], required: int) -> Query:
        return {"bool": {"should": list(queries), "minimum_should_match": required}}

    def all_of(self, queries: Sequence[Query], preferably: Sequence[Query] = ()) -> Query:
        return {"bool": {"must": list(queries), "should": list(preferably)}}

    def without(self, query: Query, unwanted: Sequence[Query]) -> Query:
        return {"bool": {"must": [query], "must_not": list(unwanted)}}


def _in_any(words: str, fields: Sequence[str]) -> Query:
    return {"multi_match": {"query": words, "fields": fields, "tie_breaker": TIE_BREAKER}}
