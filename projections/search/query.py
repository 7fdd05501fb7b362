"""From what a shopper typed and ticked to a query: one way of reading for every engine.

An engine lends its ``Dialect``, which makes its own kind of query; what is asked for, and what each hit is worth, is
said here only. No text ever reaches a query parser: queries are built word by word, so no input can be a syntax error.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Generic, NamedTuple, Protocol, TypeVar

from projections.search import analysis, row, translations
from projections.search.synonyms import Synonyms

FIELDS = {"title": 2.4, "brand_text": 2.0, "category_text": 2.5, "attributes_text": 1.0, "description": 0.6}
"""What a hit in each field is worth."""
TIE_BREAKER = 0.3
CODE_BOOST = 6.0
WHOLE_KIND_BOOST = 20.0
HEAD_KIND_BOOST = 6.0
PHRASE_BOOST = 1.0
ENOUGH_BOOST = 10.0
SYNONYM_BOOST = 0.5
GUESS_BOOST = 0.4
TOLD = "told_title"
GUESS_FIELDS = ("title", "brand_text", "category_text")
RARE, RARELY = 3, 1000
"""A word in fewer products than RARE, and than one of RARELY, may be a typo or half typed: similar words count too."""
SHORTEST_PREFIX = 4
"""Letters of a part number from which on its beginning is enough."""
MAX_WORDS = 24
WHOLE_MAX = 1 << 62

Q = TypeVar("Q")


class Dialect(Protocol[Q]):
    """Makes queries of one engine, against one state of its index, which knows how frequent each word is."""

    @property
    def products(self) -> int:
        """How many there are, about."""

    def frequency(self, word: str) -> int:
        """In how many products the word stands, whatever its grammatical number, about; each field counts."""

    def knows_code(self, code: str) -> bool:
        """Whether a product has exactly this part number."""

    def everything(self) -> Q: ...

    def nothing(self) -> Q: ...

    def sold_to(self, place: str | None) -> Q | None:
        """Of products with an entry for each price the one that holds there, or for whoever does not say where; None
        where each has one entry alone."""

    def term(self, field: str, value: str | bool) -> Q:
        """The value as it is."""

    def any(self, field: str, values: Sequence[str]) -> Q:
        """One of the values as they are."""

    def between(self, field: str, low: float | None, high: float | None) -> Q:
        """Both ends included."""

    def priced(self, place: str | None, low: float | None, high: float | None) -> Q:
        """That costs as much there, or anywhere; both ends included."""

    def attribute(self, name: str, values: Sequence[str]) -> Q: ...

    def these(self, product_ids: Sequence[str]) -> Q: ...

    def word(self, field: str, word: str) -> Q:
        """Whatever its grammatical number."""

    def fields(self, word: str) -> Q:
        """In any of FIELDS by their worth: the best counts, the others break ties."""

    def translated(self, word: str) -> list[Q]:
        """In texts of other languages, whatever its grammatical number there, by their worth; part of ``fields``."""

    def phrase(self, field: str, words: Sequence[str], slop: int) -> Q: ...

    def fuzzy(self, field: str, word: str, distance: int) -> Q:
        """Words that differ in so many letters; all score alike."""

    def prefix(self, field: str, word: str) -> Q:
        """Every product with a word that begins so; all score alike. In texts of other languages, with a term."""

    def boost(self, query: Q, boost: float) -> Q: ...

    def constant(self, query: Q, score: float) -> Q: ...

    def best_of(self, queries: Sequence[Q]) -> Q:
        """The best counts, the others break ties."""

    def some_of(self, queries: Sequence[Q], required: int) -> Q: ...

    def all_of(self, queries: Sequence[Q], preferably: Sequence[Q] = ()) -> Q:
        """All of the first; of the others each that matches adds to the score."""

    def without(self, query: Q, unwanted: Sequence[Q]) -> Q: ...


def edits(word: str) -> int:
    """How many letters of a word may be wrong: a short word with a wrong letter is another word."""
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def words_of(text: str) -> list[str]:
    return analysis.words(text)[:MAX_WORDS]


def joined(words: Sequence[str]) -> list[str]:
    """Each two that follow each other, as one."""
    return [first + second for first, second in pairwise(words)]


def whole(value: float) -> int:
    """Within what an engine's integers hold."""
    return max(-WHOLE_MAX, min(WHOLE_MAX, int(value)))


