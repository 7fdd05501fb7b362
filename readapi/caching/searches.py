"""Searches, answered once for everybody who asks the same until the index changes, and found anew beside that.

A search costs milliseconds and runs in a thread; the cards of what it found are added later, so they are never older
than the view.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, NamedTuple, TypeVar

import msgspec

from projections.search.port import BadCursor, Explanation, SearchIndex, SearchQuery, SearchUnavailable, Suggestion
from projections.search.ranking import Ranking
from projections.search.rescue import Way, answer
from projections.search.translations import term_languages
from readapi.caching.remembered import AnswerAt, Refreshed
from readapi.edge.problems import BadParameter
from readapi.services import Counted, FollowedSearch
from readapi.shown.languages import Wanted

Q = TypeVar("Q")
A = TypeVar("A")
REMEMBERED_MAX = 2_000
SUGGESTED_MAX = 5_000
"""Of what is typed. About 1 KB each: their titles are remembered anyway."""
_encode = msgspec.json.Encoder().encode


class Found(NamedTuple):
    product_ids: Sequence[str]
    total: int
    facets: bytes
    """As JSON."""
    next: str | None
    prev: str | None
    suggestion: str | None = None
    rescued: Way | None = None
    asked: SearchQuery | None = None
    """What found them, where it may be explained."""


class Searches:
    def __init__(self, search: SearchIndex, indexer: FollowedSearch) -> None:
        self._search = search
        self._threads = ThreadPoolExecutor(search.at_once, "search")
        self._indexer = indexer
        index = (lambda: indexer.generation, lambda: indexer.position)
        self._found: Refreshed[Found] = Refreshed(*index, REMEMBERED_MAX)
        self._suggested: Refreshed[list[Suggestion]] = Refreshed(*index, SUGGESTED_MAX)

    @property
    def caches(self) -> Mapping[str, Counted]:
        return {"searches": self._found, "suggestions": self._suggested}

    async def find(
        self, query: SearchQuery, ranking: Ranking, key: bytes = b"", at_least: int = 0, wanted: Wanted = ()
    ) -> AnswerAt[Found]:
        """``key`` stands for the query, if the caller has one at hand; the index has reached ``at_least``. Words are
        corrected for somebody who reads the ``wanted`` languages.

        Raises BadParameter for a foreign cursor, SearchUnavailable.
        """
        languages = term_languages(wanted) if query.text.strip() else ()
        key = b"\x1f".join((key or _encode(query), ranking.version.encode(), " ".join(languages).encode()))

        def run(query: SearchQuery) -> Found:
            return self._run(query, ranking, wanted if languages else ())

        return await self._found.answered(key, lambda: self._ask(run, query), at_least)

    async def explain(self, found: Found, ranking: Ranking) -> list[Explanation]:
        """Why what was found stands where it does. Raises SearchUnavailable."""
        asked = found.asked
        if asked is None:
            return []
        return await self._ask(lambda ids: self._search.explain(asked, ids, ranking), found.product_ids)

    async def suggest(self, text: str, at_least: int = 0, wanted: Wanted = ()) -> AnswerAt[list[Suggestion]]:
        """Raises SearchUnavailable."""
        key = b"\x1f".join((text.encode("utf-8", "replace"), " ".join(wanted).encode()))

        def suggest(text: str) -> list[Suggestion]:
            return self._search.suggest(text, wanted=wanted)

        return await self._suggested.answered(key, lambda: self._ask(suggest, text), at_least)

    async def finds(self, text: str, ranking: Ranking) -> bool:
        """Whether any product has all of the words. Raises SearchUnavailable."""
        return await self._ask(lambda query: self._search.count(query, ranking), SearchQuery(text=text)) > 0

    async def _ask(self, question: Callable[[Q], A], about: Q) -> A:
        if self._indexer.away:
            raise SearchUnavailable("known to be away")
        loop, context = asyncio.get_running_loop(), copy_context()
        return await loop.run_in_executor(self._threads, context.run, question, about)

    def _run(self, query: SearchQuery, ranking: Ranking, wanted: Wanted) -> Found:
        try:
            found = answer(self._search, query, ranking, wanted)
        except BadCursor as error:
            raise BadParameter("query", "cursor", error.detail) from None
        result = found.result
        facets = _encode(result.facets)
        window = (result.next, result.prev)
        return Found(result.product_ids, result.total, facets, *window, found.suggestion, found.rescued, found.asked)


def list_body(cards: Sequence[bytes], found: Found, explained: Sequence[Explanation] | None = None) -> bytes:
    """``{items, total, facets, suggestion, rescued, next, prev}`` around cards that are JSON already, and ``explain``
    if it was asked for."""
    head = b'{"items":[' + b",".join(cards)
    more = b"" if explained is None else b',"explain":' + _encode(list(map(reasons_json, explained)))
    return b'%b],"total":%d,"facets":%b,"suggestion":%b,"rescued":%b%b,"next":%b,"prev":%b}' % (
        head,
        found.total,
        found.facets,
        _encode(found.suggestion),
        _encode(found.rescued),
        more,
        _encode(found.next),
        _encode(found.prev),
    )


def reasons_json(one: Explanation) -> dict[str, Any]:
    return {"productId": one.product_id, "score": one.score, "reasons": one.reasons}
