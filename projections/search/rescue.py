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
    several, alone = len(words_of(query.text)) > 1, _is_alone(query)
    result = index.search(query, ranking, FEW if several and alone else 0)
    if result.total >= FEW or not several:
        return query, result
    if not alone and index.count(SearchQuery(text=query.text), ranking) >= FEW:
        return query, result
    loosely = msgspec.structs.replace(query, loosely=True)
    return loosely, index.search(loosely, ranking)


def _is_alone(query: SearchQuery) -> bool:
    """Whether nothing but the text decides what is found."""
    bare = msgspec.structs.replace(query, text="", sort="relevance", limit=0, cursor=None, offset=0)
    return bare == SearchQuery(limit=0)
