"""A search that finds little is asked again: with any of its words, and if nothing is found, as it may have been meant.

Whether it finds little is decided by its text alone, so that no filter changes what there is to be filtered.
"""

from __future__ import annotations

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


def answer(index: SearchIndex, query: SearchQuery, ranking: Ranking) -> Answer:
    """Raises what ``index.search`` raises. A search that was corrected is one page: its cursors are of another text."""
    result, asked = _filled(index, query, index.search(query, ranking), ranking)
    rescued: Way | None = "fewer_words" if asked.loosely and not query.loosely else None
    if not query.text.strip() or query.cursor is not None or query.offset:
        return Answer(result, asked, None, rescued)
    suggestion = index.corrected(query.text)
    if suggestion is None or result.total:
        return Answer(result, asked, suggestion, rescued)
    meant = msgspec.structs.replace(query, text=suggestion)
    result, asked = _filled(index, meant, index.search(meant, ranking), ranking)
    result = msgspec.structs.replace(result, next=None, prev=None)
    return Answer(result, asked, suggestion, "spelling" if result.total else None)


def _filled(
    index: SearchIndex, query: SearchQuery, result: SearchResult, ranking: Ranking
) -> tuple[SearchResult, SearchQuery]:
    if result.total >= FEW or query.loosely or len(words_of(query.text)) < 2:
        return result, query
    alone = SearchQuery(text=query.text, limit=1)
    if index.search(alone, ranking).total >= FEW:
        return result, query
    loosely = msgspec.structs.replace(query, loosely=True)
    more = index.search(loosely, ranking)
    return (more, loosely) if more.total > result.total else (result, query)
