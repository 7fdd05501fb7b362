"""A search that finds little is asked again: with any of its words, and if nothing is found, as it may have been meant.

Whether it finds little is decided by its text alone, so that no filter changes what there is to be filtered.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import msgspec

from projections.search.port import SearchIndex, SearchQuery, SearchResult
from projections.search.query import words_of
from projections.search.ranking import Ranking

FEW = 10
"""With fewer products a text of several words also finds what has one of them."""
Way = Literal["fewer_words", "spelling"]


class Answer(NamedTuple):
    result: SearchResult
    asked: SearchQuery
    """What was found at last by."""
    suggestion: str | None = None
    """The text with its misspelt words corrected."""
    rescued: Way | None = None
    """How anything, or more, was found; None if the search itself found what there is."""


def answer(index: SearchIndex, query: SearchQuery, ranking: Ranking, wanted: Sequence[str] = ()) -> Answer:
    """For somebody who reads the ``wanted`` languages. Raises what ``index.search`` raises. A search that was corrected
    is one page: its cursors are of another text."""
    asked, result = _filled(index, query, ranking)
    rescued: Way | None = "fewer_words" if asked.loosely and result.total else None
    if not query.text.strip() or query.cursor is not None or query.offset:
        return Answer(result, asked, None, rescued)
    suggestion = index.corrected(query.text, wanted)
    if suggestion is None or result.total:
        return Answer(result, asked, suggestion, rescued)
    asked, result = _filled(index, msgspec.structs.replace(query, text=suggestion), ranking)
    result = msgspec.structs.replace(result, next=None, prev=None)
    return Answer(result, asked, suggestion, "spelling" if result.total else None)


def _filled(index: SearchIndex, query: SearchQuery, ranking: Ranking) -> tuple[SearchQuery, SearchResult]:
    """What was asked at last, and what it found. Most searches find enough and ask once."""
    result = index.search(query, ranking)
    if result.total >= FEW or len(words_of(query.text)) < 2 or not _finds_little(index, query, result, ranking):
        return query, result
    loosely = msgspec.structs.replace(query, loosely=True)
    return loosely, index.search(loosely, ranking)


def _finds_little(index: SearchIndex, query: SearchQuery, result: SearchResult, ranking: Ranking) -> bool:
    alone = SearchQuery(text=query.text)
    window = {"sort": query.sort, "limit": query.limit, "cursor": query.cursor, "offset": query.offset}
    if query == msgspec.structs.replace(alone, **window):
        return result.total < FEW
    return index.count(alone, ranking) < FEW
