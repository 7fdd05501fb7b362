"""One page of a result, by an order that lasts: sort value, then the product's tie number.

Sorted by a column, a cursor is a keyset: the page begins behind (value, tie), whatever was added or removed before
it. Relevance has no column to seek in, so a page is cut out of the ranking at the product the last page ended with;
should that product be gone, at its score. Scores move a little when products are added, so such a walk is exact
only while the index stands still.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tantivy

from projections.search import stored
from projections.search.cursor import Cursor
from projections.search.likeness import FRONT, Found, lifts, reaches_front
from projections.search.port import SearchQuery
from projections.search.ranking import Ranking
from projections.search.tantivy_dialect import TantivyDialect
from projections.search.window import Hit, Page, cut, depth, keyset, page


class Column(NamedTuple):
    name: str
    ascending: bool


COLUMNS = {
    "relevance": Column("newest", False),
    "newest": Column("newest", False),
    "price_asc": Column("price_up", True),
    "price_desc": Column("price_down", False),
    "rating": Column("rating_down", False),
}
_SLACK = 32
Ranked = tuple[float, int, tantivy.DocAddress]
"""Score, tie and where it lies."""


def by_column(
    searcher: tantivy.Searcher, say: TantivyDialect, query: tantivy.Query, asked: SearchQuery, place: Cursor | None
) -> Page:
    column = COLUMNS[asked.sort]
    total = _total(searcher.search(query, 1))
    back = place is not None and place.direction == "prev"
    ascending = column.ascending is not back
    if place is None and asked.offset >= total:
        hits = []  # the engine panics on a window behind the end
    elif place is None:
        hits = _sorted(searcher, query, column.name, ascending, asked.limit + 1, asked.offset)
    else:
        beyond = say.beyond(column.name, ascending, place.value, place.tie)
        hits = _sorted(searcher, say.all_of([query, beyond]), column.name, ascending, asked.limit + 1, 0)
    return keyset(asked, place, hits, total)


def _sorted(
    searcher: tantivy.Searcher, query: tantivy.Query, column: str, ascending: bool, size: int, offset: int
) -> list[Hit]:
    """A window of the result in the order (column, tie)."""
    depth = offset + size
    order = tantivy.Order.Asc if ascending else tantivy.Order.Desc
    hits = searcher.search(query, depth + _SLACK, count=False, order_by_field=column, order=order).hits
    if len(hits) == depth + _SLACK and hits[depth - 1][0] == hits[-1][0]:
        return _sorted_among_many_equals(searcher, query, column, ascending, size, offset)
    ties = searcher.fast_field_values("tie", [address for _, address in hits])
    sign = 1 if ascending else -1
    ranked = [(sign * value, sign * int(tie or 0), address) for (value, address), tie in zip(hits, ties, strict=True)]
    ranked.sort(key=lambda hit: hit[:2])
    return [
        Hit(sign * value, sign * tie, stored.read(searcher, address).product_id)
        for value, tie, address in ranked[offset:depth]
    ]


def _sorted_among_many_equals(
    searcher: tantivy.Searcher, query: tantivy.Query, column: str, ascending: bool, size: int, offset: int
) -> list[Hit]:
    """The same, eight times slower, but however many products share the value at the window's end."""
    order = "asc" if ascending else "desc"
    request: dict[str, Any] = {
        "size": size,
        "from": offset,
        "sort": [{column: order}, {"tie": order}],
        "docvalue_fields": [column, "tie", "id"],
    }
    found = searcher.aggregate(query, {"page": {"top_hits": request}})["page"]["hits"]
    return [Hit(*(hit["docvalue_fields"][name][0] for name in (column, "tie", "id"))) for hit in found]


def by_relevance(
    searcher: tantivy.Searcher,
    say: TantivyDialect,
    query: tantivy.Query,
    asked: SearchQuery,
    place: Cursor | None,
    rules: Ranking,
) -> Page:
    in_front, known = reaches_front(asked, place, rules), depth(asked, place)
    total, ranking = _ranking(searcher, query, max(known, FRONT) if in_front else known)
    if in_front:
        ranking = _lifted(searcher, say, ranking, asked, rules)
    start, end = cut(asked, place, ranking)
    window = [
        Hit(score, tie, stored.headline(searcher, address).product_id) for score, tie, address in ranking[start:end]
    ]
    return page(asked, window, total, rank=start, before=start > 0, behind=end < len(ranking))


def front_lifts(
    searcher: tantivy.Searcher, say: TantivyDialect, query: tantivy.Query, asked: SearchQuery, rules: Ranking
) -> dict[str, float]:
    """What each product of the front gains, by product."""
    front = _front(searcher, _ranking(searcher, query, FRONT)[1])
    gained = lifts(front, asked, rules, say.titled)
    return dict(zip((found.product_id for found in front), gained, strict=True))


def _lifted(
    searcher: tantivy.Searcher, say: TantivyDialect, ranking: list[Ranked], asked: SearchQuery, rules: Ranking
) -> list[Ranked]:
    gained = lifts(_front(searcher, ranking), asked, rules, say.titled)
    front = [(score + lift, tie, address) for (score, tie, address), lift in zip(ranking, gained, strict=False)]
    return [*sorted(front, key=_order), *ranking[FRONT:]]


def _front(searcher: tantivy.Searcher, ranking: list[Ranked]) -> list[Found]:
    read = ((score, stored.headline(searcher, address)) for score, _, address in ranking[:FRONT])
    return [Found(score, product.product_id, product.title) for score, product in read]


def _ranking(searcher: tantivy.Searcher, query: tantivy.Query, depth: int) -> tuple[int, list[Ranked]]:
    """At least the ``depth`` best hits, none of the last one's equals missing, in lasting order."""
    size = depth + _SLACK
    while True:
        result = searcher.search(query, size)
        hits = result.hits
        if len(hits) < size or hits[depth - 1][0] > hits[-1][0]:
            break
        size *= 4
    ties = searcher.fast_field_values("tie", [address for _, address in hits])
    ranking = [(score, int(tie or 0), address) for (score, address), tie in zip(hits, ties, strict=True)]
    ranking.sort(key=_order)
    return _total(result), ranking


def _order(hit: Ranked) -> tuple[float, int]:
    return -hit[0], hit[1]


def _total(result: Any) -> int:
    """All hits, not just those brought; the library's type stub forgets the attribute."""
    return int(result.count)
