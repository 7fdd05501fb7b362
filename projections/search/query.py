"""From what a shopper typed and ticked to a tantivy query.

No text ever reaches a query parser: queries are built term by term, so no input can be a syntax error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import tantivy

from projections.search import analysis, attributes, schema
from projections.search.port import SearchQuery
from projections.search.synonyms import Synonyms

Must, Should = tantivy.Occur.Must, tantivy.Occur.Should
Query = tantivy.Query

FIELDS = {"title": 2.4, "brand_text": 2.0, "category_text": 2.5, "attributes_text": 1.0, "description": 0.6}
"""What a hit in each field is worth."""
TIE_BREAKER = 0.3
CODE_BOOST = 6.0
WHOLE_KIND_BOOST = 20.0
HEAD_KIND_BOOST = 6.0
PHRASE_BOOST = 1.0
SYNONYM_BOOST = 0.5
GUESS_BOOST = 0.4
GUESS_FIELDS = ("title", "brand_text", "category_text")
RARE, RARELY = 3, 1000
"""A word in fewer products than RARE, and than one of RARELY, may be a typo or half typed: similar words count too."""
SHORTEST_PREFIX = 4
"""Letters of a part number from which on its beginning is enough."""
MAX_WORDS = 24


def edits(word: str) -> int:
    """How many letters of a word may be wrong: a short word with a wrong letter is another word."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def all_of(queries: Sequence[Query]) -> Query:
    return Query.boolean_query([(Must, query) for query in queries])


def _whole(value: float | None) -> int | None:
    """Within what the engine's integers hold."""
    return None if value is None else max(-(1 << 62), min(1 << 62, int(value)))


def _required(units: int) -> int:
    """How many of the words must match: both of two, then one may be missing, of many two."""
    return units if units < 3 else units - 1 if units < 6 else units - 2


