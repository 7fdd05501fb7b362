"""From a search to its result, by as few requests as it takes, and those side by side where they can be."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from projections.search import analysis, cursor, facets, likeness
from projections.search.attributes import Names, Pairs
from projections.search.elastic import destinations, queries, results
from projections.search.elastic.dialect import ElasticDialect
from projections.search.elastic.server import CONNECTIONS
from projections.search.elastic.titled import Titled
from projections.search.elastic.words import TextTerms, Vocabulary, Words
from projections.search.port import Facets, SearchQuery, SearchResult
from projections.search.query import MAX_WORDS, joined, words_of
from projections.search.ranking import Ranking
from projections.search.synonyms import Synonyms
from projections.search.window import Hit, Page, cut, keyset, page

_EXAMPLES_AT_ONCE = 50
Ask = Callable[..., Any]
"""What, with which body and parameters, of the index that is shown."""


class Searching:
    """Remembers what it has learnt of words and attributes. Safe to share between threads."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._vocabulary = Vocabulary(lambda body: ask("_termvectors", body))
        self._titled = Titled(lambda body: ask("_termvectors", body))
        self._names = Names(_EXAMPLES_AT_ONCE)
        self._aside = ThreadPoolExecutor(CONNECTIONS, "search-words")

    def close(self) -> None:
        self._aside.shutdown(wait=False, cancel_futures=True)

    def dialect(self, text: str, known: Synonyms) -> ElasticDialect:
        """With the frequencies of all that reading the text may ask for."""
        return ElasticDialect(self._vocabulary.of_text(_terms_of(text, known)))

    def frequencies(self, words: Sequence[str]) -> dict[str, int]:
        known = self._vocabulary.of(words, ())
        return {word: known.frequency(word) for word in words}

    def result(self, query: SearchQuery, ranking: Ranking, place: cursor.Cursor | None, least: int = 0) -> SearchResult:
        """Where words have to be asked about first, the search that is likely is sent at the same time; it is not
        waited for if it was not the right one."""

        def body(words: Words) -> dict[str, Any]:
            return queries.search_body(query, ElasticDialect(words), ranking, place)

        terms = _terms_of(query.text, ranking.synonyms)
        guess = self._vocabulary.likely(terms)
        if guess is None:
            answer = self._send(query, body(self._vocabulary.of_text(terms)))
        else:
            likely = body(guess)
            guessed = self._aside.submit(self._send, query, likely)
            right = body(self._vocabulary.of_text(terms))
            answer = guessed.result() if right == likely else self._send(query, right)
        if (total := results.total(answer)) < least:
            return SearchResult([], total, Facets())
        return self._shown(query, ranking, place, answer)

    def _shown(
        self, query: SearchQuery, ranking: Ranking, place: cursor.Cursor | None, answer: Mapping[str, Any]
    ) -> SearchResult:
        """What was counted is named beside: either may have to ask the server."""
        first = results.first(answer, query.limit)
        counted = self._aside.submit(results.counted, query, answer, self._meanings_beside(first))
        shown = self._page(query, ranking, place, answer)
        return SearchResult(shown.product_ids, shown.total, counted.result(), shown.next, shown.prev)

    def lifts(self, query: SearchQuery, ranking: Ranking, say: ElasticDialect) -> dict[str, float]:
        """What each product of the front gains, by product."""
        front = results.front(self._ask("_search", queries.front_body(query, say, ranking)))
        gained = likeness.lifts(front, query, ranking, self._titled.frequencies)
        return dict(zip((found.product_id for found in front), gained, strict=True))

    def _page(
        self, query: SearchQuery, ranking: Ranking, place: cursor.Cursor | None, answer: Mapping[str, Any]
    ) -> Page:
        hits, total = results.hits(answer), results.total(answer)
        if not queries.shows_front(query, place, ranking):
            return keyset(query, place, hits, total)
        gained = likeness.lifts(results.front(answer), query, ranking, self._titled.frequencies)
        front = (Hit(hit.value + lift, hit.tie, hit.product_id) for hit, lift in zip(hits, gained, strict=False))
        hits[: len(gained)] = sorted(front, key=lambda hit: (-hit.value, hit.tie))
        start, end = cut(query, place, hits)
        return page(query, hits[start:end], total, rank=start, before=start > 0, behind=end < total)

    def _send(self, query: SearchQuery, body: dict[str, Any]) -> Any:
        window = {"preference": cursor.fingerprint(query), "allow_partial_search_results": "false"}
        if not destinations.is_sorted(query):
            return self._ask("_search", body, **window)
        lines = [line for one in destinations.sorted_bodies(query, body) for line in (window, one)]
        return destinations.merged(body, results.each(self._ask("_msearch", lines)))

    def _meanings_beside(self, found: Sequence[str]) -> facets.Names:
        """Of attributes that were counted. The products found first are looked at first: one request for all of them
        instead of a search for each attribute."""

        def nearby() -> Iterable[Pairs]:
            if not found:
                return []
            return results.attributes_of(
                self._ask("_mget", {"ids": list(found)}, realtime="false", _source_includes="shown")
            )

        return lambda codes: self._names.of(codes, self._examples, nearby)

    def _examples(self, codes: Sequence[int]) -> Iterator[Pairs]:
        return results.examples(self._ask("_msearch", queries.example_lines(codes)))


def _terms_of(text: str, known: Synonyms) -> TextTerms:
    words = words_of(text)
    return TextTerms(words, joined(words), [*known.reachable(words)], list(analysis.codes(text))[:MAX_WORDS])
