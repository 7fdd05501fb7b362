"""How frequent words are on the server, terms once for all words of a search and remembered for a while.

The server counts them from the terms of a document that is made up of the words and never stored. With more than one
shard it would be the counts of one of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from projections.search import translations
from projections.search.query import FIELDS

REMEMBERED_S = 60.0
REMEMBERED_MAX = 20_000


class TextTerms(NamedTuple):
    """What reading a text may ask for."""

    typed: Sequence[str]
    joined: Sequence[str]
    """Two words that follow each other, written as one."""
    others: Sequence[str]
    """Words of synonyms."""
    codes: Sequence[str]


class Words:
    """What is known of the words and codes of one search."""

    def __init__(self, products: int, frequencies: Mapping[str, int], codes: Mapping[str, int]) -> None:
        self.products = products
        self._frequencies = frequencies
        self._codes = codes

    def frequency(self, word: str) -> int:
        return self._frequencies.get(word, 0)

    def knows_code(self, code: str) -> bool:
        return self._codes.get(code, 0) > 0


class Vocabulary:
    """Safe to share between threads: entries are only replaced, or all forgotten."""

    def __init__(self, ask: Callable[[dict[str, Any]], Any], clock: Callable[[], float] = time.monotonic) -> None:
        """``ask`` sends the body of a request for term vectors and gives what was answered."""
        self._ask = ask
        self._clock = clock
        self._known: dict[tuple[str, str], int] = {}
        self._products = 0
        self._forget_at = 0.0

    def likely(self, terms: TextTerms) -> Words | None:
        """A guess of what is not known yet: words that were typed are usual ones, two of them joined stand nowhere.
        None where nothing has to be guessed, or something is unknown of which nothing is likely: how frequent the words
        are tells what a synonym is worth."""
        known, products = self._known, self._products
        sure_words = (*terms.typed, *terms.others) if terms.others else ()
        certain = [*(("word", word) for word in sure_words), *(("code", code) for code in terms.codes)]
        if not products or any(one not in known for one in certain):
            return None
        if all(("word", word) in known for word in (*terms.typed, *terms.joined)):
            return None
        frequencies = dict.fromkeys(terms.joined, 0) | dict.fromkeys(terms.typed, products)
        counts = {word: known.get(("word", word), guessed) for word, guessed in frequencies.items()}
        counts |= {word: known["word", word] for word in terms.others}
        return Words(products, counts, {code: known["code", code] for code in terms.codes})

    def of_text(self, terms: TextTerms) -> Words:
        return self.of((*terms.typed, *terms.joined, *terms.others), terms.codes)

    def of(self, words: Iterable[str], codes: Iterable[str]) -> Words:
        self._forget_what_is_old()
        known = self._known
        wanted_words, wanted_codes = list(dict.fromkeys(words)), list(dict.fromkeys(codes))
        new_words = [word for word in wanted_words if ("word", word) not in known]
        new_codes = [code for code in wanted_codes if ("code", code) not in known]
        if new_words or new_codes:
            self._learn(known, new_words, new_codes)
        return Words(
            self._products,
            {word: known.get(("word", word), 0) for word in wanted_words},
            {code: known.get(("code", code), 0) for code in wanted_codes},
        )

    def _forget_what_is_old(self) -> None:
        now = self._clock()
        if now >= self._forget_at or len(self._known) > REMEMBERED_MAX:
            self._known = {}
            self._forget_at = now + REMEMBERED_S

    def _learn(self, known: dict[tuple[str, str], int], words: Sequence[str], codes: Sequence[str]) -> None:
        made_up = _made_up(words) if words else {}
        wanted = [*made_up, *(["code"] if codes else [])]
        body = {"doc": made_up | ({"code": list(codes)} if codes else {}), "fields": wanted, "term_statistics": True}
        answer = self._ask(body | {"positions": False, "payloads": False})["term_vectors"]
        for word, documents in zip(words, documents_of(answer, words, FIELDS), strict=True):
            told = ((field, way) for field in translations.FIELDS for way in translations.ways(word))
            known["word", word] = documents + sum(_documents(answer, field, way) for field, way in told)
        for code in codes:
            known["code", code] = _documents(answer, "code", code)
        if words:
            self._products = answer.get("title", {}).get("field_statistics", {}).get("doc_count", 0)


def _made_up(words: Sequence[str]) -> dict[str, list[str]]:
    told = [way for word in words for way in translations.ways(word)]
    return {field: list(words) for field in FIELDS} | {field: told for field in translations.FIELDS}


def documents_of(answer: Mapping[str, Any], words: Sequence[str], fields: Iterable[str]) -> list[int]:
    """In how many documents each word stands; each field counts. What the server stems a word to is its own affair: a
    term is known by where the word stood in the made up document, whose values are a letter apart."""
    starts = {start: number for number, start in enumerate(accumulate((len(word) + 1 for word in words), initial=0))}
    counts = [0] * (len(words) + 1)
    for field in fields:
        for term in answer.get(field, {}).get("terms", {}).values():
            for token in term["tokens"]:
                counts[starts.get(token["start_offset"], -1)] += term.get("doc_freq", 0)
    return counts[:-1]


def _documents(answer: Mapping[str, Any], field: str, term: str) -> int:
    return int(answer.get(field, {}).get("terms", {}).get(term, {}).get("doc_freq", 0))
