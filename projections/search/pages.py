"""One page of a result, by an order that lasts: sort value, then the product's tie number.

Sorted by a column, a cursor is a keyset: the page begins behind (value, tie), whatever was added or removed before
it. Relevance has no column to seek in, so a page is cut out of the ranking as it is now, behind the product that the
last page ended with, or where that is gone, behind the one before it. Scores move a little when products are added:
what that lifts past the page's edge is passed over, what it lowers is met again, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import tantivy

from projections.search.cursor import Cursor
from projections.search.likeness import FRONT, Found, lifts, reaches_front
from projections.search.port import SearchQuery
from projections.search.ranking import Ranking
from projections.search.stored import Headlines
from projections.search.tantivy_dialect import TantivyDialect
from projections.search.window import Hit, Page, cut, depth, keyset, page, reaches


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
"""Sort value or score, tie number, and where it lies."""


class Pages(NamedTuple):
    """Cuts pages out of results of one searcher."""

    searcher: tantivy.Searcher
    say: TantivyDialect
    headlines: Headlines

    def by_column(self, query: tantivy.Query, asked: SearchQuery, place: Cursor | None) -> Page:
        column = COLUMNS[asked.sort]
        total = _total(self.searcher.search(query, 1))
        back = place is not None and place.direction == "prev"
        ascending = column.ascending is not back
        if place is None and asked.offset >= total:
            hits = []  # the engine panics on a window behind the end
        elif place is None:
            hits = self._sorted(query, column.name, ascending, asked.limit + 1, asked.offset)
        else:
            beyond = self.say.beyond(column.name, ascending, place.value, place.tie)
            hits = self._sorted(self.say.all_of([query, beyond]), column.name, ascending, asked.limit + 1, 0)
        return keyset(asked, place, hits, total)

    def _sorted(self, query: tantivy.Query, column: str, ascending: bool, size: int, offset: int) -> list[Hit]:
        """A window of the result in the order (column, tie)."""
        depth = offset + size
        order = tantivy.Order.Asc if ascending else tantivy.Order.Desc
        hits = self.searcher.search(query, depth + _SLACK, count=False, order_by_field=column, order=order).hits
        if len(hits) == depth + _SLACK and hits[depth - 1][0] == hits[-1][0]:
            return self._sorted_among_many_equals(query, column, ascending, size, offset)
        sign = 1 if ascending else -1
        ranked = [(sign * value, sign * tie, address) for (value, address), tie in self._with_ties(hits)]
        ranked.sort(key=lambda hit: hit[:2])
        return self._hits([(sign * value, sign * tie, address) for value, tie, address in ranked[offset:depth]])

    def _sorted_among_many_equals(
        self, query: tantivy.Query, column: str, ascending: bool, size: int, offset: int
    ) -> list[Hit]:
        """The same, eight times slower, but however many products share the value at the window's end."""
        order = "asc" if ascending else "desc"
        request: dict[str, Any] = {
            "size": size,
            "from": offset,
            "sort": [{column: order}, {"tie": order}],
            "docvalue_fields": [column, "tie", "id"],
        }
        found = self.searcher.aggregate(query, {"page": {"top_hits": request}})["page"]["hits"]
        return [Hit(*(hit["docvalue_fields"][name][0] for name in (column, "tie", "id"))) for hit in found]

    def by_relevance(self, query: tantivy.Query, asked: SearchQuery, place: Cursor | None, rules: Ranking) -> Page:
        in_front, known = reaches_front(asked, place, rules), depth(asked, place)
        total, ranking = self._ranking(query, max(known, FRONT) if in_front else known)
        if not reaches(asked, place, ranking, total):
            total, ranking = self._ranking(query, 2 * known + FRONT)
        if in_front:
            ranking = self._lifted(ranking, asked, rules)
        start, end = cut(asked, place, ranking)
        window = self._hits(ranking[start:end])
        return page(asked, window, total, rank=start, before=start > 0, behind=end < total)

    def front_lifts(self, query: tantivy.Query, asked: SearchQuery, rules: Ranking) -> dict[str, float]:
        """What each product of the front gains, by product."""
        front = self._front(self._ranking(query, FRONT)[1])
        gained = lifts(front, asked, rules, self.say.titled)
        return dict(zip((found.product_id for found in front), gained, strict=True))

    def _lifted(self, ranking: list[Ranked], asked: SearchQuery, rules: Ranking) -> list[Ranked]:
        gained = lifts(self._front(ranking), asked, rules, self.say.titled)
        front = [(score + lift, tie, address) for (score, tie, address), lift in zip(ranking, gained, strict=False)]
        return [*sorted(front, key=_order), *ranking[FRONT:]]

    def _front(self, ranking: list[Ranked]) -> list[Found]:
        found = self.headlines.of(self.searcher, [address for _, _, address in ranking[:FRONT]])
        return [Found(hit[0], one.product_id, one.title) for hit, one in zip(ranking, found, strict=False)]

    def _ranking(self, query: tantivy.Query, depth: int) -> tuple[int, list[Ranked]]:
        """At least the ``depth`` best hits, none of the last one's equals missing, in lasting order.

        The engine makes room for as many as it is asked for before it looks for any, so it is never asked for more than
        it has: the depth is what a cursor says.
        """
        all_there_are = max(1, self.searcher.num_docs)
        size = min(depth + _SLACK, all_there_are)
        while True:
            result = self.searcher.search(query, size)
            hits = result.hits
            if len(hits) < size or size == all_there_are or hits[depth - 1][0] > hits[-1][0]:
                break
            size = min(size * 4, all_there_are)
        if len(hits) == size < all_there_are:
            hits = [hit for hit in hits if hit[0] > hits[-1][0]]
        ranking = [(score, tie, address) for (score, address), tie in self._with_ties(hits)]
        ranking.sort(key=_order)
        return _total(result), ranking

    def _with_ties(self, hits: list[Any]) -> Iterator[tuple[Any, int]]:
        ties = self.searcher.fast_field_values("tie", [address for _, address in hits])
        return zip(hits, (int(tie or 0) for tie in ties), strict=True)

    def _hits(self, ranked: list[Ranked]) -> list[Hit]:
        found = self.headlines.of(self.searcher, [address for _, _, address in ranked])
        return [Hit(value, tie, one.product_id) for (value, tie, _), one in zip(ranked, found, strict=True)]


def _total(result: Any) -> int:
    """All hits, not just those brought; the library's type stub forgets the attribute."""
    return int(result.count)


def _order(hit: Ranked) -> tuple[float, int]:
    return -hit[0], hit[1]