class QueryBuilder:
    """Builds queries against one state of the index, which knows how frequent each word is."""

    def __init__(self, shape: tantivy.Schema, searcher: tantivy.Searcher, synonyms: Synonyms) -> None:
        self._schema = shape
        self._searcher = searcher
        self._synonyms = synonyms

    # words

    def text(self, text: str) -> Query | None:
        """The query of a text; None for a blank one. A text of nothing but signs finds nothing."""
        words = analysis.words(text)[:MAX_WORDS]
        if not words:
            return Query.empty_query() if text.strip() else None
        spans = list(self._spans(words))
        units = [self._unit(words, span) for span in spans]
        required = _required(len(units))
        loose = Query.boolean_query([(Should, unit) for unit in units], minimum_number_should_match=required)
        clauses = [(Must, loose)]
        if len(words) > 1:
            stems = [analysis.stem(word) for word in words]
            clauses.append((Should, self._phrase("title", stems, PHRASE_BOOST, slop=2)))
        clauses += [(Should, kind) for kind in self._kinds(words, spans[-1])]
        codes = list(dict.fromkeys(analysis.codes(text)))[:MAX_WORDS]
        if codes:
            clauses = [(Should, Query.boolean_query(clauses)), *((Should, self._code(code)) for code in codes)]
        return Query.boolean_query(clauses)

    def _code(self, code: str) -> Query:
        """A model or part number, or the beginning of one that is not known in full."""
        if len(code) < SHORTEST_PREFIX or self._searcher.doc_freq("code", code):
            return self._boost(self._term("code", code), CODE_BOOST)
        return self._boost(self.prefix("code", code), CODE_BOOST)

    def _spans(self, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Cuts the words into units that mean one thing: known phrases, words written apart, single words."""
        start = 0
        while start < len(words):
            length = self._synonyms.longest(words, start) or self._written_apart(words, start) or 1
            yield start, start + length
            start += length

    def _written_apart(self, words: Sequence[str], start: int) -> int:
        """2 if the next two words are also written as one in the catalog (head set, power bank)."""
        pair = "".join(words[start : start + 2])
        return 2 if start + 1 < len(words) and len(pair) > 5 and self._frequency(analysis.stem(pair)) >= RARE else 0

    def _unit(self, words: Sequence[str], span: tuple[int, int]) -> Query:
        start, end = span
        unit = words[start:end]
        last = end == len(words)
        each = [self._word(word, last and word is unit[-1]) for word in unit]
        ways = [each[0] if len(each) == 1 else Query.boolean_query([(Must, word) for word in each])]
        if len(unit) == 2:
            ways.append(self._fields(analysis.stem("".join(unit))))
        ways += [self._synonym(other, self._weight(unit)) for other in self._synonyms.others(unit)]
        return ways[0] if len(ways) == 1 else Query.disjunction_max_query(ways, TIE_BREAKER)

    def _kinds(self, words: Sequence[str], last: tuple[int, int]) -> Iterator[Query]:
        """Products whose category is just what was asked for: a notebook before a lock for notebooks.

        The whole text may name the category, or its last unit, which in English is what the others describe.
        """
        head = words[slice(*last)]
        named = [(words, WHOLE_KIND_BOOST)]
        if len(head) < len(words):
            named.append((head, HEAD_KIND_BOOST))
        for name, boost in named:
            keys = {schema.leaf_key(way) for way in (name, *self._synonyms.others(name))}
            yield Query.const_score_query(self._any("leaf", sorted(keys)), boost)

    def _word(self, word: str, last: bool) -> Query:
        stem = analysis.stem(word)
        frequency = self._frequency(stem)
        if frequency >= RARE or frequency * RARELY >= self._searcher.num_docs:
            return self._fields(stem)
        return Query.disjunction_max_query([self._fields(stem), *self._guesses(word, stem, last)], TIE_BREAKER)

    def _guesses(self, word: str, stem: str, last: bool) -> Iterator[Query]:
        """What a rare word may have meant: a word with a letter wrong, or one that was not typed to its end."""
        for field in GUESS_FIELDS:
            for form in {stem, word} if edits(word) else ():
                fuzzy = Query.fuzzy_term_query(self._schema, field, form, distance=edits(word))
                yield self._boost(fuzzy, GUESS_BOOST * FIELDS[field])
            if last and len(word) > 1:
                yield self._boost(self.prefix(field, word), GUESS_BOOST * FIELDS[field])

    def prefix(self, field: str, word: str) -> Query:
        """Every product with a word that begins so; all score alike."""
        return Query.fuzzy_term_query(self._schema, field, word, distance=0, prefix=True)

    def completing(self, field: str, words: Sequence[str]) -> Query:
        """Products whose field has all the words, of which the last may go on."""
        whole = [self._term(field, analysis.stem(word)) for word in words]
        ways = [(Should, whole[-1]), (Should, self.prefix(field, words[-1]))]
        return all_of([*whole[:-1], Query.boolean_query(ways)])

    def _synonym(self, words: Sequence[str], weight: float) -> Query:
        """Another phrase for a unit, its words next to each other; a rare one is worth no more than the unit itself."""
        stems = [analysis.stem(word) for word in words]
        boost = SYNONYM_BOOST * min(1.0, weight / self._weight(words))
        if len(stems) == 1:
            return self._boost(self._fields(stems[0]), boost)
        every = [self._phrase(field, stems, boost * worth) for field, worth in FIELDS.items()]
        return Query.disjunction_max_query(every, TIE_BREAKER)

    def _weight(self, words: Sequence[str]) -> float:
        """The inverse document frequency of a phrase, as if its words were independent."""
        everything = self._searcher.num_docs + 1
        return sum(math.log1p(everything / (self._frequency(analysis.stem(word)) + 0.5)) for word in words)

    def _fields(self, stem: str) -> Query:
        every = [self._boost(self._term(field, stem), boost) for field, boost in FIELDS.items()]
        return Query.disjunction_max_query(every, TIE_BREAKER)

    def _phrase(self, field: str, stems: Sequence[str], boost: float, slop: int = 0) -> Query:
        return self._boost(Query.phrase_query(self._schema, field, list(stems), slop), boost)

    def _frequency(self, stem: str) -> int:
        return sum(self._searcher.doc_freq(field, stem) for field in FIELDS)

    # filters

    def filters(self, query: SearchQuery) -> dict[str, Query]:
        """One query per facet that is filtered, by the facet's name; ``attribute:NAME`` for attributes."""
        found: dict[str, Query] = {}
        if query.category:
            found["category"] = self._term("category_key", schema.path_key(query.category))
        if query.brands:
            found["brand"] = self._any("brand_key", [brand.casefold() for brand in query.brands])
        if query.price_min is not None or query.price_max is not None:
            found["price"] = self._range("price", tantivy.FieldType.Integer, query.price_min, query.price_max)
        if query.rating_min is not None and math.isfinite(query.rating_min):
            found["rating"] = self._range("rating", tantivy.FieldType.Float, float(query.rating_min), None)
        if query.in_stock is not None:
            found["in_stock"] = self._term("in_stock", query.in_stock)
        if query.ship_to is not None:
            found["ship_to"] = self._any("ships_to", [query.ship_to, "*"])
        for name, values in query.attributes.items():
            found[f"attribute:{name}"] = self._any("attribute", [attributes.code(name, value) for value in values])
        return found

    def beyond(self, column: str, kind: tantivy.FieldType, rising: bool, value: float, tie: int) -> Query:
        """What stands behind (value, tie) in the order (column, tie), both rising or both falling."""
        equal = self._range(column, kind, value, value)
        later = self._behind("tie", tantivy.FieldType.Integer, rising, tie)
        further = self._behind(column, kind, rising, value)
        return Query.boolean_query([(Should, further), (Should, all_of([equal, later]))])

    def _behind(self, column: str, kind: tantivy.FieldType, rising: bool, value: float) -> Query:
        edge = _whole(value) if kind is tantivy.FieldType.Integer else value
        low, high = (edge, None) if rising else (None, edge)
        return Query.range_query(self._schema, column, kind, low, high, not rising, rising)

    def _range(self, column: str, kind: tantivy.FieldType, low: float | None, high: float | None) -> Query:
        if kind is tantivy.FieldType.Integer:
            low, high = _whole(low), _whole(high)
        return Query.range_query(self._schema, column, kind, low, high)

    def products(self) -> Query:
        return Query.const_score_query(self._term("kind", schema.PRODUCT), 1.0)

    def _any(self, field: str, values: Sequence[str] | Sequence[int]) -> Query:
        return Query.term_set_query(self._schema, field, list(values))

    def _term(self, field: str, value: str | bool) -> Query:
        return Query.term_query(self._schema, field, value, "basic" if field == "code" else "position")

    @staticmethod
    def _boost(query: Query, boost: float) -> Query:
        return Query.boost_query(query, boost)
