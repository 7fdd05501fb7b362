"""From a search to the body of one request: the page, its total, and every facet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from projections.search import facets, row
from projections.search.cursor import Cursor
from projections.search.elastic import destinations, mapping
from projections.search.elastic.dialect import ElasticDialect, Query
from projections.search.filters import filters, in_stock
from projections.search.likeness import FRONT, reaches_front
from projections.search.merits import matched, ranked
from projections.search.port import SearchQuery, Sort
from projections.search.query import QueryBuilder, whole
from projections.search.ranking import Ranking
from projections.search.spelling import TITLES
from projections.search.suggest import BRAND_COLUMNS, CATEGORY_COLUMNS, VALUES
from projections.search.window import depth

_NO_PRICE = 1 << 53
_PRODUCTS: Query = {"term": {"kind": mapping.PRODUCT}}
_TITLES = ["title", "titles"]
_BY_SCORE = [{"_score": {"order": "desc"}}, {"tie": {"order": "asc"}}]
LEVELS = range(row.DEPTH)
CATEGORIES_MAX = 10_000
"""Of one level; with all levels together no more than a server counts at once."""
WALK_PAGE, WALK_KEPT = 1_000, "1m"
FACETS = ("category", "brand", "price", "rating", "in_stock", "seller", "attribute:")
STOCKED = "stocked"
"""Beginnings of the names of filters that have a facet of their own to leave alone."""


class Column(NamedTuple):
    """``missing`` is the value of a product that has none: it comes last."""

    name: str
    ascending: bool
    missing: int | None = None


COLUMNS: dict[Sort, Column] = {
    "relevance": Column("newest", False),
    "newest": Column("newest", False),
    "price_asc": Column("price", True, _NO_PRICE),
    "price_desc": Column("price", False, -1),
    "rating": Column("rating", False, -1),
}


def search_body(query: SearchQuery, say: ElasticDialect, ranking: Ranking, place: Cursor | None) -> dict[str, Any]:
    """Facets are counted over what all filters but their own let through, so these filter after counting."""
    words = ranked(say, QueryBuilder(say, ranking.synonyms), query, ranking)
    filtered = filters(say, query, ranking)
    own = {name: part for name, part in filtered.items() if name.startswith(FACETS)}
    always = [_PRODUCTS, *(part for name, part in filtered.items() if name not in own)]
    body: dict[str, Any] = {
        "query": {"bool": {"filter": always} | ({} if words is None else {"must": words})},
        "aggs": _aggregations(query, facets.plan(query, filtered), own) | _stocked(own, in_stock(say, query)),
        "track_total_hits": True,
        **_window(query, place, ranking),
    }
    if own:
        body["post_filter"] = {"bool": {"filter": list(own.values())}}
    return body


def front_body(query: SearchQuery, say: ElasticDialect, ranking: Ranking) -> dict[str, Any]:
    """The front of the result alone."""
    words = ranked(say, QueryBuilder(say, ranking.synonyms), query, ranking)
    required = {"filter": [_PRODUCTS, *filters(say, query, ranking).values()]}
    return {
        "query": {"bool": required | ({} if words is None else {"must": words})},
        "track_total_hits": False,
        **_front(FRONT),
    }


def by_score(query: SearchQuery) -> bool:
    return query.sort == "relevance" and bool(query.text.strip())


def shows_front(query: SearchQuery, place: Cursor | None, ranking: Ranking) -> bool:
    """Whether the page is cut out of the front of a result, which is asked for as a whole."""
    return by_score(query) and reaches_front(query, place, ranking)


def _window(query: SearchQuery, place: Cursor | None, ranking: Ranking) -> dict[str, Any]:
    if shows_front(query, place, ranking):
        return _front(max(FRONT, depth(query, place)))
    window = {"size": query.limit + 1, "sort": _sort(query, place), **told(mapping.ID)}
    if place is None:
        return window | {"from": query.offset}
    return window | {"search_after": [_edge(query, place), place.tie]}


def _front(size: int) -> dict[str, Any]:
    return {"size": size, "from": 0, "sort": _BY_SCORE, **told(mapping.ID, mapping.TITLE)}


def told(*columns: str) -> dict[str, Any]:
    """What is asked of each hit: these columns, and nothing of the document as it was sent."""
    return {"stored_fields": "_none_", "docvalue_fields": list(columns)}


def count_body(query: SearchQuery, say: ElasticDialect, ranking: Ranking) -> dict[str, Any]:
    words = matched(say, QueryBuilder(say, ranking.synonyms), query, ranking)
    required = [_PRODUCTS, *filters(say, query, ranking).values(), *([] if words is None else [words])]
    return {"query": {"bool": {"filter": required}}}


def walk_body(point_in_time: str, after: Sequence[Any] | None) -> dict[str, Any]:
    """The next ids of all products, in the order in which they lie there."""
    body: dict[str, Any] = {
        "pit": {"id": point_in_time, "keep_alive": WALK_KEPT},
        "query": _PRODUCTS,
        "sort": ["_shard_doc"],
        "size": WALK_PAGE,
        "_source": False,
        "track_total_hits": False,
    }
    return body if after is None else body | {"search_after": list(after)}


def _aggregations(query: SearchQuery, passes: facets.Plan, own: Mapping[str, Query]) -> dict[str, Any]:
    """One filter for each pass of the plan, named by ``pass_name``."""
    return {
        pass_name(facet): {
            "filter": {"bool": {"filter": [part for name, part in own.items() if name != facet]}},
            "aggs": destinations.counted(query.ship_to, wanted),
        }
        for facet, wanted in passes.items()
        if wanted
    }


def _stocked(own: Mapping[str, Query], there: Query) -> dict[str, Any]:
    """What all filters but that of availability let through, and what of that is in stock."""
    others = [part for name, part in own.items() if name != "in_stock"]
    return {STOCKED: {"filter": {"bool": {"filter": others}}, "aggs": {STOCKED: {"filter": there}}}}


def pass_name(facet: str | None) -> str:
    """As the server allows it: names of aggregations may not hold brackets, and attributes may be called anything."""
    return "all" if facet is None else "without_" + facet.encode().hex()


def facet_of(pass_name: str) -> str | None:
    return None if pass_name == "all" else bytes.fromhex(pass_name.removeprefix("without_")).decode()


def _sort(query: SearchQuery, place: Cursor | None) -> list[dict[str, Any]]:
    back = place is not None and place.direction == "prev"
    if by_score(query):
        return [{"_score": {"order": _order(back)}}, {"tie": {"order": _order(not back)}}]
    column = COLUMNS[query.sort]
    order = _order(column.ascending is not back)
    by_column = {"order": order} if column.missing is None else {"order": order, "missing": column.missing}
    return [{column.name: by_column}, {"tie": {"order": order}}]


def _order(ascending: bool) -> str:
    return "asc" if ascending else "desc"


def _edge(query: SearchQuery, place: Cursor) -> float:
    fraction = query.sort == "rating" or by_score(query)
    return place.value if fraction else whole(place.value)


def suggest_lines(
    build: QueryBuilder[Query], words: Sequence[str], limit: int, languages: Sequence[str]
) -> list[Mapping[str, Any]]:
    """Three searches in one request: values of categories, values of brands, and products. Only of those that are read
    in other languages than their own more is asked than a column."""

    def values(field: str, columns: tuple[str, ...]) -> dict[str, Any]:
        counted = {column: {"terms": {"field": column, "size": VALUES}} for column in columns}
        return {"size": 0, "query": build.completing(field, words), "aggs": counted, "track_total_hits": False}

    found = {"size": limit * 2, "query": build.completing_titles(words, languages), "track_total_hits": False}
    titles = found | ({"_source": _TITLES} if languages else told(mapping.ID, mapping.TITLE))
    bodies = [values("category_text", CATEGORY_COLUMNS), values("brand_text", BRAND_COLUMNS), titles]
    return [line for body in bodies for line in ({}, body)]


def score_lines(parts: Sequence[Query], product_ids: Sequence[str]) -> list[Mapping[str, Any]]:
    """For each query its scores of these products."""
    only = {"ids": {"values": [*filter(None, product_ids)]}}
    bodies = ({"bool": {"must": part, "filter": [_PRODUCTS, only]}} for part in parts)
    size = {"size": len(product_ids), "_source": False, "track_total_hits": False}
    return [line for body in bodies for line in ({}, {"query": body, **size})]


def titles_body(query: Query) -> dict[str, Any]:
    return {"size": TITLES, "query": query, "_source": _TITLES, "track_total_hits": False}


def category_body() -> dict[str, Any]:
    """Products of each category and below, level by level."""
    counted = {row.level(depth): {"terms": {"field": row.level(depth), "size": CATEGORIES_MAX}} for depth in LEVELS}
    return {"size": 0, "query": _PRODUCTS, "aggs": counted, "track_total_hits": False}


def example_lines(codes: Sequence[int]) -> list[Mapping[str, Any]]:
    """For each attribute code any product that has it."""
    return [
        line
        for code in codes
        for line in (
            {},
            {"size": 1, "query": {"term": {"attribute": code}}, "_source": ["shown"], "track_total_hits": False},
        )
    ]
