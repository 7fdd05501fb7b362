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
    asked = _filling(index, query, ranking)
    result = index.search(asked, ranking)
    rescued: Way | None = "fewer_words" if asked.loosely and result.total else None
    if not query.text.strip() or query.cursor is not None or query.offset:
        return Answer(result, asked, None, rescued)
    suggestion = index.corrected(query.text, wanted)
    if suggestion is None or result.total:
        return Answer(result, asked, suggestion, rescued)
    asked = _filling(index, msgspec.structs.replace(query, text=suggestion), ranking)
    result = msgspec.structs.replace(index.search(asked, ranking), next=None, prev=None)
    return Answer(result, asked, suggestion, "spelling" if result.total else None)


def _filling(index: SearchIndex, query: SearchQuery, ranking: Ranking) -> SearchQuery:
    if len(words_of(query.text)) < 2 or index.count(SearchQuery(text=query.text), ranking) >= FEW:
        return query
    return msgspec.structs.replace(query, loosely=True)