def _required(units: int) -> int:
    """How many of the words must match: both of two, then one may be missing, of many two."""
    return units if units < 3 else units - 1 if units < 6 else units - 2


class Part(NamedTuple, Generic[Q]):
    """What adds to the score by itself: its kind, and the words or the thing that it is about."""

    kind: str
    about: str
    query: Q


class Reading(NamedTuple, Generic[Q]):
    """A text, understood: units of which most must match, wishes that need not, and part numbers that do instead."""

    units: list[Part[Q]]
    wishes: list[Part[Q]]
    codes: list[Part[Q]]


class QueryBuilder(Generic[Q]):
    def __init__(self, dialect: Dialect[Q], synonyms: Synonyms) -> None:
        self._say = dialect
        self._synonyms = synonyms
        self._understood: dict[str, Reading[Q]] = {}

    # words

    def text(self, text: str, loosely: bool = False, bare: bool = False) -> Q | None:
        """The query of a text; None for a blank one. A text of nothing but signs finds nothing. ``loosely``: one word
        of it is enough, and what has as many as it takes otherwise comes first. ``bare``: finds the same, cheaper, and
        ranks nothing."""
        if not text.strip():
            return None
        say, (units, wishes, codes) = self._say, self.reading(text)
        if not units:
            return say.nothing()
        enough = self.enough(units)
        words = say.some_of([unit.query for unit in units], 1) if loosely else enough
        if not bare:
            preferred = [wish.query for wish in wishes]
            words = say.all_of([words], [*preferred, say.constant(enough, ENOUGH_BOOST)] if loosely else preferred)
        return say.some_of([words, *(code.query for code in codes)], 1) if codes else words

    def enough(self, units: Sequence[Part[Q]]) -> Q:
        """What has as many of the units as it takes."""
        return self._say.some_of([unit.query for unit in units], _required(len(units)))

    def reading(self, text: str) -> Reading[Q]:
        """Without any units if there are no words in it."""
        known = self._understood.get(text)
        if known is None:
            known = self._understood[text] = self._reading(text)
        return known

    def _reading(self, text: str) -> Reading[Q]:
        words = words_of(text)
        if not words:
            return Reading([], [], [])
        spans = list(self.spans(words))
        units = [Part("words", " ".join(words[slice(*span)]), self._unit(words, span)) for span in spans]
        wishes = list(self._kinds(words, spans[-1]))
        if len(words) > 1:
            phrase = self._say.boost(self._say.phrase("title", words, 2), PHRASE_BOOST)
            wishes.insert(0, Part("phrase", " ".join(words), phrase))
        codes = list(dict.fromkeys(analysis.codes(text)))[:MAX_WORDS]
        return Reading(units, wishes, [Part("code", code, self._code(code)) for code in codes])

    def _code(self, code: str) -> Q:
        """A model or part number, or the beginning of one that is not known in full."""
        say = self._say
        whole = len(code) < SHORTEST_PREFIX or say.knows_code(code)
        return say.boost(say.term("code", code) if whole else say.prefix("code", code), CODE_BOOST)

    def spans(self, words: Sequence[str]) -> Iterator[tuple[int, int]]:
        """Cuts the words into units that mean one thing: known phrases, words written apart, single words."""
        start = 0
        while start < len(words):
            length = self._synonyms.longest(words, start) or self._written_apart(words, start) or 1
            yield start, start + length
            start += length

    def _written_apart(self, words: Sequence[str], start: int) -> int:
        """2 if the next two words are also written as one in the catalog (head set, power bank)."""
        pair = "".join(words[start : start + 2])
        return 2 if start + 1 < len(words) and len(pair) > 5 and self._say.frequency(pair) >= RARE else 0

    def _unit(self, words: Sequence[str], span: tuple[int, int]) -> Q:
        start, end = span
        unit = words[start:end]
        last = end == len(words)
        each = [self._word(word, last and word is unit[-1]) for word in unit]
        ways = [each[0] if len(each) == 1 else self._say.all_of(each)]
        if len(unit) == 2:
            ways.append(self._say.fields("".join(unit)))
        ways += [query for _, query in self.synonyms(unit)]
        return ways[0] if len(ways) == 1 else self._say.best_of(ways)

    def synonyms(self, unit: Sequence[str]) -> Iterator[tuple[str, Q]]:
        """What the phrase also finds, for SYNONYM_BOOST; a rare one is worth no more than the phrase itself."""
        for other in self._synonyms.others(unit):
            boost = SYNONYM_BOOST * min(1.0, self._weight(unit) / self._weight(other))
            yield " ".join(other), self._say.boost(self._together(other), boost)

    def _together(self, words: Sequence[str]) -> Q:
        """Its words next to each other."""
        say = self._say
        if len(words) == 1:
            return say.fields(words[0])
        return say.best_of([say.boost(say.phrase(field, words, 0), worth) for field, worth in FIELDS.items()])

    def _weight(self, words: Sequence[str]) -> float:
        """The inverse document frequency of a phrase, as if its words were independent."""
        everything = self._say.products + 1
        return sum(math.log1p(everything / (self._say.frequency(word) + 0.5)) for word in words)

    def _kinds(self, words: Sequence[str], last: tuple[int, int]) -> Iterator[Part[Q]]:
        """Products whose category is just what was asked for: a notebook before a lock for notebooks.

        The whole text may name the category, or its last unit, which in English is what the others describe.
        """
        head = words[slice(*last)]
        named = [(words, WHOLE_KIND_BOOST)]
        if len(head) < len(words):
            named.append((head, HEAD_KIND_BOOST))
        for name, boost in named:
            keys = {row.leaf_key(way) for way in (name, *self._synonyms.others(name))}
            yield Part("kind", " ".join(name), self._say.constant(self._say.any("leaf", sorted(keys)), boost))

    def _word(self, word: str, last: bool) -> Q:
        frequency = self._say.frequency(word)
        plain = self._say.fields(word)
        if frequency >= RARE or frequency * RARELY >= self._say.products:
            return plain
        return self._say.best_of([plain, *self._guesses(word, last)])

    def _guesses(self, word: str, last: bool) -> Iterator[Q]:
        """What a rare word may have meant: a word with a letter wrong, or one that was not typed to its end."""
        for field in GUESS_FIELDS:
            for query in self.misspelt(field, word):
                yield self._say.boost(query, GUESS_BOOST * FIELDS[field])
            if last and len(word) > 1:
                yield self._say.boost(self._say.prefix(field, word), GUESS_BOOST * FIELDS[field])

    def misspelt(self, field: str, word: str) -> list[Q]:
        forms = sorted({analysis.stem(word), word}) if edits(word) else ()
        return [self._say.fuzzy(field, form, edits(word)) for form in forms]

    def completing(self, field: str, words: Sequence[str]) -> Q:
        """Products whose field has all the words, of which the last may go on."""
        before = [self._say.word(field, word) for word in words[:-1]]
        ways = [self._say.word(field, words[-1]), self._say.prefix(field, words[-1])]
        return self._say.all_of([*before, self._say.some_of(ways, 1)])

    def completing_titles(self, words: Sequence[str], languages: Sequence[str]) -> Q:
        """The same of its own title, or of that in one of the languages (``translations.term_languages``)."""
        ways = [self.completing("title", words), *(self._completing_told(words, one) for one in languages)]
        return ways[0] if len(ways) == 1 else self._say.some_of(ways, 1)

    def _completing_told(self, words: Sequence[str], language: str) -> Q:
        each = [self._say.term(TOLD, translations.way(language, word)) for word in words]
        beginning = self._say.prefix(TOLD, translations.as_typed(language, words[-1]))
        return self._say.all_of([*each[:-1], self._say.some_of([each[-1], beginning], 1)])

    def misspelt_titles(self, word: str, languages: Sequence[str]) -> Q:
        """Products with a similar word in their own title, or in that of one of the languages."""
        forms = [{translations.way(one, word), translations.as_typed(one, word)} for one in languages]
        told = [self._say.fuzzy(TOLD, form, edits(word)) for form in sorted(set[str]().union(*forms))]
        return self._say.some_of([*self.misspelt("title", word), *told], 1)
